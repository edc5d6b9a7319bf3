import { type ExecFileOptions, execFile } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../lib/env/package-root.js';

export interface ProgramResult {
  stdout: string;
  stderr: string;
  /** Exit code, or the signal that ended it. */
  code: number | string;
}

export interface ProgramOptions {
  root: string;
  env?: Readonly<Record<string, string>>;
  input?: string;
  cwd?: string;
}

/** cron's environment: nothing else is there when the suite has to work. */
export const cronEnvironment = { PATH: '/usr/bin:/bin', SHELL: '/bin/sh', LOGNAME: 'root' };

/** Runs one of the built programs to its end. */
export function runProgram(
  name: 'nodemgr' | 'svcmgr' | 'om',
  argv: readonly string[],
  { root, env = {}, input, cwd }: ProgramOptions,
): Promise<ProgramResult> {
  const options: ExecFileOptions = {
    env: { ...cronEnvironment, NODEMGR_ROOT: root, ...env },
    maxBuffer: 64 << 20,
    ...(cwd !== undefined && { cwd }),
  };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(packageRoot, 'dist', `${name}.js`), ...argv],
      options,
      (error, stdout, stderr) => {
        const code = error ? (error.code ?? error.signal ?? 1) : 0;
        resolve({ stdout: String(stdout), stderr: String(stderr), code });
      },
    );
    child.stdin?.end(input ?? '');
  });
}

/** Waits until `look` gives something, looking often; throws at the deadline. */
export async function waitFor<T>(
  look: () => T | undefined | Promise<T | undefined>,
  what: string,
  deadlineMs = 20_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
