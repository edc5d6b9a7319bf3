import type { ServiceFacts } from '../driver/contract.js';
import { AgentError } from '../errors/agent-error.js';
import type { Surroundings } from './context.js';
import { isFrozen, isNodeFrozen } from './frozen.js';

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
