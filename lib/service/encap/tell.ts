/** Commands for the agents inside containers that are no walk through resources: freeze, thaw, run. */
import type { Surroundings } from '../context.js';
import { filterResources } from '../filter.js';
import type { LevelFilter } from '../level-filter.js';
import type { Service } from '../service.js';
import { statusesOf } from '../statuses.js';
import { levelsOf } from './levels.js';
import { isRunning, UnreachableError } from './reach.js';
import { sendInside } from './send.js';

export interface TellOptions extends LevelFilter {
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** @throws AgentError for containers that cannot be chosen */
export function actsHere(service: Service, options: LevelFilter, around: Surroundings): boolean {
  const chosen = filterResources(service.resources, options, service.scope);
  return levelsOf(service, options, chosen, around).here;
}

/**
 * Tells the agents of the chosen containers that are up; one that takes no commands is a warning.
 *
 * @param words of svcmgr, with their options
 * @throws AgentError of an agent that failed
 */
export async function tellInside(
  service: Service,
  words: readonly string[],
  around: Surroundings,
  { dryRun = false, signal = new AbortController().signal, timeoutMs, ...filter }: TellOptions,
): Promise<void> {
  const statuses = statusesOf(around, service);
  const chosen = filterResources(service.resources, filter, service.scope);
  for (const agent of levelsOf(service, filter, chosen, around).agents) {
    const log = around.logOf(service, agent.resource.rid);
    if (!(await isRunning(agent, statuses))) {
      log.info(`no ${words[0]} in ${agent.hostname}: the container is not up`);
      continue;
    }
    try {
      await sendInside(agent, service, words, around, {
        ...{ signal, dryRun, patienceMs: 0 },
        ...(timeoutMs !== undefined && { timeoutMs }),
      });
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      log.warn(error.message);
    }
  }
}
