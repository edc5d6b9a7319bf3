import type { DriverVerb } from './act.js';
import type { LevelFilter } from './level-filter.js';
import type { Direction } from './order.js';
import type { Resource } from './resource.js';

/** How an action goes through the resources of a service. */
export interface ActionPlan {
  /** As in logs, triggers and requirements: `start`. */
  readonly name: string;
  readonly verb: DriverVerb;
  readonly direction: Direction;
  /** Default: every group of a start. */
  readonly groups?: readonly string[];
  /** Resources that it leaves alone. */
  readonly only?: (resource: Resource) => boolean;
  /** A failure takes back what was done. */
  readonly rollsBack?: boolean;
  /** It brings the instance up: affinities to other services count. */
  readonly isInstanceStart?: boolean;
  /** The lock that it takes, where that is not the one of all actions. */
  readonly lock?: 'sync';
  /** Standby resources are stopped as well. */
  readonly force?: boolean;
  /** What the agents inside containers do of it; without, nothing. */
  readonly inside?: InsideWork;
}

/** A command for the agents inside containers. */
export interface InsideWork {
  /** Of svcmgr. */
  readonly command: string;
  /**
   * After the walk here it waits until the containers run commands; before it, one that runs none is a
   * warning.
   */
  readonly when: 'before' | 'after';
  /** Failures inside are warnings too. */
  readonly isTolerant?: boolean;
}

export interface PerformOptions extends LevelFilter {
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly cron?: boolean;
  readonly disableRollback?: boolean;
  /** Start although the affinities of the service forbid it. */
  readonly ignoreAffinity?: boolean;
  /** Ends the action after this resource or group. */
  readonly last?: string | undefined;
  readonly signal?: AbortSignal;
  /** Told of each node that got a copy. */
  readonly onSynced?: (node: string) => void;
  /** Told of the resources that are being worked on. */
  readonly onProgress?: (rids: readonly string[]) => void;
  /** Where `migrate` goes. */
  readonly destination?: string | undefined;
  /** `--env`. */
  readonly env?: Readonly<Record<string, string>>;
}
