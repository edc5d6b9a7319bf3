import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../lib/env/package-root.js';
import type { Paths } from '../../lib/env/paths.js';
import { openSqlite } from '../../lib/sqlite/open.js';
import { cronEnvironment, type ProgramResult, waitFor } from '../support/program.js';

export const distProgram = (name: string): string => join(packageRoot, 'dist', `${name}.js`);
export const guard = join(packageRoot, 'bin', 'tick');

/** Nothing of the node's own runs. */
export { quietNode } from '../scheduler/world.js';

/** Runs any program to its end, in cron's environment and with the root of the test. */
export function runIn(
  root: string,
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const options = {
      env: { ...cronEnvironment, NODEMGR_ROOT: root, ...env },
      maxBuffer: 64 << 20,
    };
    execFile(program, args, options, (error, stdout, stderr) => {
      const code = error ? (error.code ?? error.signal ?? 1) : 0;
      resolve({ stdout: String(stdout), stderr: String(stderr), code });
    });
  });
}

/** One tick of the built program, without the guard. */
export function tickIn(root: string, env?: Readonly<Record<string, string>>) {
  return runIn(root, [process.execPath, distProgram('nodemgr'), 'schedulers'], env);
}

/** Answers of the store, read beside whatever happens to it. */
export function query<Row>(paths: Pick<Paths, 'store'>, sql: string): Row[] {
  const connection = openSqlite(paths.store, { readonly: true });
  try {
    return connection.prepare<[], Row>(sql).all();
  } finally {
    connection.close();
  }
}

/** Changes the store behind the back of the programs. */
export function change(paths: Pick<Paths, 'store'>, sql: string): void {
  const connection = openSqlite(paths.store, { mustExist: true });
  try {
    connection.exec(sql);
  } finally {
    connection.close();
  }
}

/** Every living process that carries the root of the test in its environment. */
export function processesOf(root: string): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
      return environment.split('\0').some((text) => text.includes(root)) ? [pid] : [];
    } catch {
      return [];
    }
  });
}

/** Waits until everything that the root started is over. */
export function quiet(root: string, deadlineMs = 30_000): Promise<true> {
  return waitFor(
    () => (processesOf(root).length === 0 ? true : undefined),
    `processes of ${root} at their end`,
    deadlineMs,
  );
}

export interface RunFacts {
  id: number;
  scope: string;
  section: string;
  state: string;
  reason: string | null;
  origin: string;
  slot_begin: number | null;
  started_at: number | null;
  ended_at: number | null;
  exit_code: number | null;
}

export const runFacts = `SELECT id, scope, section, state, reason, origin, slot_begin, started_at,
  ended_at, exit_code FROM run ORDER BY id`;

export function runsOf(paths: Pick<Paths, 'store'>): RunFacts[] {
  return query<RunFacts>(paths, runFacts);
}
