import { defineKeywords } from '../../lib/config/keyword.js';
import type { ObjectPath } from '../../lib/config/object-path.js';
import type { SectionRule } from '../../lib/config/validate.js';
import type { EvaluationContext } from '../../lib/config/values.js';
import { pathsBelow } from '../../lib/env/paths.js';

/** A small but realistic set of tables, for the tests of this room. */
const common = defineKeywords({
  disable: { kind: 'boolean', default: 'false', scopable: true, inherit: 'leaf', text: 'Ignore.' },
  monitor: { kind: 'boolean', default: 'false', scopable: true, text: 'Watch.' },
  restart: { kind: 'integer', default: '0', scopable: true, text: 'Restarts.' },
  tags: { kind: 'set', scopable: true, text: 'Free words.' },
  standby: { kind: 'tristate', scopable: true, text: 'Start everywhere.' },
  pre_start: { kind: 'string', command: true, scopable: true, inherit: 'leaf', text: 'Trigger.' },
});

export const head = defineKeywords({
  nodes: { kind: 'list_lower', scopable: true, text: 'Nodes.' },
  drpnodes: { kind: 'list_lower', scopable: true, text: 'Recovery nodes.' },
  encapnodes: { kind: 'list_lower', scopable: true, text: 'Encapsulated nodes.' },
  id: { kind: 'string', text: 'Identity.' },
  topology: {
    kind: 'lower',
    default: 'failover',
    candidates: ['failover', 'flex'],
    strict: true,
    inherit: 'head',
    text: 'Topology.',
  },
  flex_min: {
    kind: 'integer',
    default: '1',
    inherit: 'head',
    aliases: ['flex_min_nodes'],
    text: 'Min.',
  },
  run_schedule: { kind: 'schedule', text: 'Default schedule of tasks.' },
  sync_interval: { kind: 'duration', unit: 'm', default: '121', text: 'Interval.' },
  monitor: { kind: 'boolean', scopable: true, text: 'Watch.' },
  comment: { kind: 'string', text: 'Comment.' },
});

export const loop = defineKeywords({
  ...common,
  file: { kind: 'path', required: true, scopable: true, text: 'Backing file.' },
  size: { kind: 'size', default: '100m', provisioning: true, text: 'Size.' },
});

export const vg = defineKeywords({
  ...common,
  name: { kind: 'string', required: true, scopable: true, aliases: ['vgname'], text: 'Name.' },
  pvs: { kind: 'list', required: true, provisioning: true, text: 'Devices.' },
  options: { kind: 'shlex', text: 'Options of vgcreate.' },
});

export const task = defineKeywords({
  ...common,
  command: { kind: 'string', required: true, command: true, scopable: true, text: 'Command.' },
  schedule: {
    kind: 'schedule',
    scopable: true,
    inherit: { mapped: 'run_schedule' },
    text: 'Schedule.',
  },
  timeout: { kind: 'duration', scopable: true, text: 'Limit.' },
  password: { kind: 'string', secret: true, text: 'Password.' },
});

export function ruleOf(section: string): SectionRule | undefined {
  if (section === 'DEFAULT') return { table: head, name: 'the service' };
  if (section === 'env' || section === 'labels') return { table: {}, name: section, free: true };
  const [group] = section.split('#');
  if (group === 'vg')
    return { table: vg, name: 'driver disk.vg', deprecatedFor: 'disk#… with type vg' };
  if (section === 'disk#loop' || section === 'disk#1')
    return { table: loop, name: 'driver disk.loop' };
  if (group === 'disk') return { table: vg, name: 'driver disk.vg' };
  if (group === 'task') return { table: task, name: 'driver task.host' };
  return undefined;
}

export const paths = pathsBelow('/r');

const svc1: ObjectPath = { namespace: 'test', kind: 'svc', name: 'svc1.acme.com' };

const nodeConf: Readonly<Record<string, string>> = {
  'node.env': 'PRD',
  'env.zone': 'north',
  'labels.rack': 'r1',
  'cluster.name': 'c1',
  'cluster.nodes': 'n1 n2 n3',
};

export const context: EvaluationContext = {
  nodename: 'N1.acme.com',
  object: svc1,
  paths,
  env: { HOSTPATH: '/from/os', LOOPS: '{env.loops}' },
  nodeConf: (section, key) => nodeConf[`${section}.${key}`],
  tableOf: (section) => ruleOf(section)?.table,
};
