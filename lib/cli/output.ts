import { errnoOf } from '../errors/agent-error.js';
import { exitCodes } from '../errors/exit-codes.js';
import type { ProcessEdge } from './process-edge.js';

/**
 * Makes the standard streams behave as those of a Unix tool: a reader that went away (`| head -1`)
 * is no error, a full disk behind stdout is one. Nothing is cut short: the process ends by itself
 * when everything is written.
 */
export function guardStreams({ stdout, stderr, setExitCode }: ProcessEdge): void {
  stdout.on('error', (error: Error) => {
    if (errnoOf(error) === 'EPIPE') return;
    setExitCode(exitCodes.io.code);
    stderr.write(`cannot write to standard output: ${error.message}\n`);
  });
  stderr.on('error', () => undefined);
}
