/** A mount namespace that lasts as long as the test: what is mounted in it goes with it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { pathsBelow } from '../../lib/env/paths.js';
import { cronEnvironment, type ProgramResult } from '../support/program.js';
import { distProgram, runIn } from './rig.js';

export interface MountNamespace {
  /** Runs a program inside, to its end. */
  run(argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<ProgramResult>;
  /** A built program, inside. */
  program(name: string, ...words: readonly string[]): Promise<ProgramResult>;
  /** A line of sh, inside. @throws when it fails */
  sh(script: string, ...args: readonly string[]): Promise<string>;
  /** Answers of the store of the root as it is inside. */
  query<Row>(sql: string): Row[];
  change(sql: string): void;
}

export async function openNamespace(root: string): Promise<MountNamespace> {
  const holder: ChildProcess = spawn(
    'unshare',
    ['-m', '--propagation', 'private', 'sh', '-c', 'echo in; read -r _'],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: cronEnvironment,
    },
  );
  onTestFinished(() => void holder.stdin?.end('\n'));
  if (holder.stdout) await once(holder.stdout, 'data');
  const enter = ['nsenter', '-t', String(holder.pid), '-m'];
  const run: MountNamespace['run'] = (argv, env) => runIn(root, [...enter, ...argv], env);
  const onStore = (verb: string, sql: string): string =>
    execFileSync(
      'nsenter',
      [
        ...enter.slice(1),
        process.execPath,
        join(import.meta.dirname, 'sql.mjs'),
        pathsBelow(root).store,
        verb,
        sql,
      ],
      { encoding: 'utf8' },
    );
  return {
    run,
    program: (name, ...words) => run([process.execPath, distProgram(name), ...words]),
    async sh(script, ...args) {
      const { stdout, stderr, code } = await run([
        'sh',
        '-ec',
        `PATH=/usr/sbin:/sbin:$PATH; ${script}`,
        'sh',
        ...args,
      ]);
      if (code !== 0) throw new Error(`${script}: ${stderr}`);
      return stdout;
    },
    query: (sql) => JSON.parse(onStore('all', sql)),
    change: (sql) => void onStore('exec', sql),
  };
}
