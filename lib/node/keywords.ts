import { environments } from '../config/environments.js';
import { defineKeywords, type KeywordTable } from '../config/keyword.js';
import { syslogFacilities } from '../exec/syslog.js';
import { defaultRsh } from '../host/remote.js';
import { scheduledActions, syncAction } from '../service/scheduled-actions.js';
import { scheduleKeywords } from '../task/schedule-keywords.js';
import { nodeTasks } from './catalogue.js';

/** Keywords of the section `node`. */
export const nodeKeywords = defineKeywords({
  env: {
    kind: 'string',
    default: 'TST',
    candidates: environments,
    strict: true,
    aliases: ['host_mode'],
    text: 'Environment of the node.',
  },
  rsh: {
    kind: 'string',
    default: defaultRsh,
    text: 'How a command is run on another node; the name of the node and the command follow.',
  },
  uuid: { kind: 'string', secret: true, text: 'Token that the collector gave this node.' },
  max_parallel: {
    kind: 'integer',
    default: '10',
    text: 'How many scheduled runs go at once.',
  },
  metrics_textfile: {
    kind: 'path',
    text: 'File for the textfile collector of the Prometheus node_exporter, renamed in place. Its name has to end with .prom.',
  },
  history_max_age: {
    kind: 'duration',
    default: '90d',
    text: 'Runs that are older leave the ledger.',
  },
  history_max_runs: {
    kind: 'integer',
    default: '200000',
    text: 'Most runs that the ledger keeps.',
  },
  history_max_size: {
    kind: 'size',
    default: '256m',
    text: 'Size of the store that the ledger may fill.',
  },
  stats_max_age: {
    kind: 'duration',
    default: '7d',
    text: 'Age of the oldest statistics samples kept.',
  },
  outbox_max_messages: {
    kind: 'integer',
    default: '10000',
    text: 'Most messages that wait for delivery.',
  },
  outbox_max_age: {
    kind: 'duration',
    default: '3d',
    text: 'A message that could not be delivered for so long is given up.',
  },
  asset_env: {
    kind: 'string',
    aliases: ['environment', 'environnement'],
    text: 'Asset data: environment name, pushed only when set.',
  },
  sec_zone: { kind: 'string', text: 'Asset data: security zone.' },
  team_integ: { kind: 'string', text: 'Asset data: integration team.' },
  team_support: { kind: 'string', text: 'Asset data: support team.' },
  loc_country: { kind: 'string', text: 'Asset location: country.' },
  loc_city: { kind: 'string', text: 'Asset location: city.' },
  loc_zip: { kind: 'string', text: 'Asset location: postal code.' },
  loc_addr: { kind: 'string', text: 'Asset location: address.' },
  loc_building: { kind: 'string', text: 'Asset location: building.' },
  loc_floor: { kind: 'string', text: 'Asset location: floor.' },
  loc_room: { kind: 'string', text: 'Asset location: room.' },
  loc_rack: { kind: 'string', text: 'Asset location: rack.' },
  connect_to: { kind: 'string', text: 'Address under which the collector reaches the node.' },
  ...Object.fromEntries(
    [
      'mem_bytes',
      'mem_banks',
      'mem_slots',
      'os_vendor',
      'os_release',
      'os_kernel',
      'os_arch',
      'cpu_freq',
      'cpu_threads',
      'cpu_cores',
      'cpu_dies',
      'cpu_model',
      'serial',
      'bios_version',
      'sp_version',
      'enclosure',
      'manufacturer',
      'model',
      'tz',
    ].map((name) => [
      name,
      { kind: 'string' as const, text: `Replaces the probe of ${name} in the inventory.` },
    ]),
  ),
});

const listenerKeywords = defineKeywords({
  addr: { kind: 'string', default: '0.0.0.0', text: 'Address that the socket entry listens on.' },
  port: { kind: 'integer', default: '1214', text: 'Port that the socket entry listens on.' },
});

/** The section that sends the log to the system log as well (spec service 11.4). */
export const syslogKeywords = defineKeywords({
  facility: {
    kind: 'lower',
    default: 'daemon',
    candidates: Object.keys(syslogFacilities),
    strict: true,
    text: 'Facility of the records.',
  },
  level: {
    kind: 'lower',
    default: 'info',
    candidates: ['debug', 'info', 'warning', 'error', 'critical'],
    strict: true,
    text: 'Lowest level that is sent.',
  },
  host: {
    kind: 'string',
    text: 'Host that records are sent to, over UDP. Default: the daemon of this host.',
  },
  port: { kind: 'integer', default: '514', text: 'Its port.' },
  socket: {
    kind: 'path',
    default: '/dev/log',
    text: 'Socket of the daemon of this host. Where there is none, its UDP port is tried.',
  },
});

/** What services of this node do when they say nothing themselves. */
const serviceDefaults = defineKeywords({
  schedule: { kind: 'schedule', text: 'Default for all services of the node; `@0` is never.' },
});

/** Every section of node.conf that is ours, with its keywords. */
export const nodeSections: Readonly<Record<string, KeywordTable>> = {
  node: nodeKeywords,
  listener: listenerKeywords,
  syslog: syslogKeywords,
  ...Object.fromEntries(nodeTasks.map(({ section }) => [section, scheduleKeywords])),
  ...Object.fromEntries(
    [...scheduledActions.map(({ name }) => name), syncAction].map((name) => [
      name,
      serviceDefaults,
    ]),
  ),
};
