import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fullObjectPath } from '../../config/object-path.js';
import type { ReadContext } from '../../driver/contract.js';
import { identityOf, isAlive, type ProcessIdentity } from '../../env/process-identity.js';
import { findByVariable, type StartedProcess } from '../../host/process-search.js';

/** A process that `app.simple` started. */
export interface RunningApp {
  readonly identity: ProcessIdentity;
  /** `NODEMGR_RUN=…`, which everything it started carries; undefined when it wrote over it. */
  readonly marker: string | undefined;
}

/** In the environment of a started process: its own pid. Its children have it too, with another pid. */
export const pidVariable = 'NODEMGR_APP_PID';

/**
 * The foreground processes of an app: by the service and the resource in their environment, or, when
 * a program wrote over its environment (setproctitle), by what its start recorded.
 *
 * @param argv of the start command: finds what another agent started
 */
export function findRunning(context: ReadContext, argv: readonly string[]): RunningApp[] {
  const marked = findByVariable('OPENSVC_RID', context.rid).filter((process) =>
    isOfService(process, context),
  );
  const mains = marked.filter(
    (process) =>
      process.environment.get(pidVariable) === String(process.pid) || hasWords(process.argv, argv),
  );
  const pids = new Set(mains.map(({ pid }) => pid));
  // A program that forks shows its command line more than once.
  const found = mains
    .filter(({ ppid }) => !pids.has(ppid))
    .flatMap(({ pid, environment }): RunningApp[] => {
      const identity = identityOf(pid);
      const run = environment.get('NODEMGR_RUN');
      return identity
        ? [{ identity, marker: run === undefined ? undefined : `NODEMGR_RUN=${run}` }]
        : [];
    });
  const recorded = readRecord(context);
  const isKnown = found.some(({ identity }) => identity.pid === recorded?.pid);
  return recorded && !isKnown && isAlive(recorded)
    ? [...found, { identity: recorded, marker: undefined }]
    : found;
}

function isOfService({ environment }: StartedProcess, { service }: ReadContext): boolean {
  const id = environment.get('OPENSVC_ID');
  if (service.id !== undefined && id !== undefined) return id === service.id;
  return environment.get('OPENSVC_SVCPATH') === service.scope;
}

/** Whether the words stand in a command line, one after the other: a script has its shell in front. */
function hasWords(line: readonly string[], words: readonly string[]): boolean {
  if (words.length === 0) return false;
  return line.some((_, at) => words.every((word, n) => line[at + n] === word));
}

/** It goes with the boot: a pid means nothing after it. */
function recordFile({ paths, service, rid }: ReadContext): string {
  return join(paths.run, 'app', fullObjectPath(service.path), `${rid}.json`);
}

export function writeRecord(context: ReadContext, identity: ProcessIdentity): void {
  const file = recordFile(context);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(identity)}\n`, { mode: 0o600 });
}

export function removeRecord(context: ReadContext): void {
  rmSync(recordFile(context), { force: true });
}

function readRecord(context: ReadContext): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(context), 'utf8')) as ProcessIdentity;
  } catch {
    return undefined; // none, or being written
  }
}
