import { readOverview } from '../store/overview.js';
import { type Store, StoreUnwritableError } from '../store/store.js';
import type { SchedulerDeps } from './deps.js';
import { configurationFingerprint } from './fingerprint.js';

/**
 * Brings the schedule index up to date for a command that reads it.
 * @returns why it could not be; what the store has is then shown as it is
 */
export async function freshenIndex(
  deps: SchedulerDeps,
  store: Store,
): Promise<StoreUnwritableError | undefined> {
  const fingerprint = configurationFingerprint(deps.paths, deps.zoneName, deps.buildId);
  if (readOverview(store).fingerprint === fingerprint) return undefined;
  const { refreshIndex } = await import('./refresh.js');
  const { createNodeLog } = await import('../node/node-log.js');
  const { readNodeSettings } = await import('../node/settings.js');
  try {
    await refreshIndex({
      deps,
      store,
      log: createNodeLog(deps, readNodeSettings(deps.paths)),
      fingerprint,
      now: deps.clock.now(),
      claims: false,
    });
    return undefined;
  } catch (error) {
    if (error instanceof StoreUnwritableError) return error;
    throw error;
  }
}
