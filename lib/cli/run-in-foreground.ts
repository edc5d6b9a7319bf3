import { runByHand } from '../scheduler/manual-run.js';
import { runServices } from '../scheduler/run-services.js';
import type { TaskKey } from '../store/tasks.js';
import type { App } from './app.js';

export interface ForegroundOptions {
  /** Answer to the confirmation of a task; undefined: there is nobody to ask. */
  confirmed?: boolean;
}

/**
 * Runs one task in the foreground for a person: its output passes through, an interrupt ends its
 * whole process tree.
 * @returns the exit code of the command
 */
export async function runInForeground(
  app: App,
  key: TaskKey,
  options: ForegroundOptions = {},
): Promise<number> {
  const store = await app.store();
  const services = runServices(await app.scheduler(), store);
  const interrupt = app.edge.interruption();
  const { id, outcome, unrecorded } = await runByHand(key, 'manual', services, {
    ...options,
    signal: interrupt.signal,
    onLine(stream, line) {
      app.edge[stream].write(`${line}\n`);
    },
  });
  interrupt.stop();
  if (unrecorded) app.note(`warning: ${unrecorded.message}; the run is recorded later`);
  if (outcome.state === 'ok') return 0;
  const run = id === undefined ? '' : ` (run ${id})`;
  app.note(`${key.scope} ${key.section}: ${outcome.state}${run}: ${outcome.reason ?? ''}`);
  return outcome.exitCode ?? (outcome.state === 'skipped' ? 75 : 1);
}
