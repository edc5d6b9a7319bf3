import { join } from 'node:path';
import { buildId } from '../env/build.js';
import { systemClock } from '../env/clock.js';
import { nodeName } from '../env/host.js';
import { packageRoot } from '../env/package-root.js';
import { resolvePaths } from '../env/paths.js';
import type { SchedulerDeps, TickFilter } from '../scheduler/deps.js';
import { tick } from '../scheduler/tick.js';
import type { ProcessEdge } from './process-edge.js';

const ticks: Readonly<Record<string, TickFilter>> = {
  schedulers: () => true,
  scheduler: ({ scope }) => scope === 'node',
};

/**
 * What machines start, dispatched before any argument library loads: the minute job and the worker
 * that a tick starts.
 *
 * @returns undefined when the command line is not one of these
 */
export function runMachineCommand(edge: ProcessEdge): Promise<void> | undefined {
  const [word = '', ...rest] = edge.argv;
  const filter = ticks[word];
  if (filter && (rest.length === 0 || (rest.length === 1 && rest[0] === '--cron'))) {
    return tick(schedulerDeps(edge), filter);
  }
  if (word === 'worker') {
    return import('../scheduler/worker.js').then(({ runWorker }) =>
      runWorker(schedulerDeps(edge), rest),
    );
  }
  return undefined;
}

export function schedulerDeps(edge: ProcessEdge): SchedulerDeps {
  return {
    paths: resolvePaths(edge),
    clock: systemClock,
    nodename: nodeName(),
    zoneName: edge.env['TZ'] ?? '',
    buildId,
    env: edge.env,
    startWorker: (args) => startWorker(edge, args),
  };
}

/**
 * The worker is kept small and cheap (docs/performance.md): young objects have four megabytes, they
 * are collected without threads that would take time from the tasks, and code is optimised only when
 * it is really hot. Newer engines do not know the last flag.
 */
const workerFlags = [
  '--no-rehash-snapshot',
  '--max-semi-space-size=4',
  '--single-threaded',
  ...(process.versions.node.startsWith('20.') ? ['--interrupt-budget=4000000'] : []),
];

/** Starts the worker in its own session and, where possible, cgroup: it outlives the tick. */
async function startWorker({ env }: ProcessEdge, args: readonly string[]): Promise<void> {
  const { startDetached } = await import('../exec/detach.js');
  await startDetached(
    [process.execPath, ...workerFlags, join(packageRoot, 'dist', 'nodemgr.js'), ...args],
    { env, cgroup: 'worker' },
  );
}
