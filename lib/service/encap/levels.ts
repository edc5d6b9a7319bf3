import { AgentError } from '../../errors/agent-error.js';
import type { Surroundings } from '../context.js';
import { isFiltered } from '../filter.js';
import { hasInside } from '../inner-instances.js';
import { type LevelFilter, namesLevels } from '../level-filter.js';
import type { Resource } from '../resource.js';
import type { Service } from '../service.js';
import { type InnerAgent, innerAgents } from './agents.js';

/** Where an action acts: on this node, and inside which containers. */
export interface Levels {
  readonly here: boolean;
  readonly agents: readonly InnerAgent[];
}

/** Actions that mean both levels when nobody says which (spec service 12). */
const onBoth: readonly string[] = [
  ...['boot', 'provision', 'prstart', 'prstop', 'restart', 'run', 'shutdown', 'start'],
  ...['startstandby', 'stop', 'switch', 'toc', 'unprovision', 'freeze', 'thaw'],
];
/** What other nodes and actions call. It has nothing to do inside. */
const neverInside: readonly string[] = ['presync', 'postsync'];

/**
 * An action on half a service would be a surprise: who wants one has to say so.
 *
 * @throws AgentError `E_LEVEL`
 */
export function requireLevels(service: Service, action: string, options: LevelFilter): void {
  if (onBoth.includes(action) || neverInside.includes(action)) return;
  if (!hasInside(service) || isFiltered(options) || namesLevels(options)) return;
  throw new AgentError(
    'E_LEVEL',
    `${service.scope}: ${action} can act on this node or inside containers`,
    {
      exit: 'usage',
      remedy: 'add --master for this node, --slaves or --slave NAME for containers, or --rid',
    },
  );
}

/**
 * @param chosen what the filter of resources leaves, all without one
 * @throws AgentError `E_NO_CONTAINER` for a container that has no agent
 */
export function levelsOf(
  service: Service,
  options: LevelFilter,
  chosen: readonly Resource[],
  around: Surroundings,
): Levels {
  const agents = innerAgents(service, around);
  const namesInside = options.slaves === true || options.slave !== undefined;
  const wanted = namesInside
    ? chosenAgents(service, agents, options)
    : options.master
      ? []
      : agents;
  const here = options.master === true || !namesInside;
  if (!isFiltered(options)) return { here, agents: wanted };
  return {
    here: here && chosen.some(({ inside }) => !inside),
    agents: chosen.some(({ inside }) => inside) ? wanted : [],
  };
}

function chosenAgents(
  { scope }: Service,
  agents: readonly InnerAgent[],
  { slaves, slave }: LevelFilter,
): InnerAgent[] {
  const words = slave?.split(',').map((word) => word.trim());
  const unknown = words?.find((word) => !agents.some(({ names }) => names.includes(word)));
  if (agents.length === 0 || unknown !== undefined) {
    const known = agents.map(({ resource, hostname }) => `${hostname} (${resource.rid})`);
    const fact = unknown === undefined ? 'it has no container' : `${unknown} is no container of it`;
    throw new AgentError('E_NO_CONTAINER', `${scope}: ${fact} with an agent`, {
      exit: 'usage',
      remedy:
        known.length > 0
          ? `choose one of ${known.join(', ')}`
          : 'name its containers by their host names in `encapnodes`',
    });
  }
  return agents.filter(
    ({ names }) => slaves === true || words?.some((word) => names.includes(word)),
  );
}
