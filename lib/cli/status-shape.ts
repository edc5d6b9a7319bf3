import type { InstanceDocument, ResourceDocument } from '../service/known-instance.js';
import { type Group, groupsInOrder } from '../status/aggregate.js';
import { defineShape, type FieldSpec } from './shape.js';
import { isoInstant } from './when.js';

/** An instance as `print status --format json` has it (spec service 5.2). */
export interface StatusData extends Record<Group, string> {
  path: string;
  kind: string;
  updated: string | null;
  mtime: number;
  app: string;
  env: string | null;
  topology: string;
  placement: string;
  frozen: boolean;
  provisioned: boolean | string;
  avail: string;
  optional: string;
  overall: string;
  status_group: Record<string, string>;
  monitor: { status: string; target: string | null };
  running: string[];
  subsets: Record<string, unknown>;
  resources: Record<string, unknown>;
  encap: Record<string, unknown>;
}

const groupFields = Object.fromEntries(
  groupsInOrder.map((group) => [
    group,
    { type: 'string', describe: `status of the ${group} resources, as in \`status_group\`` },
  ]),
) as Record<Group, FieldSpec<StatusData>>;

export const statusShape = defineShape<StatusData>({
  schema: 'svcmgr.status.1',
  describe:
    'The instance of a service on this node (`svcmgr -s NAME print status`); several services are an object by path.',
  fields: {
    ...groupFields,
    path: { type: 'string', describe: 'the path of the service' },
    kind: { type: 'string', describe: 'the kind of the object: `svc`' },
    updated: { type: 'string', describe: 'when the resources were looked at, RFC 3339' },
    mtime: { type: 'number', describe: 'the same in epoch seconds' },
    app: { type: 'string', describe: 'application code' },
    env: { type: 'string | null', describe: 'environment of the service' },
    topology: { type: 'string', describe: '`failover` or `flex`' },
    placement: { type: 'string', describe: 'placement policy' },
    frozen: { type: 'boolean', describe: 'the instance or the node is frozen' },
    provisioned: { type: 'boolean | "mixed"', describe: 'whether the resources were provisioned' },
    avail: { type: 'string', describe: 'status of what the service needs' },
    optional: { type: 'string', describe: 'status of what may fail' },
    overall: { type: 'string', describe: 'both, and every warning' },
    status_group: {
      type: 'object',
      describe: 'status by group',
    },
    monitor: {
      type: 'object',
      describe: '`status`: `idle` or what failed; `target`: what it was to reach',
    },
    running: { type: 'string[]', describe: 'rids that an action or a run is at work on' },
    subsets: { type: 'object', describe: 'by set: whether it acts in parallel' },
    resources: {
      type: 'object',
      describe:
        'by rid: `status type label log tags monitor disable optional encap standby restart subset provisioned`',
    },
    encap: {
      type: 'object',
      describe:
        'by rid of the container, the instance inside: `hostname avail optional overall frozen provisioned updated status_group log resources`',
    },
  },
});

/** The documented JSON of an instance. */
export function statusData(instance: InstanceDocument): StatusData {
  const groups = Object.fromEntries(
    groupsInOrder.map((group) => [group, instance.groups[group] ?? 'n/a']),
  ) as Record<Group, string>;
  return {
    ...groups,
    path: instance.scope,
    kind: instance.kind,
    updated: isoInstant(instance.updatedAt),
    mtime: instance.updatedAt / 1000,
    app: instance.app,
    env: instance.env,
    topology: instance.topology,
    placement: instance.placement,
    frozen: instance.frozen || instance.nodeFrozen,
    provisioned: instance.provisioned,
    avail: instance.avail,
    optional: instance.optional,
    overall: instance.overall,
    status_group: groups,
    monitor: { status: instance.state, target: instance.target },
    running: [...instance.running],
    subsets: instance.subsets,
    resources: Object.fromEntries(
      instance.resources.map((resource) => [resource.rid, resourceData(resource)]),
    ),
    encap: instance.inner ? innerData(instance.inner) : {},
  };
}

/** What is inside, by rid of the container. */
function innerData(inner: NonNullable<InstanceDocument['inner']>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(inner).map(([rid, { groups, resources, updatedAt, trouble, ...data }]) => [
      rid,
      {
        ...{ ...data, ...groups, status_group: groups },
        updated: updatedAt === null ? null : isoInstant(updatedAt),
        log: trouble ? logLines([trouble]) : [],
        resources: Object.fromEntries(
          resources.map((resource) => [resource.rid, resourceData(resource)]),
        ),
      },
    ]),
  );
}

function resourceData(resource: ResourceDocument): Record<string, unknown> {
  const { rid: _, marked: __, log, ...data } = resource;
  return { ...data, log: logLines(log), info: {} };
}

function logLines(log: ResourceDocument['log']): string[] {
  return log.map(({ level, text }) => `${level}: ${text}`);
}

/** A resource as a row: `print status --format csv`. */
export interface StatusRow {
  service: string;
  rid: string;
  type: string;
  status: string;
  label: string;
  monitor: boolean;
  disable: boolean;
  optional: boolean;
  encap: boolean;
  log: string;
}

export function statusRows(instance: InstanceDocument): StatusRow[] {
  return instance.resources.map(
    ({ rid, type, status, label, monitor, disable, optional, encap, log }) => ({
      service: instance.scope,
      rid,
      type,
      status,
      label,
      monitor,
      disable,
      optional,
      encap,
      log: logLines(log).join('; '),
    }),
  );
}
