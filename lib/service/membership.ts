import type { Evaluator } from '../config/values.js';

/** Where a service has instances, as this node sees it. */
export interface Membership {
  readonly nodes: readonly string[];
  /** With the one of `drpnode` first. */
  readonly drpnodes: readonly string[];
  /** This node is a container of the service: it drives the encap resources and no other ones. */
  readonly isEncapNode: boolean;
}

/**
 * The nodes of a service. A container knows nothing of the nodes that it runs on: its instance is the
 * only one, unless `nodes@encapnodes` names other containers.
 */
export function membershipOf({ sets, context }: Evaluator): Membership {
  const { nodes, drpnodes, drpnode, encapnodes } = sets;
  const node = context.nodename.toLowerCase();
  if (encapnodes.includes(node)) {
    return { nodes: nodes.includes(node) ? nodes : [node], drpnodes: [], isEncapNode: true };
  }
  const drp = drpnode ? [...new Set([drpnode, ...drpnodes])] : drpnodes;
  return { nodes, drpnodes: drp, isEncapNode: false };
}

/** Whether the instance of this node has a resource: it is one inside of containers, or it is not. */
export function isOurs(
  isEncap: boolean,
  { isEncapNode }: Pick<Membership, 'isEncapNode'>,
): boolean {
  return isEncap === isEncapNode;
}
