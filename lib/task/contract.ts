import type { Clock } from '../env/clock.js';
import type { Paths } from '../env/paths.js';
import type { Run } from '../exec/run.js';
import type { Log } from '../log/log.js';

/** Where a node task keeps what it found: `VAR/node/<name>.json`, readable with `nodemgr print`. */
export interface Results {
  /** Replaces the result as a whole. `data` must be plain JSON data. */
  write(name: string, data: unknown): void;
  read(name: string): unknown;
}

/** Raw counters of collect_stats. */
export interface Samples {
  /** @param at UTC ms */
  add(at: number, topic: string, data: unknown, bootId: string): void;
  /** Forgets samples that are older than `node.stats_max_age`. */
  trim(): void;
}

/** What a task gets from the scheduler around it. */
export interface TaskContext {
  nodename: string;
  paths: Paths;
  clock: Clock;
  log: Log;
  run: Run;
  results: Results;
  samples: Samples;
  /** A value of node.conf as written, undefined when it is not set. */
  setting(section: string, key: string): string | undefined;
  /** Aborted when the task's time is over; long work has to look at it. */
  signal: AbortSignal;
}

/** A node task does its work and nothing else: whether it is due, claimed, recorded is not its business. */
export interface NodeTask {
  /** As in `nodemgr print schedule`. */
  name: string;
  /** The section of node.conf that holds its keywords. */
  section: string;
  describe: string;
  run(context: TaskContext): Promise<void>;
}

export function defineTask(task: NodeTask): NodeTask {
  return task;
}
