import { readSection } from '../config/values.js';
import { bootId } from '../env/host.js';
import { aggregate, groupsInOrder } from '../status/aggregate.js';
import { isUp, type Status } from '../status/values.js';
import { instanceTable } from '../store/instances.js';
import type { Store } from '../store/store.js';
import type { Surroundings } from './context.js';
import { type InnerInstances, seenInside, troubleOf } from './encap/view.js';
import { isFrozen, isNodeFrozen } from './frozen.js';
import { subsetKeywords } from './keywords.js';
import type { InstanceDocument, ResourceDocument } from './known-instance.js';
import { noteLost } from './lost.js';
import { inOrder } from './order.js';
import {
  instanceProvisioned,
  type Provisioned,
  provisionedOf,
  recordProvisioned,
} from './provisioned.js';
import { reservationDriver } from './reservation.js';
import { isSubsetName } from './sections.js';
import type { Service } from './service.js';
import type { ResourceStatus } from './statuses.js';

/** Works out the document of an instance from the statuses of its resources. */
export function instanceDocument(
  service: Service,
  statuses: readonly ResourceStatus[],
  around: Pick<Surroundings, 'clock' | 'paths' | 'nodename'>,
  state: { status: string; target: string | null } | undefined,
  inner?: InnerInstances,
): InstanceDocument {
  const { header, topology } = service;
  const provisioned = statuses.map(({ resource, status }) => ({
    resource,
    provisioned: seenProvisioned(service, resource, status),
  }));
  const provisionedOfRid = new Map(
    provisioned.map(({ resource, provisioned: found }) => [resource.rid, found]),
  );
  const { avail, optional, overall, groups } = aggregate(
    inner ? statuses.filter(({ resource }) => !resource.inside) : statuses,
    inner && Object.values(inner),
  );
  return {
    scope: service.scope,
    kind: service.path.kind,
    updatedAt: around.clock.now(),
    boot: bootId(),
    app: header.app ?? 'default',
    env: header.env ?? null,
    topology,
    placement: header.placement ?? 'nodes order',
    frozen: isFrozen(service),
    nodeFrozen: isNodeFrozen(around.paths),
    provisioned: instanceProvisioned(provisioned),
    avail,
    optional,
    overall,
    groups,
    state: state?.status ?? 'idle',
    target: state?.target ?? null,
    showDisabled: header.show_disabled ?? true,
    priority: header.priority ?? 100,
    leader: isLeader(service, around.nodename),
    subsets: subsetsOf(service),
    running: [],
    resources: inDisplayOrder(statuses).map((found): ResourceDocument => {
      const { resource, status, notes } = found;
      const own: ResourceDocument = {
        rid: resource.rid,
        status,
        type: resource.driverId,
        label: resource.label,
        log: inner ? [...notes, ...troubleOf(resource.rid, inner)] : notes,
        tags: resource.tags,
        monitor: resource.monitored,
        disable: resource.disabled,
        optional: resource.optional,
        marked: resource.markedOptional,
        encap: resource.encap,
        standby: resource.standby,
        restart: resource.restart,
        subset: resource.subset ?? null,
        provisioned: provisionedOfRid.get(resource.rid) ?? { state: null, mtime: null },
      };
      return inner && resource.inside ? seenInside(own, inner) : own;
    }),
    ...(inner && { inner }),
  };
}

/** What the file says of the sets of resources, by their names. */
function subsetsOf({ source }: Service): Record<string, { parallel: boolean }> {
  const { evaluator, ini } = source;
  return Object.fromEntries(
    ini.sections
      .filter(({ name }) => isSubsetName(name))
      .map(({ name }) => {
        const { parallel = false } = readSection(evaluator, name, {
          parallel: subsetKeywords.parallel,
        }).partial;
        return [name.slice('subset#'.length), { parallel }];
      }),
  );
}

/** A resource that is up was provisioned, whoever did it. */
function seenProvisioned(
  service: Service,
  resource: ResourceStatus['resource'],
  status: Status,
): Provisioned {
  const found = provisionedOf(service, resource);
  return found.state === null && isUp(status) ? { ...found, state: true } : found;
}

/** Reservations are shown after the disks. */
const shownOrder = groupsInOrder.flatMap((group): string[] =>
  group === 'disk' ? [group, reservationDriver] : [group],
);

/** By group as they are shown, then as a start would take them. */
function inDisplayOrder(statuses: readonly ResourceStatus[]): ResourceStatus[] {
  const byRid = new Map(statuses.map((status) => [status.resource.rid, status]));
  const resources = statuses.map(({ resource }) => resource);
  // Subsets are no order for the eye: the whole group is sorted as one.
  const asOneSet = resources.map((resource) => ({ ...resource, set: resource.group }));
  return inOrder(asOneSet, 'start', 'status', shownOrder).flatMap(({ resources: sorted }) =>
    sorted.flatMap(({ rid }) => byRid.get(rid) ?? []),
  );
}

/** Whether this node comes first in the order of the nodes, or among the wanted ones of a flex service. */
function isLeader({ nodes, topology, header }: Service, nodename: string): boolean {
  const at = nodes.indexOf(nodename);
  if (at === -1) return false;
  const wanted = topology === 'failover' ? 1 : (header.flex_target ?? header.flex_min ?? 1);
  return at < wanted;
}

export interface Look {
  /** When the resources were asked, UTC ms. */
  readonly since: number;
  /** They were asked after an action, which was to stop these resources. */
  readonly stopped?: ReadonlySet<string>;
}

/**
 * Keeps a document with the changes since the last one, in one transaction. What an action has
 * recorded while somebody else was looking stays.
 */
export function storeInstance(
  store: Store,
  document: InstanceDocument,
  stamp: string,
  { since, stopped }: Look,
): void {
  const { scope, updatedAt, avail, overall, resources } = document;
  store.immediate(() => {
    const table = instanceTable(store);
    const before = table.get(scope);
    if (!stopped && before && before.updatedAt > since && before.updatedAt <= updatedAt) return;
    noteLost(table, before, document, stopped ?? new Set());
    const row = { scope, updatedAt, stamp, avail, overall, document: JSON.stringify(document) };
    table.put(row);
    for (const { rid, status, disable } of resources) {
      if (!disable) table.note(scope, rid, status, updatedAt);
    }
  });
}

/** Flags of resources that are up and were not known to be provisioned. */
export function recordSeenProvisioned(service: Service, document: InstanceDocument): void {
  const drivers = new Map(service.resources.map(({ rid, driver }) => [rid, driver]));
  for (const { rid, provisioned } of document.resources) {
    if (provisioned.state === true && provisioned.mtime === null && drivers.get(rid)?.provision) {
      recordProvisioned(service, rid, true);
    }
  }
}
