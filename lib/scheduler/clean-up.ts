import { metaTable } from '../store/meta.js';
import { outboxTable } from '../store/outbox.js';
import { trimRuns } from '../store/retention.js';
import type { RunServices } from './run-services.js';

/** What one clean-up may take: a tick has other things to do. */
const budgetMs = 250;

/**
 * Keeps the ledger and the outbox within their bounds, in steps of a few milliseconds so that others
 * can write in between. What is left over waits for the next time.
 */
export function cleanUp(services: RunServices, now: number): void {
  const { store, clock, retention, outboxLimits, log } = services;
  const end = clock.monotonic() + budgetMs;
  const isTrial = now < Number(metaTable(store).get('aged_from') ?? 0);
  const limits = isTrial ? { ...retention, maxAgeMs: Number.MAX_SAFE_INTEGER } : retention;
  for (let more = true; more && clock.monotonic() < end; ) {
    more = store.immediate(() => trimRuns(store, now, limits).more);
  }
  const given = store.immediate(() => outboxTable(store).trim(now, outboxLimits));
  if (given > 0) log.warn('messages given up', { count: given });
}
