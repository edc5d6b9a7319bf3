import { type ActionContext, Leave } from '../../driver/contract.js';

/** Where a synchronisation goes: the words of `target`. */
export const targetWords = ['nodes', 'drpnodes'] as const;

/**
 * What keeps a node from sending (spec service 8.7). Each is no error: the set is left.
 * @throws Leave
 */
export async function passGates(context: ActionContext): Promise<void> {
  const { service, nodename, nodeEnv } = context;
  if (service.env === 'PRD' && nodeEnv !== undefined && nodeEnv !== 'PRD') {
    throw new Leave('set', 'a PRD service on a node that is not PRD is not synchronised');
  }
  if (service.topology !== 'failover' && service.nodes[0] !== nodename) {
    throw new Leave('set', `the first node of a flex service synchronises: ${service.nodes[0]}`);
  }
  if (service.drpnodes.includes(nodename) && !service.nodes.includes(nodename)) {
    throw new Leave('set', 'a node for disaster recovery is not synchronised from');
  }
  if (context.force) return;
  const avail = await context.partialAvail(['sync', 'hb', 'app']);
  if (avail !== 'up' && avail !== 'n/a') {
    throw new Leave('set', `the instance is ${avail}: nothing is synchronised from here`);
  }
}

/** The other nodes that some target words name. */
export function destinations(
  targets: readonly string[],
  { service, nodename }: Pick<ActionContext, 'service' | 'nodename'>,
): string[] {
  const named = [
    ...(targets.includes('nodes') ? service.nodes : []),
    ...(targets.includes('drpnodes') ? service.drpnodes : []),
  ];
  return [...new Set(named)].filter((node) => node !== nodename);
}
