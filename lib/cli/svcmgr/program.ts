import { resolvePaths } from '../../env/paths.js';
import { AgentError } from '../../errors/agent-error.js';
import type { CommandEntry } from '../command.js';
import { runProgram } from '../main.js';
import type { ProcessEdge } from '../process-edge.js';
import { reportError } from '../report-error.js';
import { hasSelector, normaliseSelector, serviceOfLink } from './selector-words.js';

/** The commands of svcmgr: listing them loads none. */
export const svcmgrCommands: readonly CommandEntry[] = [
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
    explain: 'say why',
    edit: 'change with an editor',
    validate: 'check',
  },
} as const;

/** @param program path that svcmgr was called by: the link of a service stands for that service */
export async function runSvcmgr(edge: ProcessEdge, program?: string): Promise<void> {
  const linked = serviceOfLink(resolvePaths(edge), program);
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
