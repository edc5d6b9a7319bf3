import { formatObjectPath, objectConfigFile, parseObjectPath } from '../config/object-path.js';
import { AgentError } from '../errors/agent-error.js';
import type { Surroundings } from './context.js';
import { instanceDocument } from './instance.js';
import { openService, type Service } from './service.js';
import { statusesOf } from './statuses.js';

/** The keywords that tie instances to those of other services (spec service 6.5). */
const rules = [
  { keyword: 'hard_affinity', hard: true, wanted: true },
  { keyword: 'hard_anti_affinity', hard: true, wanted: false },
  { keyword: 'soft_affinity', hard: false, wanted: true },
  { keyword: 'soft_anti_affinity', hard: false, wanted: false },
] as const;

/**
 * Looks at the services of this node that an instance has to be with, or must not be with: their
 * resources are asked, not what was last known. What should be otherwise is a warning.
 *
 * @param ignored what must be otherwise is an error line, and no more
 * @throws AgentError `E_AFFINITY`
 */
export async function requireAffinity(
  service: Service,
  around: Surroundings,
  { ignored }: { ignored: boolean },
): Promise<void> {
  const log = around.logOf(service);
  const refusals: string[] = [];
  for (const { keyword, hard, wanted } of rules) {
    for (const name of service.header[keyword] ?? []) {
      const avail = await availHere(name, service, around);
      const isMet = wanted ? avail === 'up' : avail !== 'up' && avail !== 'warn';
      const text = `${keyword} ${name}: it is ${avail}`;
      // Whether it is up cannot be told.
      if (isMet && avail.startsWith('unusable')) log.warn(text);
      if (isMet) continue;
      if (!hard) log.warn(text);
      else if (ignored) log.error(`${text}; started all the same`);
      else refusals.push(text);
    }
  }
  if (refusals.length === 0) return;
  for (const text of refusals) log.error(text);
  throw new AgentError('E_AFFINITY', `${service.scope}: ${refusals.join(', ')}`, {
    remedy: 'start or stop these services first, or add --ignore-affinity; nothing was started',
  });
}

/** The availability of the instance of a service on this node, or why there is none. */
async function availHere(name: string, service: Service, around: Surroundings): Promise<string> {
  const { nodename, paths } = around;
  try {
    const path = parseObjectPath(name, service.path.namespace);
    if (formatObjectPath(path) === service.scope) return 'this service itself';
    const { context } = service.source.evaluator;
    const other = await openService(objectConfigFile(paths, path), context);
    if (![...other.nodes, ...other.drpnodes].includes(nodename)) return 'not on this node';
    const statuses = await statusesOf(around, other).all();
    return instanceDocument(other, statuses, around, undefined).avail;
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return error.code === 'E_NO_SERVICE' ? 'not installed' : `unusable (${error.message})`;
  }
}
