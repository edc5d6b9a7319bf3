import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../env/paths.js';
import { AgentError } from '../errors/agent-error.js';
import { openSqlite } from '../sqlite/open.js';
import { StoreUnwritableError } from '../store/store.js';
import type { SchedulerDeps } from './deps.js';

const noticeName = 'store-trouble';

/** The worker's word for: run what is marked `run_if_unrecorded`. */
export const unrecordedBatch = '--unrecorded';

/**
 * A tick without a usable store. The trouble is said once, by an error that cron mails; the ticks
 * after it are silent until the store works again. Tasks marked `run_if_unrecorded` run when the
 * store can at least be read.
 */
export async function degradedTick(deps: SchedulerDeps, error: unknown): Promise<void> {
  if (!(error instanceof AgentError)) throw error;
  if (error instanceof StoreUnwritableError && hasUnrecordedDue(deps)) {
    await deps.startWorker?.(['worker', unrecordedBatch]);
  }
  if (takeNotice(deps.paths)) throw error;
}

/** True for the first tick of a trouble. */
function takeNotice(paths: Paths): boolean {
  const path = join(paths.run, noticeName);
  if (statSync(path, { throwIfNoEntry: false })) return false;
  try {
    mkdirSync(paths.run, { recursive: true, mode: 0o755 });
    writeFileSync(path, '');
  } catch {
    // No place to remember it: then it is said each time.
  }
  return true;
}

/** @returns true when a trouble was noticed before and is over now */
export function clearNotice(paths: Paths): boolean {
  const path = join(paths.run, noticeName);
  if (!statSync(path, { throwIfNoEntry: false })) return false;
  rmSync(path, { force: true });
  return true;
}

function hasUnrecordedDue({ paths, clock }: SchedulerDeps): boolean {
  try {
    const connection = openSqlite(paths.store, { readonly: true });
    try {
      return (
        connection
          .prepare<[number]>(
            'SELECT 1 FROM task WHERE unrecorded = 1 AND next_due IS NOT NULL AND next_due <= ?',
          )
          .get(clock.now()) !== undefined
      );
    } finally {
      connection.close();
    }
  } catch {
    return false; // not even readable: there is nothing to run from
  }
}
