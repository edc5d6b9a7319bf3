/** explain schedule: why a task runs or does not run, constraint by constraint. */
import { AgentError } from '../errors/agent-error.js';
import { evaluate } from '../schedule/due.js';
import { type Constraint, explain } from '../schedule/explain.js';
import { nextRuns } from '../schedule/next.js';
import { formatTimestamp, parseTimestamp } from '../schedule/timestamp.js';
import { evaluationOf, lastOf, zoneOf } from '../scheduler/evaluation.js';
import { freshenIndex } from '../scheduler/fresh-index.js';
import { runTable } from '../store/runs.js';
import { type TaskWithHistory, taskTable } from '../store/tasks.js';
import type { App } from './app.js';
import type { Args, OptionTable } from './command.js';
import { runDocument } from './run-shape.js';
import { defineShape } from './shape.js';
import { localMinute } from './when.js';

interface Explanation {
  object: string;
  action: string;
  section: string;
  config_parameter: string;
  schedule_definition: string;
  at: string;
  last_run: string | null;
  due: boolean;
  reason: string | null;
  error: string | null;
  timezone: string;
  catchup: string;
  spread_offset_minutes: number | null;
  next_runs: readonly string[];
  constraints: readonly Constraint[];
  last_runs: readonly { id: number; state: string; slot: string | null; reason: string | null }[];
}

export const explainShape = defineShape<Explanation>({
  schema: 'nodemgr.explanation.1',
  describe: 'Why a task is due or not (`explain schedule`).',
  fields: {
    object: { type: 'string', describe: '`node`, or the path of the service' },
    action: { type: 'string', describe: 'the task' },
    section: { type: 'string', describe: 'its configuration section' },
    config_parameter: { type: 'string', describe: 'where the schedule is written' },
    schedule_definition: { type: 'string', describe: 'the schedule as written' },
    at: { type: 'string', describe: 'the instant of the judgement, in the zone of the task' },
    last_run: { type: 'string | null', describe: 'start of the last run' },
    due: { type: 'boolean', describe: 'whether it would start now' },
    reason: { type: 'string | null', describe: 'the first constraint that fails' },
    error: { type: 'string | null', describe: 'why the schedule cannot be used' },
    timezone: { type: 'string', describe: 'the zone it is judged in' },
    catchup: { type: 'string', describe: 'what happens to slots that passed' },
    spread_offset_minutes: {
      type: 'number | null',
      describe:
        'minutes after the begin of the window, the present one or else the next, at which this node starts',
    },
    next_runs: { type: 'string[]', describe: 'the next five runs' },
    constraints: { type: 'object[]', describe: 'each constraint with `pass` and a sentence' },
    last_runs: { type: 'object[]', describe: 'the newest rows of the ledger' },
  },
});

export const explainOptions = {
  at: {
    type: 'string',
    value: 'TIME',
    describe: 'judge at this time (YYYY-MM-DD HH:MM[:SS]); default now',
  },
} as const satisfies OptionTable;

/** @param name the action, or the section, of one of the tasks in `scope` */
export async function explainSchedule(
  app: App,
  args: Args<typeof explainOptions>,
  scope: string,
  name: string,
): Promise<void> {
  const store = await app.store();
  const stale = await freshenIndex(await app.scheduler(), store);
  if (stale) app.note(`warning: ${stale.message}`);
  const task = findTask(taskTable(store).ofScope(scope), scope, name);
  const zone = zoneOf(task.error === null ? task.timezone : null);
  const now = args.at === undefined ? app.clock.now() : parseTimestamp(args.at, zone);
  const runs = runTable(store).list({ scopes: [scope], task: task.section, limit: 5 });
  const facts = {
    object: scope,
    action: task.action,
    section: task.section,
    config_parameter: task.parameter,
    schedule_definition: task.definition,
    at: formatTimestamp(now, zone),
    last_run: task.lastAt === null ? null : formatTimestamp(task.lastAt, zone),
    error: task.error,
    timezone: zone.name,
    catchup: task.catchup,
    last_runs: runs.map(runDocument).map(({ id, state, slot_begin, reason }) => ({
      id,
      state,
      slot: slot_begin,
      reason,
    })),
  };
  const explanation =
    task.error === null
      ? { ...facts, ...(await judge(task)) }
      : {
          ...facts,
          due: false,
          reason: task.error,
          spread_offset_minutes: null,
          next_runs: [],
          constraints: [],
        };
  await app.emit(
    { schema: explainShape.schema, data: explanation, text: () => tell(explanation) },
    args,
  );

  async function judge(row: TaskWithHistory) {
    const { schedule, context } = await evaluationOf(row, app.nodename, now, lastOf(row, now));
    const verdict = evaluate(schedule, context);
    const runs = [...nextRuns(schedule, context, 5)];
    const spreadAt = (at: number | undefined): number | undefined =>
      at === undefined
        ? undefined
        : explain(schedule, { ...context, now: at }).find(
            ({ spreadMinutes }) => spreadMinutes !== undefined,
          )?.spreadMinutes;
    return {
      due: verdict.due,
      reason: verdict.due ? null : verdict.reason,
      spread_offset_minutes: spreadAt(now) ?? spreadAt(runs[0]) ?? null,
      next_runs: runs.map((run) => formatTimestamp(run, zone)),
      constraints: explain(schedule, context),
    };
  }
}

function findTask(tasks: TaskWithHistory[], scope: string, name: string): TaskWithHistory {
  const found = tasks.find(({ action, section }) => action === name || section === name);
  if (found) return found;
  const names = tasks.map(({ action }) => action);
  throw new AgentError('E_NO_TASK', `${scope}: no scheduled task is named ${name}`, {
    remedy: names.length > 0 ? `its tasks are ${names.join(', ')}` : 'it has no scheduled task',
  });
}

function tell(e: Explanation): string {
  const lines = [
    `${e.object} ${e.action}: ${e.due ? 'due' : 'not due'} at ${e.at}${e.reason === null ? '' : `: ${e.reason}`}`,
    `  schedule  ${e.schedule_definition || '-'} (${e.config_parameter}, zone ${e.timezone}, catchup ${e.catchup})`,
    `  last run  ${e.last_run ?? 'never'}`,
    ...e.constraints.map(({ pass, text }) => `  ${pass ? 'pass' : 'fail'}      ${text}`),
  ];
  if (e.spread_offset_minutes !== null) {
    lines.push(`  spread    this node starts ${e.spread_offset_minutes} minutes into the window`);
  }
  lines.push(
    e.next_runs.length > 0 ? `  next      ${e.next_runs.join(', ')}` : '  next      never',
  );
  for (const { id, state, slot, reason } of e.last_runs) {
    lines.push(
      `  run ${id}     ${state}${slot ? ` for ${localMinute(Date.parse(slot))}` : ''}${reason ? `: ${reason}` : ''}`,
    );
  }
  return `${lines.join('\n')}\n`;
}
