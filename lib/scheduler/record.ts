import { lastRunTable } from '../store/last-runs.js';
import type { RunEnd, RunRow } from '../store/runs.js';
import type { Store } from '../store/store.js';
import { queueRunHooks } from './hooks.js';

/**
 * What the end of a run changes besides its own row: the last run of the task, and the hooks that
 * want to hear of it. Belongs into the transaction that closes the row.
 *
 * A scheduled run counts from its start; a run by hand counts only when it was a success, so that a
 * failed try does not cost the slot.
 */
export function recordEnd(store: Store, row: RunRow, end: RunEnd): void {
  const lastRuns = lastRunTable(store);
  const before = lastRuns.get(row);
  const success = end.state === 'ok';
  if (end.state === 'skipped') return;
  if (row.origin !== 'cron' && success) lastRuns.started(row, end.endedAt);
  if (row.origin === 'cron' || success) {
    lastRuns.ended(row, {
      state: end.state,
      exitCode: end.exitCode,
      successAt: success ? end.endedAt : null,
      durationMs: row.startedAt === null ? null : Math.max(0, end.endedAt - row.startedAt),
    });
  }
  queueRunHooks(store, row, end, before?.state ?? null);
}
