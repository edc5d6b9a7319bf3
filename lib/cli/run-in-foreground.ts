import { constants } from 'node:os';
import { exitCodes } from '../errors/exit-codes.js';
import { runByHand } from '../scheduler/manual-run.js';
import { runServices } from '../scheduler/run-services.js';
import type { TaskKey } from '../store/tasks.js';
import type { App } from './app.js';

export interface ForegroundResult {
  /** Exit code of the command. */
  code: number;
  /** True when a signal to us ended the run: nothing else should be started. */
  interrupted: boolean;
}

export interface ForegroundOptions {
  /** Answer to the confirmation of a task; undefined: there is nobody to ask. */
  confirmed?: boolean;
  /** Also when the service is frozen. */
  force?: boolean;
}

/**
 * Runs one task in the foreground for a person: its output passes through, an interrupt ends its
 * whole process tree.
 */
export async function runInForeground(
  app: App,
  key: TaskKey,
  options: ForegroundOptions = {},
): Promise<ForegroundResult> {
  const store = await app.store();
  const services = runServices(await app.scheduler(), store);
  const interrupt = app.edge.interruption();
  const { id, outcome, unrecorded } = await runByHand(key, 'manual', services, {
    ...options,
    signal: interrupt.signal,
    onLine(stream, line) {
      app.edge[stream].write(`${line}\n`);
    },
  }).finally(interrupt.stop);
  if (unrecorded) app.note(`warning: ${unrecorded.message}; the run is recorded later`);
  const { aborted: interrupted, reason } = interrupt.signal;
  if (outcome.state === 'ok') return { code: 0, interrupted };
  const run = id === undefined ? '' : ` (run ${id})`;
  app.note(`${key.scope} ${key.section}: ${outcome.state}${run}: ${outcome.reason ?? ''}`);
  if (interrupted) {
    return { code: 128 + (constants.signals[reason as NodeJS.Signals] ?? 0), interrupted };
  }
  const { failed, tryAgain } = exitCodes;
  const fallback = outcome.state === 'skipped' ? tryAgain : failed;
  return { code: outcome.exitCode ?? fallback.code, interrupted };
}
