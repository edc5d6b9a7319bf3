import { defineTable, type Store } from './store.js';

export interface RetentionLimits {
  maxAgeMs: number;
  maxRuns: number;
  /** Size of the store file that the history may fill. */
  maxBytes: number;
  /** Rows removed at most in one call, so that one step stays short. */
  step: number;
}

/** Free pages that are kept for the next runs, and how many are given back in one step. */
const sparePages = 1000;
const returnedPages = 250;

const statements = defineTable(({ connection }) => ({
  remove: connection.prepare<[before: number, limit: number]>(
    `DELETE FROM run WHERE id IN (SELECT id FROM run
       WHERE claimed_at < ? AND state <> 'running' ORDER BY claimed_at LIMIT ?)`,
  ),
  // Each of the two is one step in the tree; both in one SELECT would read the whole table.
  bound: connection.prepare<[], { n: number | null }>(
    'SELECT (SELECT max(id) FROM run) - (SELECT min(id) FROM run) + 1 AS n',
  ),
  count: connection.prepare<[limit: number], { n: number }>(
    'SELECT count(*) AS n FROM (SELECT 1 FROM run INDEXED BY run_by_time LIMIT ?)',
  ),
}));

/**
 * Removes the oldest closed runs that are over a limit, at most `step` of them, and gives freed pages
 * back to the file system. Open rows stay.
 *
 * @returns `more`: count or size are still over the limit, call again. Age alone never asks for
 *   another step: a clock that was wrong for a while must not empty the ledger at once.
 */
export function trimRuns(
  store: Store,
  now: number,
  limits: RetentionLimits,
): { removed: number; more: boolean } {
  const db = store.connection;
  const pragma = (name: string): number => Number(db.pragma(name, { simple: true }));
  const remove = (before: number, limit: number): number =>
    limit > 0 ? statements(store).remove.run(before, limit).changes : 0;

  const aged = remove(now - limits.maxAgeMs, limits.step);
  const free = pragma('freelist_count');
  const usedBytes = (pragma('page_count') - free) * pragma('page_size');
  const rows = countRuns(store, limits);
  const over = Math.max(
    rows - limits.maxRuns,
    // How many rows are too big in sum is not known: a fifth of them at most in one step.
    usedBytes > limits.maxBytes ? Math.ceil(rows / 5) : 0,
  );
  const crowded = remove(Number.MAX_SAFE_INTEGER, Math.min(over, limits.step - aged));
  if (free > sparePages + returnedPages) db.pragma(`incremental_vacuum(${returnedPages})`);
  return { removed: aged + crowded, more: crowded > 0 && aged + crowded >= limits.step };
}

/**
 * How many rows there are, counted no further than one step needs. Ids are given in order, so their
 * distance is a bound that costs nothing, but one old row that is still open may hold it up.
 */
function countRuns(store: Store, { maxRuns, step }: RetentionLimits): number {
  const bound = statements(store).bound.get()?.n ?? 0;
  return bound <= maxRuns ? bound : (statements(store).count.get(maxRuns + step)?.n ?? 0);
}
