import type { ServiceFacts } from '../driver/contract.js';
import { AgentError } from '../errors/agent-error.js';
import type { Surroundings } from './context.js';
import { isFiltered, type ResourceFilter } from './filter.js';
import { isFrozen, isNodeFrozen } from './frozen.js';
import type { Resource } from './resource.js';
import type { Service } from './service.js';

/** The cluster manager that starts and stops a service. */
export function heartbeatOf({ resources }: Pick<Service, 'resources'>): Resource | undefined {
  return resources.find(({ group, disabled }) => group === 'hb' && !disabled);
}

/** What is done past a cluster manager: nothing that it would have to know. */
const pastHeartbeat = /^(startstandby|sync_.*|presync|postsync|pg_.*|stonith)$/;

/**
 * Keeps people from starting and stopping a service past its cluster manager.
 *
 * @param options.cluster it is the cluster manager who asks
 * @throws AgentError `E_HEARTBEAT`
 */
export function guardHeartbeat(
  service: Pick<Service, 'resources' | 'scope'>,
  action: string,
  options: ResourceFilter & { cluster?: boolean | undefined },
): void {
  const heartbeat = heartbeatOf(service);
  if (!heartbeat || options.cluster || isFiltered(options) || pastHeartbeat.test(action)) return;
  const { rid, label } = heartbeat;
  throw new AgentError('E_HEARTBEAT', `${service.scope}: ${label} (${rid}) has to ${action} it`, {
    remedy: 'ask the cluster manager, select resources, or add --cluster when you are it',
  });
}

/** What decides whether anything is done to a service on this node. */
export type GuardedService = Pick<
  ServiceFacts,
  'scope' | 'nodes' | 'drpnodes' | 'env' | 'directory'
>;

/**
 * The first of everything that is done to a service (spec service 6.3): is it ours, does its
 * environment fit, is it frozen.
 *
 * @throws AgentError when the action must not begin
 */
export function guard(
  service: GuardedService,
  action: string,
  { nodename, paths }: Pick<Surroundings, 'nodename' | 'paths'>,
  { force = false, nodeEnv }: { force?: boolean; nodeEnv?: string | undefined },
): void {
  const { scope, nodes, drpnodes, env } = service;
  if (!nodes.includes(nodename) && !drpnodes.includes(nodename)) {
    throw new AgentError('E_NOT_HERE', `${scope}: ${nodename} is not one of its nodes`, {
      remedy: `its nodes are ${nodes.join(' ')}; run it there, or change \`nodes\``,
    });
  }
  if (nodeEnv === 'PRD' && env !== undefined && env !== 'PRD') {
    throw new AgentError('E_ENV', `${scope}: a service of ${env} does not run on a PRD node`, {
      remedy: 'move it to another node, or change its `env`',
    });
  }
  if (force) return;
  const frozen = isFrozen(service)
    ? 'frozen'
    : isNodeFrozen(paths)
      ? 'on a frozen node'
      : undefined;
  if (frozen === undefined) return;
  throw new AgentError('E_FROZEN', `${scope}: it is ${frozen}; ${action} is refused`, {
    remedy: `svcmgr -s ${scope} thaw, or add --force`,
  });
}
