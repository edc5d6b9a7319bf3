import type { Surroundings } from '../env/paths.js';

/** What a program needs of the process it runs in; `bin/` makes it from `process`. */
export interface ProcessEdge extends Surroundings {
  argv: readonly string[];
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  setExitCode(code: number): void;
  /** A signal that is aborted by SIGINT, SIGTERM or SIGHUP, until `stop` is called. */
  interruption(): { signal: AbortSignal; stop(): void };
}
