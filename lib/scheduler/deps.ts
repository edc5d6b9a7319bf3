import type { Clock } from '../env/clock.js';
import type { Paths } from '../env/paths.js';
import type { Store } from '../store/store.js';
import type { TaskKey } from '../store/tasks.js';

/** Which schedules a pass looks at; the minute job looks at all. */
export type TickFilter = (task: TaskKey) => boolean;

/** What the scheduler needs from the process around it. */
export interface SchedulerDeps {
  paths: Paths;
  clock: Clock;
  /** The node name, lower case. */
  nodename: string;
  /** The `TZ` setting; empty for the zone of the host. */
  zoneName: string;
  buildId: string;
  /** The environment of this process, read only. */
  env: Readonly<Record<string, string | undefined>>;
  /** Replaces the store in tests that run very many ticks. */
  openStore?: (path: string) => Store;
  /** Replaces the time since the boot in tests. */
  uptimeMs?: () => number;
  /** Replaces the start of a worker process in tests: `argv` follows the program's own words. */
  startWorker?: (argv: readonly string[]) => Promise<void> | void;
}
