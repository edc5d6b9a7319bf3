import { defineKeywords, type Keyword, type KeywordTable, type Kind } from '../config/keyword.js';

/** Keywords of every resource that decide how the engine treats it (spec service 3.2). */
export const resourceKeywords = defineKeywords({
  type: { kind: 'lower', scopable: true, inherit: 'leaf', text: 'The driver.' },
  disable: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    inherit: 'leaf',
    text: 'Ignored by actions and by the scheduler; its status is `n/a`.',
  },
  optional: {
    kind: 'tristate',
    scopable: true,
    text: 'Errors of its actions are logged and ignored. Default: true for sync and task.',
  },
  monitor: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'When it is not up, `monitor_action` is taken.',
  },
  restart: {
    kind: 'integer',
    default: '0',
    scopable: true,
    text: 'How often the resource monitor starts it again; a standby resource at least twice.',
  },
  restart_delay: {
    kind: 'duration',
    default: '0',
    scopable: true,
    text: 'Least time between two tries.',
  },
  standby: {
    kind: 'tristate',
    scopable: true,
    text: 'Started on every instance, also where the service is not up.',
  },
  always_on: {
    kind: 'list_lower',
    text: 'Old form of `standby`: `nodes`, `drpnodes` or node names.',
  },
  tags: { kind: 'list', scopable: true, text: 'Free words to select resources by.' },
  subset: {
    kind: 'string',
    scopable: true,
    inherit: 'leaf',
    text: 'The subset of its group that it acts with.',
  },
  encap: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'Driven by the agent inside the container.',
  },
  shared: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'Provisioned once for all nodes.',
  },
  provision: {
    kind: 'boolean',
    default: 'true',
    scopable: true,
    text: 'Whether `provision` makes it; `false` also keeps `unprovision` away.',
  },
  unprovision: {
    kind: 'boolean',
    default: 'true',
    scopable: true,
    text: 'Whether `unprovision` takes it away.',
  },
  comment: { kind: 'string', inherit: 'leaf', text: 'Free text.' },
});

/** Old node lists that decide the same as a keyword of today. */
export const legacyKeywords = defineKeywords({
  disable_on: oldNodeList('disable'),
  enable_on: oldNodeList('disable'),
  optional_on: oldNodeList('optional'),
  monitor_on: oldNodeList('monitor'),
});

function oldNodeList(deprecatedFor: string): Keyword & { kind: 'list_lower' } {
  return {
    kind: 'list_lower',
    inherit: 'leaf',
    deprecatedFor,
    text: 'Node names, or `nodes`, `drpnodes`, `encapnodes`.',
  };
}

/** Actions that may have requirements, and those that may have triggers. */
export const requiringActions = [
  'start',
  'stop',
  'provision',
  'unprovision',
  'run',
  'sync_nodes',
  'sync_drp',
  'sync_update',
  'sync_resync',
  'sync_break',
  'sync_restore',
] as const;

export const triggeringActions = [
  'start',
  'stop',
  'startstandby',
  'provision',
  'unprovision',
  'run',
  'sync_all',
  'sync_nodes',
  'sync_drp',
  'sync_update',
  'sync_resync',
  'sync_restore',
] as const;

export type RequiringAction = (typeof requiringActions)[number];
export type TriggeringAction = (typeof triggeringActions)[number];

/** `start_requires`, `stop_requires`… */
export const requirementKeywords: KeywordTable = Object.fromEntries(
  requiringActions.map((action): [string, Keyword] => [
    `${action}_requires`,
    {
      kind: 'string',
      scopable: true,
      text: `Resources, each with the states it has to be in, before ${action}: \`ip#1 fs#1(up,stdby up)\`.`,
    },
  ]),
);

export const triggerTimes = ['pre', 'blocking_pre', 'post', 'blocking_post'] as const;
export type TriggerTime = (typeof triggerTimes)[number];

/** `pre_start`, `blocking_pre_start`, `post_start`… for resources and for the service. */
export const triggerKeywords: KeywordTable = Object.fromEntries(
  triggeringActions.flatMap((action) =>
    triggerTimes.map((time): [string, Keyword] => [
      `${time}_${action}`,
      {
        kind: 'string',
        scopable: true,
        inherit: 'leaf',
        command: true,
        // pre_syncnodes and its kind are how the first generation wrote it.
        ...(action.startsWith('sync_') && { aliases: [`${time}_${action.replace('_', '')}`] }),
        text: `Command run ${time.endsWith('pre') ? 'before' : 'after'} ${action}${
          time.startsWith('blocking') ? '; a failure ends the action' : ''
        }.`,
      },
    ]),
  ),
);

/** Limits of the process group of a service, a subset or a resource (spec service 3.6). */
export const processGroupKeywords = defineKeywords({
  pg_cpus: group('string', 'Processors that may be used: `0-2`.'),
  pg_mems: group('string', 'Memory nodes that may be used.'),
  pg_cpu_shares: group('integer', 'Share of the processors when they are busy; 1024 is usual.'),
  pg_cpu_quota: group(
    'string',
    'Most processor time: `50%` of one, `50%@2` of two, `100%@all`, or microseconds in 100 ms.',
  ),
  pg_mem_oom_control: group(
    'integer',
    '0: processes are ended when memory is short; 1: they wait (cgroup version 1).',
  ),
  pg_mem_limit: group('size', 'Most memory.'),
  pg_mem_swappiness: group(
    'integer',
    'How readily memory is swapped, 0 to 100 (cgroup version 1).',
  ),
  pg_vmem_limit: group('size', 'Most memory and swap together; more than pg_mem_limit.'),
  pg_blkio_weight: group('integer', 'Share of the disks when they are busy, 10 to 1000.'),
});

function group<K extends Kind>(kind: K, text: string): Keyword & { kind: K } {
  return { kind, scopable: true, inherit: 'leaf', text };
}

/** Keywords about the devices below a resource (spec service 3.2, 8.2). */
export const deviceKeywords = defineKeywords({
  promote_rw: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'Make the devices below writable before start.',
  },
  scsireserv: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'Hold a SCSI reservation on the disks below while it is up.',
  },
  prkey: {
    kind: 'string',
    scopable: true,
    text: 'Key of the reservation. Default: that of the node.',
  },
  no_preempt_abort: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'Take a reservation over without aborting commands that are under way.',
  },
});

/** Everything that may stand in the section of any resource. */
export const everyResourceKeyword: KeywordTable = {
  ...resourceKeywords,
  ...deviceKeywords,
  ...legacyKeywords,
  ...requirementKeywords,
  ...triggerKeywords,
  ...processGroupKeywords,
};
