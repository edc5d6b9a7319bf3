import { selfIdentity } from '../env/process-identity.js';
import { AgentError, errorText } from '../errors/agent-error.js';
import { runTable } from '../store/runs.js';
import { openStore, StoreUnwritableError } from '../store/store.js';
import { cleanUp } from './clean-up.js';
import { unrecordedBatch } from './degraded-tick.js';
import { deliverMessages } from './deliver.js';
import type { SchedulerDeps } from './deps.js';
import { type RunServices, runServices } from './run-services.js';
import { workOff } from './work-off.js';

/**
 * The process that a tick starts for detached rows: runs the whole batch in one pool, records each
 * end, sends what waits in the outbox, and exits with the last one. Nobody sees what it prints, so
 * what goes wrong is logged.
 *
 * @param args the batch
 */
export async function runWorker(deps: SchedulerDeps, args: readonly string[]): Promise<void> {
  const [batch = ''] = args;
  const store = openStore(deps.paths.store);
  const services = runServices(deps, store, { shells: true });
  try {
    if (batch === unrecordedBatch) {
      const { runUnrecorded } = await import('./unrecorded.js');
      await runUnrecorded(store, services);
    } else {
      await workBatch(batch, services);
    }
  } catch (error) {
    // The store refuses writes: the next tick says so, and hands on what was not started.
    if (error instanceof StoreUnwritableError) return;
    const why = errorText(error);
    const stack =
      error instanceof AgentError || !(error instanceof Error) ? undefined : error.stack;
    services.log.error('worker failed', { why, stack });
    throw error;
  } finally {
    store.close();
  }
}

async function workBatch(batch: string, services: RunServices): Promise<void> {
  const { store, settings, clock } = services;
  const { pid, startTime, bootId } = selfIdentity();
  const owner = { ownerPid: pid, ownerStart: startTime, bootId };
  const rows = store.immediate(() => runTable(store).takeBatch(batch, owner));
  await workOff(rows, services, { ownerPid: pid, parallel: settings.maxParallel });
  if (rows.length > 0) {
    cleanUp(services, clock.now());
    await services.writeMetrics();
  }
  await deliverMessages(services);
}
