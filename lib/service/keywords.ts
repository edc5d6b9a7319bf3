import { environments } from '../config/environments.js';
import { defineKeywords, inheritable, type KeywordTable } from '../config/keyword.js';
import {
  everyResourceKeyword,
  processGroupKeywords,
  triggerKeywords,
} from '../driver/resource-keywords.js';

const nodeList = 'Blank-separated node names.';

/** Keywords of the section DEFAULT of a service. */
export const serviceKeywords = defineKeywords({
  id: {
    kind: 'string',
    inherit: 'head',
    text: 'Stable identity of the service, a uuid written by `create`.',
  },
  nodes: {
    kind: 'list_lower',
    scopable: true,
    inherit: 'head',
    text: `Nodes with an instance, best first. ${nodeList} Default: this node.`,
  },
  drpnode: {
    kind: 'lower',
    scopable: true,
    inherit: 'head',
    text: 'First disaster recovery node.',
  },
  drpnodes: {
    kind: 'list_lower',
    scopable: true,
    inherit: 'head',
    text: `Disaster recovery nodes. ${nodeList}`,
  },
  encapnodes: {
    kind: 'list_lower',
    scopable: true,
    inherit: 'head',
    text: 'Containers that run an agent of their own, by their host names, blank-separated.',
  },
  autostart_node: {
    kind: 'list_lower',
    scopable: true,
    inherit: 'head',
    text: `Nodes whose boot starts the instance. ${nodeList}`,
  },
  app: { kind: 'string', default: 'default', inherit: 'head', text: 'Application code.' },
  env: {
    kind: 'string',
    inherit: 'head',
    aliases: ['service_type'],
    candidates: environments,
    strict: true,
    text: 'Environment of the service. Default: that of the node.',
  },
  comment: { kind: 'string', inherit: 'head', text: 'Free text.' },
  topology: {
    kind: 'lower',
    default: 'failover',
    inherit: 'head',
    aliases: ['cluster_type'],
    candidates: ['failover', 'flex', 'autoflex'],
    strict: true,
    text: 'How many instances are up: one, or several.',
  },
  flex_min: {
    kind: 'integer',
    default: '1',
    inherit: 'head',
    aliases: ['flex_min_nodes'],
    text: 'Least number of instances of a flex service.',
  },
  flex_max: {
    kind: 'integer',
    inherit: 'head',
    aliases: ['flex_max_nodes'],
    text: 'Greatest number of instances of a flex service; 0: no limit.',
  },
  flex_target: {
    kind: 'integer',
    inherit: 'head',
    text: 'Wanted number of instances of a flex service.',
  },
  flex_primary: {
    kind: 'lower',
    scopable: true,
    inherit: 'head',
    text: 'The node of a flex service that synchronises. Default: the first of `nodes`.',
  },
  drp_flex_primary: {
    kind: 'lower',
    scopable: true,
    inherit: 'head',
    text: 'The same among the disaster recovery nodes.',
  },
  orchestrate: {
    kind: 'lower',
    default: 'no',
    scopable: true,
    inherit: 'head',
    candidates: ['no', 'start', 'ha'],
    strict: true,
    text: 'What the cluster does by itself.',
  },
  placement: {
    kind: 'string',
    default: 'nodes order',
    inherit: 'head',
    candidates: ['none', 'nodes order', 'load avg', 'shift', 'spread', 'score'],
    strict: true,
    text: 'Which node is preferred.',
  },
  hard_affinity: {
    kind: 'list',
    inherit: 'head',
    aliases: ['affinity'],
    text: 'Services that must be up on the same node.',
  },
  hard_anti_affinity: {
    kind: 'list',
    inherit: 'head',
    aliases: ['anti_affinity'],
    text: 'Services that must not be up on the same node.',
  },
  soft_affinity: {
    kind: 'list',
    inherit: 'head',
    text: 'Services that should be up on the same node.',
  },
  soft_anti_affinity: {
    kind: 'list',
    inherit: 'head',
    text: 'Services that should not be up on the same node.',
  },
  priority: {
    kind: 'integer',
    default: '100',
    scopable: true,
    inherit: 'head',
    text: 'Order among services in one action, 0 first.',
  },
  disable: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    inherit: 'head',
    text: 'Disables every resource.',
  },
  rollback: {
    kind: 'boolean',
    default: 'true',
    scopable: true,
    inherit: 'head',
    text: 'Undo a start that failed half-way.',
  },
  lock_timeout: {
    kind: 'duration',
    default: '60s',
    scopable: true,
    inherit: 'head',
    text: 'How long an action waits for another one.',
  },
  show_disabled: {
    kind: 'boolean',
    default: 'true',
    inherit: 'head',
    text: 'Show disabled resources in `print status`.',
  },
  status_schedule: {
    kind: 'schedule',
    scopable: true,
    inherit: 'head',
    aliases: ['mon_schedule'],
    text: 'When the status is refreshed.',
  },
  monitor_schedule: {
    kind: 'schedule',
    scopable: true,
    inherit: 'head',
    text: 'When failed resources are restarted.',
  },
  resinfo_schedule: {
    kind: 'schedule',
    scopable: true,
    inherit: 'head',
    text: 'When resource information is pushed.',
  },
  push_schedule: {
    kind: 'schedule',
    scopable: true,
    inherit: 'head',
    text: 'When the configuration is pushed.',
  },
  comp_schedule: {
    kind: 'schedule',
    scopable: true,
    inherit: 'head',
    text: 'When compliance is checked.',
  },
  sync_schedule: {
    kind: 'schedule',
    scopable: true,
    inherit: 'head',
    text: 'Default schedule of sync resources.',
  },
  run_schedule: {
    kind: 'schedule',
    scopable: true,
    inherit: 'head',
    text: 'Default schedule of tasks.',
  },
  sync_interval: {
    kind: 'duration',
    unit: 'm',
    default: '121m',
    scopable: true,
    inherit: 'head',
    text: 'Least time between two synchronisations, where no schedule says more. A bare number counts minutes.',
  },
  sync_period: oldSchedule('sync_schedule'),
  sync_days: oldSchedule('sync_schedule'),
  sync_max_delay: {
    kind: 'duration',
    unit: 'm',
    default: '1500m',
    scopable: true,
    inherit: 'head',
    text: 'Age from which a copy is out of date. A bare number counts minutes.',
  },
  bwlimit: {
    kind: 'speed_kps',
    scopable: true,
    inherit: 'head',
    text: 'Most bandwidth of a synchronisation. A bare number counts KB/s.',
  },
  presnap_trigger: {
    kind: 'string',
    scopable: true,
    inherit: 'head',
    command: true,
    text: 'Command run before snapshots for a synchronisation are made.',
  },
  postsnap_trigger: {
    kind: 'string',
    scopable: true,
    inherit: 'head',
    command: true,
    text: 'Command run after snapshots for a synchronisation were made.',
  },
  monitor_action: {
    kind: 'lower',
    scopable: true,
    inherit: 'head',
    candidates: ['reboot', 'crash', 'freezestop', 'switch'],
    strict: true,
    text: 'What happens when a monitored resource stays down.',
  },
  pre_monitor_action: {
    kind: 'string',
    scopable: true,
    inherit: 'head',
    command: true,
    text: 'Command run before monitor_action.',
  },
  stat_timeout: {
    kind: 'duration',
    default: '5s',
    scopable: true,
    inherit: 'head',
    text: 'How long a file system may take to answer.',
  },
  create_pg: {
    kind: 'boolean',
    default: 'true',
    scopable: true,
    inherit: 'head',
    text: 'Run programs in cgroups of the service.',
  },
  container_data_dir: {
    kind: 'path',
    scopable: true,
    inherit: 'head',
    aliases: ['docker_data_dir'],
    text: 'Data directory of a docker daemon of its own, which runs while its containers do.',
  },
  docker_daemon_private: {
    kind: 'boolean',
    default: 'true',
    scopable: true,
    inherit: 'head',
    text: 'Whether its containers of docker have a daemon of their own, when `container_data_dir` is set.',
  },
  docker_daemon_args: {
    kind: 'shlex',
    scopable: true,
    inherit: 'head',
    text: 'More arguments of that daemon.',
  },
  docker_exe: {
    kind: 'string',
    scopable: true,
    inherit: 'head',
    text: 'Program in place of `docker`.',
  },
  dockerd_exe: {
    kind: 'string',
    scopable: true,
    inherit: 'head',
    text: 'Program in place of `dockerd`.',
  },
  mode: {
    kind: 'lower',
    default: 'hosted',
    inherit: 'head',
    candidates: ['hosted'],
    strict: true,
    text: 'Only `hosted`.',
  },
});

/** Everything that DEFAULT may hold: its own keywords, and what every resource inherits from it. */
export const headKeywords: KeywordTable = {
  ...inheritable(everyResourceKeyword),
  ...triggerKeywords,
  ...processGroupKeywords,
  ...serviceKeywords,
};

/** Keywords of the sections `subset#<group>` and `subset#<group>:<name>`. */
export const subsetKeywords = defineKeywords({
  parallel: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    inherit: 'leaf',
    text: 'Its resources act at the same time.',
  },
  ...processGroupKeywords,
});

/** How the first generation wrote schedules, in parts. */
function oldSchedule(deprecatedFor: string) {
  return {
    kind: 'string',
    inherit: 'head',
    deprecatedFor,
    text: 'Old form of a schedule.',
  } as const;
}
