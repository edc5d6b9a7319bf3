import type { Evaluator } from '../config/values.js';
import { readSection } from '../config/values.js';
import { requirementKeywords } from '../driver/resource-keywords.js';
import { parseStatus, type Status } from '../status/values.js';

/** A resource and the states it has to be in. */
export interface Requirement {
  readonly rid: string;
  /** Empty: it never holds. */
  readonly states: readonly Status[];
}

const whenUnsaid: readonly Status[] = ['up', 'stdby up'];

/** Reads `ip#1 fs#1(up,stdby up)`; states may hold a blank. */
export function parseRequirements(text: string): Requirement[] {
  return [...text.matchAll(/([^\s()]+)(?:\(([^)]*)\))?/g)].map(([, rid = '', states]) => ({
    rid,
    states:
      rid === 'impossible'
        ? []
        : states === undefined
          ? whenUnsaid
          : states.split(',').flatMap((word) => parseStatus(word) ?? []),
  }));
}

/**
 * What keeps a resource from an action: the first of its requirements that is not met.
 *
 * @param statusOf the status of a resource now; undefined: the service has none of that name
 * @param onUnknown told of names of resources that do not exist; they keep nobody from anything
 */
export async function unmetRequirement(
  requirements: readonly Requirement[],
  statusOf: (rid: string) => Promise<Status | undefined>,
  onUnknown: (rid: string) => void,
): Promise<string | undefined> {
  for (const { rid, states } of requirements) {
    const status = await statusOf(rid);
    if (status === undefined && states.length > 0) {
      onUnknown(rid);
      continue;
    }
    if (status !== undefined && states.includes(status)) continue;
    const is = status === undefined ? '' : `, it is ${status}`;
    return `requires ${rid} in state ${states.join(' or ') || 'impossible'}${is}`;
  }
  return undefined;
}

/** What the resource of a section wants of others before an action. */
export function requirementsOf(evaluator: Evaluator, rid: string, action: string): Requirement[] {
  const key = `${action}_requires`;
  const keyword = requirementKeywords[key];
  if (!keyword || !evaluator.find(rid, key, keyword)) return [];
  const { partial } = readSection(evaluator, rid, { [key]: keyword });
  return parseRequirements((partial as Record<string, string | undefined>)[key] ?? '');
}
