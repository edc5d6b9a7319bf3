import { basename } from 'node:path';
import { resolvePaths } from '../../env/paths.js';
import { AgentError } from '../../errors/agent-error.js';
import type { OperationName } from '../../service/operations.js';
import type { CommandEntry } from '../command.js';
import { runProgram } from '../main.js';
import type { ProcessEdge } from '../process-edge.js';
import { reportError } from '../report-error.js';
import type { ExchangeName } from './collector-exchange.js';
import { hasSelector, normaliseSelector, serviceOfLink } from './selector-words.js';

/** Actions on resources: one file makes the command of each. */
const actions: Readonly<Record<OperationName, string>> = {
  start: 'start services',
  stop: 'stop services',
  restart: 'stop services and start them again',
  boot: 'what the start of the system does',
  shutdown: 'stop services, standby resources too',
  startstandby: 'start the standby resources',
  provision: 'make what the resources need, and start them',
  unprovision: 'stop the resources and destroy what they were made of',
  startip: 'start the ip resources',
  stopip: 'stop the ip resources',
  startdisk: 'start the disk resources',
  stopdisk: 'stop the disk resources',
  startfs: 'start the fs resources and the disks below',
  stopfs: 'stop the fs resources and the disks below',
  startshare: 'start the share resources',
  stopshare: 'stop the share resources',
  startcontainer: 'start the container resources',
  stopcontainer: 'stop the container resources',
  startapp: 'start the app resources',
  stopapp: 'stop the app resources',
  sync_all: 'synchronise to every target',
  sync_nodes: 'synchronise to the other nodes',
  sync_drp: 'synchronise to the nodes for disaster recovery',
  sync_update: 'update copies that know how',
  sync_full: 'copy everything anew',
  sync_verify: 'compare copies with what they are of',
  sync_resync: 'bring broken copies together again',
  resync: 'stop services, bring their broken copies together again, start them',
  sync_break: 'separate copies',
  sync_restore: 'bring copies back',
  sync_resume: 'let copies that stand still go on',
  sync_quiesce: 'let copies stand still',
  sync_split: 'make copies usable by themselves',
  sync_establish: 'join split copies to what they are of',
  sync_revert: 'undo a swap of copies',
  sync_swap: 'turn copies round: what was copied becomes the copy',
  prstart: 'take the SCSI reservations of the disks',
  prstop: 'give the SCSI reservations of the disks back',
  stonith: 'take the nodes off that the stonith resources name',
  presync: 'write what other nodes have to know of the resources',
  postsync: 'take in what another node has copied here',
  pg_freeze: 'let the programs and containers of services stand still',
  pg_thaw: 'let them go on',
  pg_kill: 'end them at once, without asking',
};

const actionEntries = Object.entries(actions).map(
  ([words, describe]): CommandEntry => ({
    words,
    describe,
    load: async () => ({
      default: (await import('./action.js')).actionCommand(words as OperationName),
    }),
  }),
);

/** What services exchange with a collector: one file makes the command of each. */
const collectorActions: Readonly<Record<ExchangeName, string>> = {
  push: 'send the configuration of services to the collector',
  push_config: 'the same',
  push_resinfo: 'send what resources tell of themselves to the collector',
  push_service_status: 'refresh the statuses of services, and send them to the collector',
  pull: 'take the configuration of services from the collector',
  dns_update: 'have the collector make records of addresses',
};

const collectorEntries = Object.entries(collectorActions).map(
  ([words, describe]): CommandEntry => ({
    words,
    describe,
    load: async () => ({
      default: (await import('./collector-exchange.js')).collectorCommand(words as ExchangeName),
    }),
  }),
);

/** The commands of svcmgr: listing them loads none. */
export const svcmgrCommands: readonly CommandEntry[] = [
  {
    words: 'print status',
    describe: 'the instances of services, resource by resource',
    load: () => import('./print-status.js'),
  },
  {
    words: 'status',
    describe: 'the overall status of a service as an exit code',
    load: () => import('./status.js'),
  },
  ...actionEntries,
  {
    words: 'prstatus',
    describe: 'whether this node holds the SCSI reservations of services',
    load: () => import('./prstatus.js'),
  },
  {
    words: 'freeze',
    describe: 'keep actions and the scheduler away from instances',
    load: async () => ({ default: (await import('./freeze.js')).freezeCommand('freeze') }),
  },
  {
    words: 'thaw',
    describe: 'let actions and the scheduler in again',
    load: async () => ({ default: (await import('./freeze.js')).freezeCommand('thaw') }),
  },
  {
    words: 'frozen',
    describe: 'whether a service is frozen, as an exit code',
    load: async () => ({ default: (await import('./freeze.js')).frozenCommand }),
  },
  {
    words: 'clear',
    describe: 'forget a failed action and tries to restart',
    load: () => import('./clear.js'),
  },
  { words: 'abort', describe: 'end the action that runs', load: () => import('./abort.js') },
  {
    words: 'switch',
    describe: 'stop the instance here and start it on another node',
    load: async () => ({ default: (await import('./relocate.js')).relocateCommand('switch') }),
  },
  {
    words: 'migrate',
    describe: 'move running virtual machines to another node',
    load: async () => ({ default: (await import('./relocate.js')).relocateCommand('migrate') }),
  },
  {
    words: 'takeover',
    describe: 'stop the instance elsewhere and start it here',
    load: async () => ({ default: (await import('./relocate.js')).relocateCommand('takeover') }),
  },
  {
    words: 'giveback',
    describe: 'bring the instance back to the first of its nodes',
    load: async () => ({ default: (await import('./relocate.js')).relocateCommand('giveback') }),
  },
  ...(['docker', 'podman'] as const).map(
    (client): CommandEntry => ({
      words: client,
      describe: `${client} with the containers of a service`,
      load: async () => ({
        default: (await import('./passthrough.js')).passthroughCommand(client),
      }),
    }),
  ),
  { words: 'enter', describe: 'a shell in a container', load: () => import('./enter.js') },
  {
    words: 'mon',
    describe: 'the node and its services at a glance',
    load: () => import('./mon.js'),
  },
  {
    words: 'svcmon',
    describe: 'one row for each service; svcmon is the same',
    load: () => import('./svcmon.js'),
  },
  {
    words: 'print resource status',
    describe: 'the status of one resource, as a word',
    load: () => import('./print-resource-status.js'),
  },
  {
    words: 'print resinfo',
    describe: 'what resources tell of themselves',
    load: async () => ({ default: (await import('./print-resources.js')).printResinfo }),
  },
  {
    words: 'print devs',
    describe: 'the block devices of resources',
    load: async () => ({ default: (await import('./print-resources.js')).printDevices }),
  },
  {
    words: 'resource monitor',
    describe: 'start failed resources again, as the tick does',
    load: async () => ({ default: (await import('./resource-monitor.js')).resourceMonitor }),
  },
  {
    words: 'toc',
    describe: 'take the monitor_action of services',
    load: async () => ({ default: (await import('./resource-monitor.js')).toc }),
  },
  {
    words: 'set_provisioned',
    describe: 'mark resources as provisioned',
    load: async () => ({ default: (await import('./set-provisioned.js')).setProvisioned(true) }),
  },
  {
    words: 'set_unprovisioned',
    describe: 'mark resources as not provisioned',
    load: async () => ({ default: (await import('./set-provisioned.js')).setProvisioned(false) }),
  },
  { words: 'ls', describe: 'the services of this node', load: () => import('./ls.js') },
  { words: 'create', describe: 'make a service', load: () => import('./create.js') },
  {
    words: 'run',
    describe: 'run tasks now, or with --cron when they are due',
    load: () => import('./run.js'),
  },
  {
    words: 'print schedule',
    describe: 'the scheduled tasks of services',
    load: () => import('./print-schedule.js'),
  },
  {
    words: 'print runs',
    describe: 'what ran, what did not, and why',
    load: () => import('./print-runs.js'),
  },
  {
    words: 'explain schedule',
    describe: 'why a task runs or does not run',
    load: () => import('./explain-schedule.js'),
  },
  {
    words: 'print config',
    describe: 'the configuration of a service',
    load: () => import('./print-config.js'),
  },
  {
    words: 'print keywords',
    describe: 'what may stand in the configuration of a service',
    load: () => import('./print-keywords.js'),
  },
  { words: 'get', describe: 'one value of a service', load: () => import('./get.js') },
  { words: 'set', describe: 'change values of services', load: () => import('./set.js') },
  { words: 'unset', describe: 'remove keys from services', load: () => import('./unset.js') },
  {
    words: 'update',
    describe: 'add resources to services, or change theirs',
    load: () => import('./update.js'),
  },
  {
    words: 'enable',
    describe: 'let actions and schedules have services or resources again',
    load: () => import('./enable.js'),
  },
  {
    words: 'disable',
    describe: 'keep actions and schedules away from services or resources',
    load: () => import('./disable.js'),
  },
  {
    words: 'edit config',
    describe: 'edit a service, checked before it is replaced',
    load: () => import('./edit-config.js'),
  },
  {
    words: 'validate config',
    describe: 'check the configuration of services',
    load: () => import('./validate-config.js'),
  },
  {
    words: 'delete',
    describe: 'remove a service with its logs',
    load: () => import('./delete.js'),
  },
  ...collectorEntries,
  { words: 'logs', describe: 'the log of a service', load: () => import('./logs.js') },
  {
    words: 'scheduler',
    describe: 'run what is due in services',
    load: () => import('./scheduler.js'),
  },
];

export const svcmgrProgram = {
  name: 'svcmgr',
  describe: 'Services of this node: `svcmgr -s NAME COMMAND`, or `svcmgr NAME COMMAND`.',
  commands: svcmgrCommands,
  groups: {
    print: 'show data',
    resource: 'look after resources',
    explain: 'say why',
    edit: 'change with an editor',
    validate: 'check',
  },
} as const;

/**
 * @param program path that svcmgr was called by: `svcmon` stands for that command, the link of a
 * service for that service
 */
export async function runSvcmgr(edge: ProcessEdge, program?: string): Promise<void> {
  const linked = serviceOfLink(resolvePaths(edge), program);
  if (linked === undefined && basename(program ?? '') === 'svcmon') {
    return runSvcmgr({ ...edge, argv: ['svcmon', ...edge.argv] });
  }
  const implied = linked ?? (edge.env['OSVC_SERVICE_LINK'] || undefined);
  const chosen = hasSelector(edge.argv);
  if (linked !== undefined && chosen) {
    const error = new AgentError('E_USAGE', `${program} is the service ${linked}`, {
      exit: 'usage',
      remedy: 'leave out the selection, or call svcmgr itself',
    });
    return reportError(edge, svcmgrProgram.name, error);
  }
  const argv = implied === undefined || chosen ? edge.argv : ['--service', implied, ...edge.argv];
  return runProgram(svcmgrProgram, { ...edge, argv: normaliseSelector(argv, svcmgrCommands) });
}
