import { reservationDriver } from './reservation.js';
import type { Resource } from './resource.js';

/** Which way an action goes through the resources. */
export type Direction = 'start' | 'stop';

/** Groups in the order of a start; a stop goes the other way (spec service 6.4). */
const startOrder = [
  'ip',
  reservationDriver,
  'volume',
  'disk',
  'fs',
  'share',
  'container',
  'app',
] as const;
/** Disks that are made now have no reservation before. */
const provisionOrder = [
  'ip',
  'volume',
  'disk',
  'fs',
  reservationDriver,
  'share',
  'container',
  'app',
];

/** Reservations have a place of their own among the disks. */
const placeOf = ({ driverId, group }: Resource): string =>
  driverId === reservationDriver ? reservationDriver : group;

/** Resources that act together, in the order in which they act. */
export interface ResourceSet {
  /** `fs`, or `fs:subset`. */
  readonly id: string;
  readonly group: string;
  readonly resources: readonly Resource[];
}

/**
 * The sets of some resources in the order of an action: by group, inside a group by set, inside a
 * set by sort key and rid. Numbers ascend in both directions: they are sequence numbers.
 *
 * @param groups default: those of a start
 */
export function inOrder(
  resources: readonly Resource[],
  direction: Direction,
  action: string,
  groups: readonly string[] = /provision$/.test(action) ? provisionOrder : startOrder,
): ResourceSet[] {
  const forward = direction === 'start';
  const ordered = forward ? groups : [...groups].reverse();
  const leads = new Set(
    resources.filter((resource) => groups.includes(placeOf(resource))).map(({ rid }) => rid),
  );
  const isLed = ({ follows }: Resource): boolean => follows !== undefined && leads.has(follows);
  const led = resources.filter(isLed);
  const sets = ordered.flatMap((group) => {
    const members = resources.filter((resource) => placeOf(resource) === group && !isLed(resource));
    const ids = [...new Set(members.map(({ set }) => set))].sort();
    if (!forward) ids.reverse();
    return ids.map((id) => ({
      id,
      group,
      resources: sorted(
        members.filter(({ set }) => set === id),
        forward,
        action,
      ),
    }));
  });
  return sets.flatMap((set) => withFollowers(set, led, forward, action));
}

/** A set with what lives in its resources: one after the other, each right beside its own. */
function withFollowers(
  set: ResourceSet,
  led: readonly Resource[],
  forward: boolean,
  action: string,
): ResourceSet[] {
  const followersOf = ({ rid }: Resource) => led.filter(({ follows }) => follows === rid);
  if (!set.resources.some((resource) => followersOf(resource).length > 0)) return [set];
  return set.resources.flatMap((resource) => {
    const followers = sorted(followersOf(resource), forward, action);
    const parts = [[resource], ...(followers.length > 0 ? [followers] : [])];
    return (forward ? parts : parts.reverse()).map((resources) => ({ ...set, resources }));
  });
}

function sorted(resources: readonly Resource[], forward: boolean, action: string): Resource[] {
  const keyed = resources.map((resource) => ({ resource, key: keyOf(resource, action) }));
  const sign = forward ? 1 : -1;
  return keyed
    .sort(
      (a, b) => compareKeys(a.key, b.key, sign) || sign * compare(a.resource.rid, b.resource.rid),
    )
    .map(({ resource }) => resource);
}

function keyOf({ driver, values }: Resource, action: string): string | number | undefined {
  return driver && values ? driver.sortKey?.(values as never, action) : undefined;
}

function compareKeys(
  a: string | number | undefined,
  b: string | number | undefined,
  sign: number,
): number {
  if (typeof a === 'string' && typeof b === 'string') return sign * compare(a, b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  // Without a sequence number it comes first.
  if (typeof a === 'number' || typeof b === 'number') return a === undefined ? -1 : 1;
  return 0;
}

/** Rids are compared as text: `disk#10` comes before `disk#2`. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
