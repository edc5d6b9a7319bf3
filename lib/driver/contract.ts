import type { KeywordTable } from '../config/keyword.js';
import type { Clock } from '../env/clock.js';
import type { Run, Stream, Usage } from '../exec/run.js';
import type { Log } from '../log/log.js';

/** What a resource gets for one action. */
export interface RunContext {
  run: Run;
  log: Log;
  clock: Clock;
  /** Variables of spec service 9.3 and of the slot, for the programs of the resource. */
  environment: Readonly<Record<string, string>>;
  /** Answer to a confirmation; undefined: there is nobody to ask. */
  confirmed: boolean | undefined;
  /** Each line of output, as it comes. */
  onLine?: (stream: Stream, line: string) => void;
}

/** How the work of a task resource ended. */
export interface RunOutcome {
  state: 'ok' | 'failed' | 'timeout' | 'skipped';
  reason: string | null;
  exitCode: number | null;
  signal: string | null;
  stdout: string | null;
  stderr: string | null;
  droppedBytes: number | null;
  usage: Usage | null;
}

/** The raw text of each keyword of a resource, converted by its table. */
export type KeywordValues = Readonly<Record<string, unknown>>;

/** A resource driver: a keyword table and a few verbs. Verbs it cannot do are left out. */
export interface Driver<V = KeywordValues> {
  /** `task.host`. */
  id: string;
  describe: string;
  keywords: KeywordTable;
  label(keywords: V): string;
  run?(keywords: V, context: RunContext): Promise<RunOutcome>;
}

export function defineDriver<V>(driver: Driver<V>): Driver<V> {
  return driver;
}
