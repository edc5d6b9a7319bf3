/** svcmgr run: runs task resources now, or with --cron those whose schedule says so. */
import { createInterface } from 'node:readline/promises';
import { AgentError } from '../../errors/agent-error.js';
import { tick } from '../../scheduler/tick.js';
import type { InstalledService } from '../../service/installed.js';
import { groupOf } from '../../service/sections.js';
import { openService } from '../../service/service.js';
import type { App } from '../app.js';
import { defineCommand, dryRunOption } from '../command.js';
import { runInForeground } from '../run-in-foreground.js';
import { serviceContext } from '../service-context.js';
import { ridsOf, selected, selectorOption } from './selection.js';

export default defineCommand({
  options: {
    ...selectorOption,
    rid: {
      type: 'string',
      value: 'RID',
      describe: 'only these tasks, separated by commas (task#1)',
    },
    cron: { type: 'boolean', default: false, describe: 'in the background, and only what is due' },
    confirm: {
      type: 'boolean',
      default: false,
      describe: 'answer yes to the confirmation of a task',
    },
    force: { type: 'boolean', alias: 'f', default: false, describe: 'also on a frozen service' },
    ...dryRunOption('show what would be run, run nothing'),
  },
  examples: [
    ['$0 -s web run --rid task#1', 'one task, now, in the foreground; the run is recorded'],
    ['$0 -s web run', 'every task of the service, one after the other'],
  ],
  async run(app, args) {
    const services = await selected(app, args);
    const rids = args.rid === undefined ? undefined : ridsOf(args.rid);
    if (args.cron) {
      const scopes = new Set(services.map(({ scope }) => scope));
      await tick(
        await app.scheduler(),
        ({ scope, section }) =>
          scopes.has(scope) && groupOf(section) === 'task' && (rids?.includes(section) ?? true),
      );
      return 0;
    }
    const tasks: Task[] = [];
    for (const service of services) tasks.push(...(await tasksOf(app, service, rids)));
    if (args['dry-run']) {
      for (const { scope, rid, label } of tasks) {
        app.note(`${app.nodename}.${scope}.${rid} run ${label}`);
      }
      return 0;
    }
    let worst = 0;
    for (const { scope, rid, confirmation } of tasks) {
      const confirmed = args.confirm || (confirmation ? await ask(app, scope, rid) : undefined);
      const options = { force: args.force, ...(confirmed !== undefined && { confirmed }) };
      try {
        const key = { scope, action: rid, section: rid };
        const { code, interrupted } = await runInForeground(app, key, options);
        worst = Math.max(worst, code);
        if (interrupted) break;
      } catch (error) {
        // What keeps one task from running is no reason to leave out the others.
        if (!(error instanceof AgentError) || tasks.length === 1) throw error;
        app.note(`${scope} ${rid}: ${error.message}`);
        worst = Math.max(worst, error.exitCode);
      }
    }
    return worst;
  },
});

interface Task {
  readonly scope: string;
  readonly rid: string;
  readonly label: string;
  readonly confirmation: boolean;
}

/** The selected tasks of a service; without a selection those that are not disabled. */
async function tasksOf(
  app: App,
  { file, scope }: InstalledService,
  rids: readonly string[] | undefined,
): Promise<Task[]> {
  const { resources } = await openService(file, serviceContext(app));
  const tasks = resources.filter(({ group }) => group === 'task');
  const wanted = rids?.flatMap((rid) => (rid === 'task' ? tasks.map((task) => task.rid) : [rid]));
  const unknown = wanted?.find((rid) => !tasks.some((task) => task.rid === rid));
  if (unknown !== undefined) {
    const names = tasks.map(({ rid }) => rid).join(', ');
    throw new AgentError('E_NO_RESOURCE', `${scope}: there is no task ${unknown}`, {
      remedy: names === '' ? 'it has no task' : `its tasks are ${names}`,
    });
  }
  const chosen = wanted
    ? wanted.flatMap((rid) => tasks.filter((task) => task.rid === rid))
    : tasks.filter(({ disabled }) => !disabled);
  return chosen.map(({ rid, label, values }) => ({
    scope,
    rid,
    label,
    confirmation: values?.['confirmation'] === true,
  }));
}

const patienceMs = 30_000;

/** Asks at the terminal; without one there is no answer. Silence is a no. */
async function ask(app: App, scope: string, rid: string): Promise<boolean | undefined> {
  const input = app.edge.stdin();
  if (!input.isTTY) return undefined;
  const terminal = createInterface({ input, output: app.edge.dialogue() });
  try {
    const signal = AbortSignal.timeout(patienceMs);
    return (await terminal.question(`run ${scope} ${rid}? (yes/no) `, { signal })) === 'yes';
  } catch {
    return false;
  } finally {
    terminal.close();
  }
}
