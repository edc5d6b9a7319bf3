import type { ActionContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { CommandError } from '../../exec/run.js';
import { tellNode } from './last-sync.js';

/**
 * Copies to each node in turn, and tells it when. A node that cannot have its copy is told; the others
 * get theirs.
 *
 * @returns the nodes that have it, and how the resource fails in the end because of the others
 */
export async function copyToEach(
  nodes: readonly string[],
  context: ActionContext,
  copy: (node: string) => Promise<void>,
): Promise<{ copied: readonly string[]; failure: AgentError | undefined }> {
  const copied: string[] = [];
  for (const node of nodes) {
    try {
      await copy(node);
    } catch (error) {
      if (!(error instanceof AgentError) || context.signal.aborted) throw error;
      // What a command printed has been shown with it.
      const isShown = error instanceof CommandError;
      context.log.error(isShown ? `${node}: the copy failed` : `${node}: ${error.message}`);
      if (error.remedy) context.log.error(error.remedy);
      continue;
    }
    copied.push(node);
    await tellNode(node, context);
  }
  const failed = nodes.filter((node) => !copied.includes(node));
  const failure = new AgentError('E_SYNC', `not synchronised: ${failed.join(', ')}`, {
    remedy: 'see the lines above; the next synchronisation tries again',
  });
  return { copied, failure: failed.length > 0 ? failure : undefined };
}
