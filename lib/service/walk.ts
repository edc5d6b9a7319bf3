import { readSection } from '../config/values.js';
import { Leave } from '../driver/contract.js';
import {
  type Action,
  actOn,
  type DriverVerb,
  isSync,
  ResourceError,
  type SyncVerb,
  syncWord,
} from './act.js';
import { subsetKeywords } from './keywords.js';
import { type Direction, inOrder, type ResourceSet } from './order.js';
import type { Resource } from './resource.js';

export interface Walk {
  readonly direction: Direction;
  readonly verb: DriverVerb;
  /** Default: all that can be started. */
  readonly groups?: readonly string[];
  /** The walk ends after this resource or group (`--upto`, `--downto`). */
  readonly last?: string | undefined;
}

/** Groups whose errors do not end a stop: what lies below must come down all the same. */
const tolerantOnStop = ['app'];

/**
 * Takes resources through an action, set after set. A stop goes on after errors of apps and reports
 * them at its end.
 *
 * @throws ResourceError of the first resource that failed
 */
export async function walk(
  resources: readonly Resource[],
  { direction, verb, groups, last }: Walk,
  action: Action,
): Promise<void> {
  let tolerated: ResourceError | undefined;
  const sets = inOrder(resources, direction, action.shared.action, groups);
  for (const [n, set] of sets.entries()) {
    const tolerant = verb === 'stop' && tolerantOnStop.includes(set.group);
    const failure = await walkSet(set, verb, action, { tolerant, last });
    if (failure && !tolerant) throw failure;
    tolerated ??= failure;
    if (set.resources.some(({ rid }) => rid === last)) break;
    if (set.group === last && sets[n + 1]?.group !== last) break;
  }
  if (tolerated) throw tolerated;
}

/** @returns the first failure */
async function walkSet(
  set: ResourceSet,
  verb: DriverVerb,
  action: Action,
  { tolerant, last }: { tolerant: boolean; last: string | undefined },
): Promise<ResourceError | undefined> {
  if (isSync(verb)) {
    const { failure, left } = await prepareSet(set, verb, action);
    if (failure || left) return failure;
  }
  if (isParallel(set, action)) {
    const ends = await Promise.allSettled(
      set.resources.map((resource) => actOn(resource, verb, action)),
    );
    const rejected = ends.find(({ status }) => status === 'rejected');
    return rejected?.status === 'rejected' ? failureOf(rejected.reason) : undefined;
  }
  let failure: ResourceError | undefined;
  for (const resource of set.resources) {
    action.shared.interrupt.signal.throwIfAborted();
    try {
      await actOn(resource, verb, action);
    } catch (error) {
      failure ??= failureOf(error);
      if (failure === undefined || !tolerant) return failure;
    }
    if (resource.rid === last) break;
  }
  return failure;
}

/** @returns undefined when only the set ends; rethrows what ends more */
function failureOf(error: unknown): ResourceError | undefined {
  if (error instanceof ResourceError) return error;
  if (error instanceof Leave && error.what === 'set') return undefined;
  throw error;
}

/**
 * What has to be of one moment for several copies. A single one prepares itself, after its triggers.
 * @returns the first failure, or that the set is left
 */
async function prepareSet(
  { resources }: ResourceSet,
  verb: SyncVerb,
  action: Action,
): Promise<{ failure: ResourceError | undefined; left: boolean }> {
  const prepared = resources.filter(
    ({ driver, tags, disabled, inside }) =>
      driver?.beforeSync?.[syncWord(verb)] && !disabled && !inside && !tags.includes('delay_snap'),
  );
  if (prepared.length < 2) return { failure: undefined, left: false };
  for (const resource of prepared) {
    action.shared.interrupt.signal.throwIfAborted();
    try {
      await actOn(resource, `before_${verb}`, action);
    } catch (error) {
      return { failure: failureOf(error), left: true };
    }
  }
  return { failure: undefined, left: false };
}

function isParallel({ id, group, resources }: ResourceSet, { service, shared }: Action): boolean {
  if (resources.length < 2 || shared.dryRun) return false;
  const { evaluator, ini } = service.source;
  const section = [`subset#${id}`, ...(id === group ? [`subset#${group}`] : [])].find((name) =>
    ini.byName.has(name),
  );
  if (section === undefined) return false;
  return readSection(evaluator, section, subsetKeywords).partial.parallel === true;
}

/** Takes back what an action changed, last change first; what fails is logged. */
export async function rollBack(action: Action): Promise<void> {
  const { around, service, undos } = action;
  const log = around.logOf(service);
  // An interrupted action is taken back as a whole.
  action.shared.interrupt.signal = new AbortController().signal;
  const mine = undos.filter(({ resource }) => !resource.standby);
  const rids = [...new Set(mine.map(({ resource }) => resource.rid))];
  if (rids.length === 0) {
    log.info('nothing to roll back');
    return;
  }
  log.info(`roll back ${rids.join(', ')}`);
  for (const { resource, work } of mine.reverse()) {
    try {
      await work();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      around.logOf(service, resource.rid).error(`rollback: ${text}`);
    }
  }
  undos.length = 0;
  action.statuses.forget();
}
