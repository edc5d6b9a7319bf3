import { type MixedStatus, merge, type Status, settle } from './values.js';

/** What aggregation wants to know of a resource. */
export interface Part {
  readonly group: string;
  readonly status: Status;
  /** Set by keyword or tag, or because of its group. */
  readonly optional: boolean;
  readonly disabled: boolean;
  /** It has a note of level warn or error. */
  readonly troubled: boolean;
}

/** An instance of a service inside one of its containers. */
export interface InnerInstance {
  readonly avail: Status;
  readonly overall: Status;
}

export interface Aggregates {
  readonly avail: Status;
  readonly optional: Status;
  readonly overall: Status;
  /** For each group that has a resource. */
  readonly groups: Readonly<Record<string, Status>>;
}

/** Groups that go with a service: they count as optional. */
const accessoryGroups = ['sync', 'hb', 'stonith', 'task'] as const;

export const isAccessory = (group: string): boolean =>
  (accessoryGroups as readonly string[]).includes(group);

/** Every group, in the order in which `print status` shows them. */
export const groupsInOrder = [
  'ip',
  'volume',
  'disk',
  'fs',
  'container',
  'share',
  'app',
  ...accessoryGroups,
] as const;
export type Group = (typeof groupsInOrder)[number];

/**
 * The statuses of an instance from those of its resources (spec service 4.4): avail is what is
 * offered, optional what may fail, overall both and every warning.
 */
export function aggregate(
  parts: readonly Part[],
  inner: readonly InnerInstance[] = [],
): Aggregates {
  const counted = parts.filter(({ disabled }) => !disabled);
  const groups: Record<string, MixedStatus> = {};
  let avail: MixedStatus = 'n/a';
  let optional: MixedStatus = 'n/a';
  let troubled = false;
  for (const part of counted) {
    const status = part.group === 'sync' ? statusOfSync(part.status) : part.status;
    groups[part.group] = merge(groups[part.group] ?? 'n/a', status);
    if (part.optional || isAccessory(part.group)) optional = merge(optional, status);
    else avail = merge(avail, status);
    troubled ||= part.troubled;
  }
  const mixed = avail === 'up+stdby';
  let settledAvail = settle(avail);
  const settledOptional = settle(optional);
  let overall: MixedStatus = troubled ? 'warn' : 'n/a';
  overall = merge(overall, merge(settledAvail, settledOptional));
  for (const instance of inner) {
    settledAvail = settle(merge(settledAvail, instance.avail));
    overall = merge(overall, instance.overall);
  }
  return {
    avail: settledAvail,
    optional: settledOptional,
    overall: settle(overall),
    groups: Object.fromEntries(
      Object.entries(groups).map(([group, status]) => [
        group,
        mixed && status === 'stdby up' ? 'up' : settle(status),
      ]),
    ),
  };
}

/** The part of avail that some drivers look at: only the groups that they stand on. */
export function partialAvail(parts: readonly Part[], without: readonly string[]): Status {
  return aggregate(parts.filter(({ group }) => !without.includes(group) && !isAccessory(group)))
    .avail;
}

/** A copy that is current says nothing about the service; one that is not is a warning. */
function statusOfSync(status: Status): Status {
  if (status === 'up') return 'n/a';
  return status === 'down' || status.startsWith('stdby') ? 'warn' : status;
}
