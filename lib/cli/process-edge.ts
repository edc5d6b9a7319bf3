import type { Surroundings } from '../env/paths.js';
import type { TextOutput } from './text-output.js';

/** What a program needs of the process it runs in; `bin/` makes it from `process`. */
export interface ProcessEdge extends Surroundings {
  argv: readonly string[];
  stdout: TextOutput;
  stderr: TextOutput;
  /** Opened when it is asked for: that costs time which most commands do not need. */
  stdin(): NodeJS.ReadStream;
  /** Standard error as a stream, for questions at a terminal. */
  dialogue(): NodeJS.WriteStream;
  setExitCode(code: number): void;
  /**
   * A signal that is aborted by SIGINT, SIGTERM or SIGHUP, until `stop` is called.
   * @param options.outlivesTerminal SIGHUP is ignored
   */
  interruption(options?: { outlivesTerminal?: boolean }): { signal: AbortSignal; stop(): void };
  /** Goes to `/`: the directory that we were started in may be one that is to be unmounted. */
  leaveDirectory(): void;
}
