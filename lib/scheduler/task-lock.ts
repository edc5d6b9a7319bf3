import { join } from 'node:path';
import { LockBusyError, withLock } from '../lock/lock.js';
import type { RunRow } from '../store/runs.js';
import { type Outcome, plainOutcome } from './outcome.js';
import type { RunServices } from './run-services.js';

/**
 * Runs a task under its kernel-held lock: what keeps two runs apart while the ledger takes no
 * writes. A lock that is held gives the outcome `skipped`.
 */
export async function underTaskLock(
  { scope, action, section }: RunRow,
  { paths, clock }: RunServices,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const path = join(paths.locks, encodeURIComponent(`${scope} ${action} ${section}`));
  const options = { intent: action, object: `${scope} ${section}`, waitMs: 0, now: clock.now };
  try {
    return await withLock(path, options, work);
  } catch (error) {
    if (error instanceof LockBusyError) return plainOutcome('skipped', error.message, null);
    throw error;
  }
}
