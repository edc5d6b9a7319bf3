import type { RunOutcome } from '../driver/contract.js';

const nothing = {
  exitCode: null,
  signal: null,
  stdout: null,
  stderr: null,
  droppedBytes: null,
  usage: null,
} as const;

/** An action of ours that did its work; it has no output. */
export const doneOutcome: RunOutcome = { ...nothing, state: 'ok', reason: null, exitCode: 0 };

/** One that had a reason not to. */
export function skippedOutcome(reason: string): RunOutcome {
  return { ...nothing, state: 'skipped', reason };
}
