/** svcmgr run: runs task resources now, or with --cron those whose schedule says so. */
import { createInterface } from 'node:readline/promises';
import { AgentError } from '../../errors/agent-error.js';
import { tick } from '../../scheduler/tick.js';
import type { InstalledService } from '../../service/installed.js';
import { namesLevels } from '../../service/level-filter.js';
import { groupOf } from '../../service/sections.js';
import { openService } from '../../service/service.js';
import type { App } from '../app.js';
import { type Args, defineCommand, dryRunOption } from '../command.js';
import type { GlobalArgs } from '../global-args.js';
import { runInForeground } from '../run-in-foreground.js';
import { serviceContext } from '../service-context.js';
import { levelOptions } from './level-options.js';
import type { InsideTasks } from './run-inside.js';
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
    ...levelOptions,
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
    const inside: InsideTasks[] = [];
    for (const one of services) {
      const found = await tasksOf(app, one, rids, args);
      tasks.push(...found.tasks);
      if (found.inside) inside.push(found.inside);
    }
    if (tasks.length + inside.length === 0) app.note('there is no task to run');
    if (args['dry-run']) {
      for (const { scope, rid, label } of tasks) {
        app.note(`${app.nodename}.${scope}.${rid} run ${label}`);
      }
      return runThose(app, inside, args);
    }
    let worst = 0;
    for (const { scope, rid, confirmation } of tasks) {
      const confirmed = args.confirm || (confirmation ? await ask(app, scope, rid) : undefined);
      const options = { force: args.force, ...(confirmed !== undefined && { confirmed }) };
      try {
        const key = { scope, action: rid, section: rid };
        const { code, interrupted } = await runInForeground(app, key, options);
        worst = Math.max(worst, code);
        if (interrupted) return worst;
      } catch (error) {
        // What keeps one task from running is no reason to leave out the others.
        if (!(error instanceof AgentError) || tasks.length + inside.length === 1) throw error;
        app.note(`${scope} ${rid}: ${error.message}`);
        worst = Math.max(worst, error.exitCode);
      }
    }
    return Math.max(worst, await runThose(app, inside, args));
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
  args: Args<typeof levelOptions> & GlobalArgs,
): Promise<{ tasks: Task[]; inside: InsideTasks | undefined }> {
  const service = await openService(file, serviceContext(app));
  const { resources } = service;
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
  const insideRids = chosen.filter((task) => task.inside).map(({ rid }) => rid);
  const isHere =
    !namesLevels(args) || (await (await import('./run-inside.js')).actsHere(app, service, args));
  const own = isHere ? chosen.filter(({ inside }) => !inside) : [];
  return {
    tasks: own.map(({ rid, label, values }) => ({
      scope,
      rid,
      label,
      confirmation: values?.['confirmation'] === true,
    })),
    inside: insideRids.length > 0 ? { service, rids: rids && insideRids } : undefined,
  };
}

/** Nothing is loaded for services without. */
async function runThose(
  app: App,
  inside: readonly InsideTasks[],
  args: Args<typeof levelOptions> & { force: boolean; confirm: boolean; 'dry-run': boolean },
): Promise<number> {
  if (inside.length === 0) return 0;
  const { runInside } = await import('./run-inside.js');
  return runInside(app, inside, args);
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
