import { AgentError } from '../errors/agent-error.js';
import { loggedCommand, type Surroundings } from './context.js';
import type { OperateOptions } from './operate.js';
import type { Service } from './service.js';

/** An action there is waited for as long as a long one takes, seconds. */
const waitSeconds = 3_600;

/**
 * Has other nodes take in what they were copied. One that cannot do it has its copy all the same: it is
 * told, and no error.
 */
export async function postsyncOn(
  nodes: readonly string[],
  service: Service,
  { run, peers, logOf }: Surroundings,
  { dryRun = false, signal }: OperateOptions,
): Promise<void> {
  const log = logOf(service);
  const words = ['svcmgr', '-s', service.scope, 'postsync', '--waitlock', String(waitSeconds)];
  for (const node of nodes) {
    try {
      await loggedCommand(run, log, peers.argv(node, words), {
        announce: `run svcmgr postsync on ${node}`,
        streams: true,
        timeoutMs: 2 * waitSeconds * 1000,
        dryRun,
        ...(signal && { signal }),
      });
    } catch (error) {
      if (!(error instanceof AgentError) || signal?.aborted) throw error;
      log.warn(`${node} did not take its copy in: ${error.message}`);
    }
  }
}
