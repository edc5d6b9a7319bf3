import type { Clock } from '../env/clock.js';
import type { Paths } from '../env/paths.js';
import type { Run, Stream } from '../exec/run.js';
import type { Log } from '../log/log.js';
import type { LastRun } from './context.js';

/** What the run of a task works with. */
export interface TaskServices {
  paths: Paths;
  nodename: string;
  log: Log;
  /** Takes texts out of the log. */
  hide: (texts: readonly string[]) => void;
  run: Run;
  clock: Clock;
  env: Readonly<Record<string, string | undefined>>;
  nodeConf: (section: string, key: string) => string | undefined;
  lastRun: LastRun;
}

/** One run of one task. */
export interface TaskRequest {
  /** Path of the service, in display form. */
  scope: string;
  rid: string;
  runId: number;
  origin: string;
  /** UTC ms; null for a run by hand. */
  slotBegin: number | null;
  slotEnd: number | null;
  /** Answer to a confirmation; undefined: there is nobody to ask. */
  confirmed: boolean | undefined;
  /** A person wants it although the service is frozen. */
  force?: boolean | undefined;
  signal?: AbortSignal | undefined;
  onLine?: (stream: Stream, line: string) => void;
}
