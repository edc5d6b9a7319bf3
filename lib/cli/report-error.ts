import { AgentError } from '../errors/agent-error.js';
import { exitCodes } from '../errors/exit-codes.js';
import { storeError } from '../store/store.js';
import type { ProcessEdge } from './process-edge.js';

/** Says what failed on stderr and sets the exit code. A bug shows its stack, nothing else does. */
export function reportError(
  edge: ProcessEdge,
  program: string,
  cause: unknown,
  asJson = false,
): void {
  const error = storeError('the store', cause);
  if (!(error instanceof AgentError)) {
    edge.setExitCode(exitCodes.failed.code);
    edge.stderr.write(`${program}: this is a bug: ${stackOf(error)}\n`);
    return;
  }
  edge.setExitCode(error.exitCode);
  if (asJson) {
    const { code, message, exitCode, remedy } = error;
    const text = JSON.stringify({ error: { code, message, exitCode, remedy: remedy ?? null } });
    edge.stderr.write(`${text}\n`);
    return;
  }
  edge.stderr.write(`${program}: ${error.message}\n`);
  if (error.remedy) edge.stderr.write(`  ${error.remedy}\n`);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
