import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../env/paths.js';
import { AgentError } from '../errors/agent-error.js';
import { openStore, StoreUnwritableError, storeError } from '../store/store.js';
import { dueTasks } from '../store/tasks.js';
import type { SchedulerDeps } from './deps.js';

const noticeName = 'store-trouble';

/** A trouble that lasts is said again after this time. */
const repeatMs = 24 * 3_600_000;

/** The worker's word for: run what is marked `run_if_unrecorded`. */
export const unrecordedBatch = '--unrecorded';

/**
 * A tick without a usable store. The trouble is said once a day, by an error that cron mails; the
 * ticks after it are silent until the store works again or another trouble comes. Tasks marked
 * `run_if_unrecorded` run when the store can at least be read.
 */
export async function degradedTick(deps: SchedulerDeps, cause: unknown): Promise<void> {
  const error = storeError(deps.paths.store, cause);
  if (!(error instanceof AgentError) || !/^E_(STORE|ADDON)/.test(error.code)) throw error;
  if (error instanceof StoreUnwritableError && hasUnrecordedDue(deps)) {
    await deps.startWorker?.(['worker', unrecordedBatch]);
  }
  if (takeNotice(deps, error.code)) throw error;
}

const noticeOf = (paths: Paths): string => join(paths.run, noticeName);

/** True for the first tick of a trouble. */
function takeNotice({ paths, clock }: SchedulerDeps, code: string): boolean {
  const path = noticeOf(paths);
  try {
    const age = clock.now() - statSync(path).mtimeMs;
    if (readFileSync(path, 'utf8') === code && Math.abs(age) < repeatMs) return false;
  } catch {
    // Not said yet.
  }
  try {
    mkdirSync(paths.run, { recursive: true, mode: 0o755 });
    writeFileSync(path, code);
    utimesSync(path, clock.now() / 1000, clock.now() / 1000);
  } catch {
    // No place to remember it: then it is said each time.
  }
  return true;
}

/** Whether a trouble was said that is not known to be over. */
export function isNoticed(paths: Paths): boolean {
  return statSync(noticeOf(paths), { throwIfNoEntry: false }) !== undefined;
}

/** Forgets the trouble: the store has just been written. */
export function clearNotice(paths: Paths): void {
  try {
    rmSync(noticeOf(paths), { force: true });
  } catch {
    // A run directory that cannot be written: it is forgotten later.
  }
}

function hasUnrecordedDue({ paths, clock, openStore: open = openStore }: SchedulerDeps): boolean {
  try {
    const store = open(paths.store);
    try {
      return dueTasks(store, clock.now()).some(({ unrecorded }) => unrecorded === 1);
    } finally {
      store.close();
    }
  } catch {
    return false; // not even readable: there is nothing to run from
  }
}
