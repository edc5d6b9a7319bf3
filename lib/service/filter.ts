import { AgentError } from '../errors/agent-error.js';
import type { Direction } from './order.js';
import type { Resource } from './resource.js';

/** What `--rid`, `--tags` and `--subsets` say, as typed. */
export interface ResourceFilter {
  readonly rid?: string | undefined;
  readonly tags?: string | undefined;
  readonly subsets?: string | undefined;
}

/** Whether anything is filtered at all: an action on the whole service means more. */
export function isFiltered({ rid, tags, subsets }: ResourceFilter): boolean {
  return rid !== undefined || tags !== undefined || subsets !== undefined;
}

/**
 * The resources that an action is about: those that every given option selects. A rid option takes
 * rids, groups and driver types; tags are joined by `+` for and, `,` for or.
 *
 * @throws AgentError when nothing is left of what was asked for
 */
export function filterResources(
  resources: readonly Resource[],
  filter: ResourceFilter,
  scope: string,
): Resource[] {
  const tests = [
    filter.rid === undefined ? undefined : ridTest(words(filter.rid, ',')),
    filter.tags === undefined ? undefined : tagTest(filter.tags),
    filter.subsets === undefined ? undefined : subsetTest(words(filter.subsets, ',')),
  ].filter((test) => test !== undefined);
  const chosen = resources.filter((resource) => tests.every((test) => test(resource)));
  if (chosen.length === 0 && tests.length > 0) {
    throw new AgentError(
      'E_NO_RESOURCE',
      `${scope}: no resource selected by --rid/--tags/--subsets`,
      { remedy: `see \`svcmgr -s ${scope} print status\`` },
    );
  }
  return chosen;
}

/**
 * The chosen resources and what cannot act without them: a container takes what lives in it along,
 * and what lives in a container is started with it.
 */
export function withCompanions(
  chosen: readonly Resource[],
  all: readonly Resource[],
  direction: Direction,
): Resource[] {
  const rids = new Set(chosen.map(({ rid }) => rid));
  const wanted = new Set(direction === 'start' ? chosen.map(({ follows }) => follows) : []);
  return all.filter(
    ({ rid, follows }) =>
      rids.has(rid) || wanted.has(rid) || (follows !== undefined && rids.has(follows)),
  );
}

type Test = (resource: Resource) => boolean;

function ridTest(wanted: readonly string[]): Test {
  return ({ rid, group, driverId }) =>
    wanted.some((word) => word === rid || word === group || word === driverId);
}

function tagTest(text: string): Test {
  const alternatives = words(text, ',').map((word) => words(word, '+'));
  return ({ tags }) => alternatives.some((all) => all.every((tag) => tags.includes(tag)));
}

function subsetTest(wanted: readonly string[]): Test {
  return ({ subset }) => subset !== undefined && wanted.includes(subset);
}

function words(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
