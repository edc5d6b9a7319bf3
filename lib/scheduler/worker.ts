import { selfIdentity } from '../env/process-identity.js';
import { runTable } from '../store/runs.js';
import { openStore } from '../store/store.js';
import { unrecordedBatch } from './degraded-tick.js';
import { deliverMessages } from './deliver.js';
import type { SchedulerDeps } from './deps.js';
import { runServices } from './run-services.js';
import { workOff } from './work-off.js';

/**
 * The process that a tick starts for detached rows: runs the whole batch in one pool, records each
 * end, sends what waits in the outbox, and exits with the last one.
 *
 * @param args the batch
 */
export async function runWorker(deps: SchedulerDeps, args: readonly string[]): Promise<void> {
  const [batch = ''] = args;
  const store = openStore(deps.paths.store);
  try {
    const services = runServices(deps, store);
    if (batch === unrecordedBatch) {
      const { runUnrecorded } = await import('./unrecorded.js');
      return await runUnrecorded(store, services);
    }
    const { pid, startTime, bootId } = selfIdentity();
    const owner = { ownerPid: pid, ownerStart: startTime, bootId };
    const rows = store.immediate(() => runTable(store).takeBatch(batch, owner));
    await workOff(rows, services, { ownerPid: pid, parallel: services.settings.maxParallel });
    await deliverMessages(services);
    await services.writeMetrics();
  } finally {
    store.close();
  }
}
