import type { CappedGroup } from './caps.js';
import type { Usage } from './cgroup.js';
import type { Environment } from './environment.js';
import type { Limits } from './limits.js';
import type { ProcessTree } from './tree.js';
import type { WrapReport } from './wrapper.js';

export type Stream = 'stdout' | 'stderr';

export interface RunOptions {
  /** Deadline of the whole tree, ms; 0 is none. Default two minutes: nothing runs without one. */
  timeoutMs?: number;
  /** From SIGTERM to SIGKILL, ms; 0 kills at once. Default 10 s. */
  graceMs?: number;
  /** How long to wait for killed processes before they are called stuck, ms. Default 3 s. */
  vanishMs?: number;
  /**
   * Added to the fixed environment; an undefined value removes a name. A name that is no shell
   * identifier (`a.b`) does not reach the program: sh(1) drops it.
   */
  env?: Environment;
  /** `env` is the whole environment; only the marker is added. */
  completeEnv?: boolean;
  /** Default `/`, wherever we were started. */
  cwd?: string;
  /** Written to stdin; default: stdin is /dev/null. */
  input?: string | Uint8Array;
  /** Name or number; supplementary groups are those of the account. */
  user?: string | number;
  group?: string | number;
  umask?: number;
  limits?: Limits;
  /** Bytes kept of each stream, half from its start and half from its end. Default 1 MiB. */
  maxOutputBytes?: number;
  /** Called for each line while the program runs; one of more than 16 KiB is cut. */
  onLine?: (stream: Stream, line: string) => void;
  /** The command changes the host: logged at info, and left out in a dry run. Default false. */
  changes?: boolean;
  /** Do not start commands that change the host. */
  dryRun?: boolean;
  /** Any other end throws E_COMMAND or E_TIMEOUT. Default: the caller looks at the result. */
  acceptExitCodes?: readonly number[];
  /** Ends the tree like a timeout. */
  signal?: AbortSignal;
  /** Groups that this run's cgroup is made in, `svc1/app/app.1`; false is none. Default `run`. */
  cgroup?: string | false;
  /** What groups above the run may use; they are made and capped before it starts. */
  caps?: readonly CappedGroup[];
  /** More environment variables to recognise the run's processes by. */
  marks?: Readonly<Record<string, string>>;
  /** Told as soon as the program runs: what a ledger records to end the tree later. */
  onStart?: (tree: ProcessTree) => void;
}

export interface RunResult {
  readonly argv: readonly string[];
  /** 0 when a dry run started nothing. */
  readonly pid: number;
  /** Null when a signal ended the program, or when it could not be ended. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  readonly aborted: boolean;
  /** A dry run left the command out. */
  readonly skipped: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** Of both streams together; the text has a marker line where bytes were dropped. */
  readonly droppedBytes: number;
  /** UTC milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly durationMs: number;
  /** Of the whole tree; null without a cgroup. */
  readonly usage: Usage | null;
  /** Processes, the program itself not counted, that had to be ended. */
  readonly survivorsKilled: number;
  /** Processes that not even SIGKILL ended (a dead mount); do not start the same again. */
  readonly stuckPids: readonly number[];
}

export type Run = (argv: readonly string[], options?: RunOptions) => Promise<RunResult>;

/** How a program ended, before the runner judges it. */
export type Outcome = Omit<RunResult, 'argv' | 'skipped' | 'startedAt' | 'endedAt'> & {
  reports: ReadonlySet<WrapReport>;
};
