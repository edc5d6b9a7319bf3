import type { Run } from '../exec/run.js';

/** What decides how a file can be executed. */
export interface FileFacts {
  readonly uid: number;
  readonly isFile: boolean;
  /** Somebody may execute it. */
  readonly isExecutable: boolean;
}

/**
 * Facts of a file from stat(1): a command, because the file may lie on a mount that does not answer.
 * Undefined when there is no such file.
 */
export async function statFile(run: Run, path: string): Promise<FileFacts | undefined> {
  const { exitCode, stdout } = await run(['stat', '-L', '-c', '%u %f', '--', path], {
    timeoutMs: 5000,
    graceMs: 0,
  });
  return exitCode === 0 ? parseStat(stdout) : undefined;
}

/** @param text output of `stat -c '%u %f'`: the owner, and the raw mode in hexadecimal */
export function parseStat(text: string): FileFacts | undefined {
  const match = /^(\d+) ([0-9a-f]+)$/.exec(text.trim());
  if (!match) return undefined;
  const mode = Number.parseInt(match[2] ?? '', 16);
  return {
    uid: Number(match[1]),
    isFile: mode >> 12 === 0o10,
    isExecutable: (mode & 0o111) !== 0,
  };
}
