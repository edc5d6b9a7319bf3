import { bootId, uptimeMs } from '../env/host.js';
import type { Overview } from '../store/overview.js';
import { readOverview } from '../store/overview.js';
import { openStore, type Store } from '../store/store.js';
import { clockStepMs } from './clock-step.js';
import type { SchedulerDeps, TickFilter } from './deps.js';
import { configurationFingerprint } from './fingerprint.js';
import { type ClockReading, finishScan, readScan } from './stamps.js';

/**
 * One pass of the scheduler: the minute job. Loads nothing but the store unless there is something
 * to do, and writes nothing but its stamps in the run directory.
 */
export async function tick(deps: SchedulerDeps, filter?: TickFilter): Promise<void> {
  const reading: ClockReading = {
    bootId: bootId(),
    wallMs: deps.clock.now(),
    uptimeMs: deps.uptimeMs?.() ?? uptimeMs(),
  };
  const previous = readScan(deps.paths);
  const fingerprint = configurationFingerprint(deps.paths, deps.zoneName, deps.buildId);

  let store: Store;
  let overview: Overview;
  try {
    store = (deps.openStore ?? openStore)(deps.paths.store);
    overview = readOverview(store);
  } catch (error) {
    const { degradedTick } = await import('./degraded-tick.js');
    return degradedTick(deps, error);
  }
  try {
    const stepMs = clockStepMs(previous, reading);
    // Without the stamp of an earlier tick a step is known by what the store remembers alone.
    if (previous && isIdle(overview, fingerprint, reading.wallMs) && stepMs === 0) {
      finishScan(deps.paths, reading, previous, soonest(overview, reading.wallMs));
      return;
    }
    const { fullTick } = await import('./full-tick.js');
    await fullTick({ deps, store, filter, reading, previous, fingerprint });
    finishScan(deps.paths, reading, previous, soonest(readOverview(store), reading.wallMs));
  } catch (error) {
    const { degradedTick } = await import('./degraded-tick.js');
    await degradedTick(deps, error);
  } finally {
    store.close();
  }
}

function isIdle(overview: Overview, fingerprint: string, now: number): boolean {
  return (
    overview.fingerprint === fingerprint &&
    overview.running === 0 &&
    (overview.nextDue ?? Number.POSITIVE_INFINITY) > now &&
    (overview.nextSend ?? Number.POSITIVE_INFINITY) > now
  );
}

/** When the guard has to let the next tick through. Open runs want to be looked at each minute. */
function soonest(overview: Overview, now: number): number {
  return Math.min(
    overview.nextDue ?? Number.POSITIVE_INFINITY,
    overview.nextSend ?? Number.POSITIVE_INFINITY,
    overview.running > 0 ? now + 30_000 : Number.POSITIVE_INFINITY,
  );
}
