import type { Store } from './store.js';

export interface RetentionLimits {
  maxAgeMs: number;
  maxRuns: number;
  /** Size of the store file that the history may fill. */
  maxBytes: number;
  /** Rows removed at most in one call, so that one step stays short. */
  step: number;
}

/**
 * Removes the oldest closed runs that are over a limit, at most `step` of them. Open rows stay.
 * @returns how many were removed; `step` means that more may be waiting
 */
export function trimRuns(store: Store, now: number, limits: RetentionLimits): number {
  const db = store.connection;
  const oldest = `SELECT id FROM run WHERE state <> 'running'`;
  const remove = (where: string, value: number, limit: number): number =>
    db
      .prepare<[number, number]>(
        `DELETE FROM run WHERE id IN (${oldest} ${where} ORDER BY id LIMIT ?)`,
      )
      .run(value, limit).changes;

  let removed = remove('AND claimed_at < ?', now - limits.maxAgeMs, limits.step);

  // Ids are given in order and never reused, so their distance is an upper bound of the count.
  const bounds = db
    .prepare<[], { low: number | null; high: number | null }>(
      'SELECT min(id) AS low, max(id) AS high FROM run',
    )
    .get();
  if (bounds?.low != null && bounds.high != null && removed < limits.step) {
    const spare = bounds.high - bounds.low + 1 - limits.maxRuns;
    if (spare > 0) {
      removed += remove('AND id < ?', bounds.high, Math.min(spare, limits.step - removed));
    }
  }

  const pages = Number(db.pragma('page_count', { simple: true }));
  const free = Number(db.pragma('freelist_count', { simple: true }));
  const pageBytes = Number(db.pragma('page_size', { simple: true }));
  if ((pages - free) * pageBytes > limits.maxBytes && removed < limits.step) {
    removed += remove('AND claimed_at <= ?', now, limits.step - removed);
  }
  return removed;
}
