import { nodeTasks } from '../../node/catalogue.js';
import type { Command, CommandEntry } from '../command.js';
import { runProgram } from '../main.js';
import type { ProcessEdge } from '../process-edge.js';

/** The commands of nodemgr: listing them loads none. */
export const nodemgrCommands: readonly CommandEntry[] = [
  {
    words: 'schedulers',
    describe: 'the minute job: run what is due on the node and in services',
    load: () => import('./schedulers.js'),
  },
  {
    words: 'scheduler',
    describe: 'run what is due on the node',
    load: () => import('./scheduler.js'),
  },
  {
    words: 'print schedule',
    describe: 'the node tasks with last run and schedule',
    load: () => import('./print-schedule.js'),
  },
  {
    words: 'print runs',
    describe: 'what ran, what did not, and why',
    load: () => import('./print-runs.js'),
  },
  { words: 'show run', describe: 'one run with its output', load: () => import('./show-run.js') },
  {
    words: 'explain schedule',
    describe: 'why a task runs or does not run',
    load: () => import('./explain-schedule.js'),
  },
  {
    words: 'schedule test',
    describe: 'judge any schedule expression',
    load: () => import('./schedule-test.js'),
  },
  ...nodeTasks.map(
    (task): CommandEntry => ({
      words: task.command,
      describe: task.describe,
      load: async () => ({
        default: (await import('./run-node-task.js')).nodeTaskCommand(task) as Command,
      }),
    }),
  ),
  ...(['asset', 'packages', 'checks', 'stats'] as const).map(
    (name): CommandEntry => ({
      words: `print ${name}`,
      describe: `the last result of ${{ asset: 'pushasset', packages: 'pushpkg', checks: 'checks', stats: 'collect stats' }[name]}`,
      load: async () => ({
        default: (await import('./print-results.js'))[name] as unknown as Command,
      }),
    }),
  ),
  { words: 'get', describe: 'one value of node.conf', load: () => import('./get.js') },
  { words: 'set', describe: 'change values of node.conf', load: () => import('./set.js') },
  { words: 'unset', describe: 'remove keys from node.conf', load: () => import('./unset.js') },
  {
    words: 'print config',
    describe: 'node.conf, secrets masked',
    load: () => import('./print-config.js'),
  },
  {
    words: 'edit config',
    describe: 'edit node.conf, checked before it is replaced',
    load: () => import('./edit-config.js'),
  },
  {
    words: 'validate config',
    describe: 'check node.conf',
    load: () => import('./validate-config.js'),
  },
  { words: 'logs', describe: 'the log of the node', load: () => import('./logs.js') },
  {
    words: 'doctor',
    describe: 'look for what keeps schedules from running',
    load: () => import('./doctor.js'),
  },
  {
    words: 'install',
    describe: 'install the cron entry or the systemd timer',
    load: () => import('./install.js'),
  },
];

export const nodemgrProgram = {
  name: 'nodemgr',
  describe: 'The node: schedules, inventory, checks. No daemon: cron starts it every minute.',
  commands: nodemgrCommands,
  groups: {
    print: 'show data',
    show: 'show one thing in full',
    explain: 'say why',
    schedule: 'try schedules',
    collect: 'sample the node',
    edit: 'change with an editor',
    validate: 'check',
  },
} as const;

export function runNodemgr(edge: ProcessEdge): Promise<void> {
  return runProgram(nodemgrProgram, edge);
}
