import type { Clock } from '../env/clock.js';
import type { Paths } from '../env/paths.js';
import type { Store } from '../store/store.js';
import type { TaskKey } from '../store/tasks.js';

/** Which schedules a pass looks at; the minute job looks at all. */
export type TickFilter = (task: TaskKey) => boolean;

/** A worker as `/proc` names it. */
export interface StartedWorker {
  pid: number;
  startTime: number;
}

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
  /**
   * Starts a worker process: `argv` follows the program's own words. Answers who it is, so that the
   * ledger knows the new owner before the tick ends.
   */
  startWorker?: (argv: readonly string[]) => Promise<StartedWorker | undefined>;
}
