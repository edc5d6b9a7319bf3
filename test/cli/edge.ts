/** Programs with their outputs connected to whatever a shell would connect them to. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../lib/env/package-root.js';
import { cronEnvironment, type ProgramResult } from '../support/program.js';

export const distProgram = (name: string): string => join(packageRoot, 'dist', `${name}.js`);

export interface ShellOptions {
  root: string;
  /** Replaces cron's environment. */
  env?: Readonly<Record<string, string>>;
}

/**
 * Runs a shell line in which `nodemgr` and `svcmgr` are the built programs; standard input is
 * `/dev/null`.
 */
export function shell(line: string, { root, env }: ShellOptions): Promise<ProgramResult> {
  const functions = ['nodemgr', 'svcmgr', 'om']
    .map((name) => `${name}() { "$NODE" "${distProgram(name)}" "$@"; }`)
    .join('\n');
  return new Promise((resolve) => {
    const child = execFile(
      'bash',
      ['--norc', '-c', `${functions}\n${line}`],
      {
        env: { ...(env ?? cronEnvironment), NODEMGR_ROOT: root, NODE: process.execPath },
        maxBuffer: 64 << 20,
      },
      (error, stdout, stderr) => {
        const code = error ? (error.code ?? error.signal ?? 1) : 0;
        resolve({ stdout: String(stdout), stderr: String(stderr), code });
      },
    );
    child.stdin?.end();
  });
}
