import { statSync } from 'node:fs';
import type { Note } from '../driver/contract.js';
import { aggregate, groupsInOrder } from '../status/aggregate.js';
import { isUp, type Status } from '../status/values.js';
import { instanceTable } from '../store/instances.js';
import type { Store } from '../store/store.js';
import type { Surroundings } from './context.js';
import { isFrozen, isNodeFrozen } from './frozen.js';
import { inOrder } from './order.js';
import {
  type InstanceProvisioned,
  instanceProvisioned,
  type Provisioned,
  provisionedOf,
  recordProvisioned,
} from './provisioned.js';
import type { Service } from './service.js';
import type { ResourceStatus } from './statuses.js';

/** What is known of one resource of an instance. */
export interface ResourceDocument {
  readonly rid: string;
  readonly status: Status;
  readonly type: string;
  readonly label: string;
  readonly log: readonly Note[];
  readonly tags: readonly string[];
  readonly monitor: boolean;
  readonly disable: boolean;
  readonly optional: boolean;
  /** Optional because somebody said so: what the flag shows. */
  readonly marked: boolean;
  readonly encap: boolean;
  readonly standby: boolean;
  readonly restart: number;
  readonly subset: string | null;
  readonly provisioned: Provisioned;
}

/** What is known of the instance of a service on this node. */
export interface InstanceDocument {
  readonly scope: string;
  readonly kind: string;
  /** UTC ms. */
  readonly updatedAt: number;
  readonly app: string;
  readonly env: string | null;
  readonly topology: string;
  readonly placement: string;
  readonly frozen: boolean;
  readonly nodeFrozen: boolean;
  readonly provisioned: InstanceProvisioned;
  readonly avail: Status;
  readonly optional: Status;
  readonly overall: Status;
  readonly groups: Readonly<Record<string, Status>>;
  /** `idle`, `start failed`… */
  readonly state: string;
  readonly target: string | null;
  readonly showDisabled: boolean;
  readonly priority: number;
  /** This node is where the instance should be. */
  readonly leader: boolean;
  readonly subsets: Readonly<Record<string, { readonly parallel: boolean }>>;
  /** In the order in which they are shown. */
  readonly resources: readonly ResourceDocument[];
}

/** Works out the document of an instance from the statuses of its resources. */
export function instanceDocument(
  service: Service,
  statuses: readonly ResourceStatus[],
  around: Pick<Surroundings, 'clock' | 'paths' | 'nodename'>,
  state: { status: string; target: string | null } | undefined,
): InstanceDocument {
  const { header, topology } = service;
  const provisioned = statuses.map(({ resource, status }) => ({
    resource,
    provisioned: seenProvisioned(service, resource, status),
  }));
  const provisionedOfRid = new Map(
    provisioned.map(({ resource, provisioned: found }) => [resource.rid, found]),
  );
  const { avail, optional, overall, groups } = aggregate(statuses);
  return {
    scope: service.scope,
    kind: service.path.kind,
    updatedAt: around.clock.now(),
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
    subsets: {},
    resources: inDisplayOrder(statuses).map((found): ResourceDocument => {
      const { resource, status, notes } = found;
      return {
        rid: resource.rid,
        status,
        type: resource.driverId,
        label: resource.label,
        log: notes,
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
    }),
  };
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

/** By group as they are shown, then as a start would take them. */
function inDisplayOrder(statuses: readonly ResourceStatus[]): ResourceStatus[] {
  const byRid = new Map(statuses.map((status) => [status.resource.rid, status]));
  const resources = statuses.map(({ resource }) => resource);
  // Subsets are no order for the eye: the whole group is sorted as one.
  const asOneSet = resources.map((resource) => ({ ...resource, set: resource.group }));
  return inOrder(asOneSet, 'start', 'status', groupsInOrder).flatMap(({ resources: sorted }) =>
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

/** Inode, size and times of a configuration file: equal stamps mean an unchanged file. */
export function configurationStamp(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}` : '';
}

/** Keeps a document with the changes since the last one, in one transaction. */
export function storeInstance(store: Store, document: InstanceDocument, stamp: string): void {
  const { scope, updatedAt, avail, overall, resources } = document;
  store.immediate(() => {
    const table = instanceTable(store);
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

/** What may have changed since a document was kept without any resource being looked at. */
export function withFlags(
  document: InstanceDocument,
  place: { directory: string },
  nodeFrozen: boolean,
  state: { status: string; target: string | null } | undefined,
): InstanceDocument {
  return {
    ...document,
    frozen: isFrozen(place),
    nodeFrozen,
    state: state?.status ?? 'idle',
    target: state?.target ?? null,
  };
}

/** The last known document; undefined when there is none, or the configuration changed since. */
export function lastKnown(
  row: { document: string; stamp: string } | undefined,
  stamp: string,
): InstanceDocument | undefined {
  return row && row.stamp === stamp ? (JSON.parse(row.document) as InstanceDocument) : undefined;
}
