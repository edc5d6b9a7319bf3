import type { RunEnd, RunState } from '../store/runs.js';

/** How a run ended, whoever ran it. Times are not part of it. */
export type Outcome = Omit<RunEnd, 'id' | 'endedAt'>;

/** An outcome without output, for runs that never came to a process. */
export function plainOutcome(
  state: RunState,
  reason: string | null,
  exitCode: number | null,
): Outcome {
  return {
    state,
    reason,
    exitCode,
    signal: null,
    stdout: null,
    stderr: null,
    droppedBytes: null,
    usage: null,
    log: null,
  };
}
