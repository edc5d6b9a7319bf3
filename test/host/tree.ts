import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { AgentError } from '../../lib/errors/agent-error.js';
import type { Run, RunResult } from '../../lib/exec/run.js';

/** A captured tree of a host: path to text, or to `-> target` for a symbolic link. */
export function hostTree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'nodemgr-host-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), file);
    else writeFileSync(file, text);
  }
  return root;
}

/** A `run` that answers from captured output; a command that is not listed is not installed. */
export function captured(outputs: Readonly<Record<string, string>>): Run {
  return async (argv) => {
    const stdout = outputs[argv.join(' ')];
    if (stdout === undefined) throw new AgentError('E_NO_COMMAND', `${argv[0]} is not installed`);
    return { argv, stdout, exitCode: 0, droppedBytes: 0 } as unknown as RunResult;
  };
}
