import type { NodeTask } from '../task/contract.js';

/** What the scheduler must know of a node task without loading it. */
export interface NodeTaskEntry {
  name: string;
  /** Section of node.conf and of schedules/node.conf. */
  section: string;
  describe: string;
  /** The keyword in DEFAULT that holds the schedule when the section has none. */
  fallback?: string;
  /** Words of the command that runs it by hand. */
  command: string;
  /** Inline tasks run inside the tick: bounded work that talks to nobody slow. */
  detached: boolean;
  load(): Promise<{ default: NodeTask }>;
}

/** The node tasks, in the order in which a pass runs them. */
export const nodeTasks: readonly NodeTaskEntry[] = [
  {
    name: 'checks',
    section: 'checks',
    fallback: 'push_schedule',
    describe: 'run the health checks',
    command: 'checks',
    detached: true,
    load: () => import('./tasks/checks.js'),
  },
  {
    name: 'collect_stats',
    section: 'stats_collection',
    fallback: 'collect_stats_schedule',
    describe: 'sample the counters of the kernel',
    command: 'collect stats',
    detached: false,
    load: () => import('./tasks/collect-stats.js'),
  },
  {
    name: 'pushasset',
    section: 'asset',
    fallback: 'push_schedule',
    describe: 'take the inventory of the server',
    command: 'pushasset',
    detached: true,
    load: () => import('./tasks/pushasset.js'),
  },
  {
    name: 'pushpkg',
    section: 'packages',
    fallback: 'push_schedule',
    describe: 'list the installed packages',
    command: 'pushpkg',
    detached: true,
    load: () => import('./tasks/pushpkg.js'),
  },
];
