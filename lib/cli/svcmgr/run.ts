/** svcmgr run: runs task resources now, or with --cron those whose schedule says so. */
import { createInterface } from 'node:readline/promises';
import { AgentError } from '../../errors/agent-error.js';
import { tick } from '../../scheduler/tick.js';
import type { InstalledService } from '../../service/installed.js';
import { groupOf } from '../../service/sections.js';
import { readServiceFile } from '../../service/service-file.js';
import type { App } from '../app.js';
import { defineCommand } from '../command.js';
import { runInForeground } from '../run-in-foreground.js';
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
    const tasks = services.flatMap((service) =>
      tasksOf(app, service, rids).map((task) => ({ ...task, scope: service.scope })),
    );
    let worst = 0;
    for (const { scope, rid, confirmation } of tasks) {
      const confirmed = args.confirm || (confirmation ? await ask(app, scope, rid) : undefined);
      const options = confirmed === undefined ? {} : { confirmed };
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

/** The selected tasks of a service; without a selection those that are not disabled. */
function tasksOf(
  app: App,
  service: InstalledService,
  rids: readonly string[] | undefined,
): { rid: string; confirmation: boolean }[] {
  const { ini, evaluator } = readServiceFile(service.file, app);
  const isTrue = (rid: string, key: string): boolean =>
    /^(yes|y|true|t|1)$/i.test(evaluator.find(rid, key)?.text ?? '');
  const tasks = ini.sections.map(({ name }) => name).filter((name) => groupOf(name) === 'task');
  const wanted = rids?.flatMap((rid) => (rid === 'task' ? tasks : [rid])) ?? tasks;
  const unknown = wanted.find((rid) => !tasks.includes(rid));
  if (unknown !== undefined) {
    throw new AgentError('E_NO_RESOURCE', `${service.scope}: there is no task ${unknown}`, {
      remedy: tasks.length > 0 ? `its tasks are ${tasks.join(', ')}` : 'it has no task',
    });
  }
  return wanted
    .filter((rid) => rids !== undefined || !isTrue(rid, 'disable'))
    .map((rid) => ({ rid, confirmation: isTrue(rid, 'confirmation') }));
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
