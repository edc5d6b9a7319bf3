/** nodemgr schedule test: judges any schedule, without configuration and without a store. */
import { AgentError } from '../../errors/agent-error.js';
import { exitCodes } from '../../errors/exit-codes.js';
import { evaluate } from '../../schedule/due.js';
import { evaluateLine } from '../../schedule/evaluate-line.js';
import { type Constraint, explain } from '../../schedule/explain.js';
import { nextRuns } from '../../schedule/next.js';
import { compileSchedule } from '../../schedule/parse.js';
import { ScheduleError } from '../../schedule/schedule-error.js';
import { formatTimestamp, parseTimestamp } from '../../schedule/timestamp.js';
import { scheduleWarnings } from '../../schedule/warnings.js';
import { localZone, namedZone, type Zone } from '../../schedule/zone.js';
import type { App } from '../app.js';
import { defineCommand, type OptionTable } from '../command.js';
import { readLines } from '../read-lines.js';
import { defineShape } from '../shape.js';

interface ScheduleTest {
  expr: string;
  at: string;
  last: string | null;
  due: boolean;
  reason: string | null;
  code: string | null;
  next: string | null;
  next_runs: readonly string[];
  warnings: readonly string[];
  constraints: readonly Constraint[];
}

const shape = defineShape<ScheduleTest>({
  schema: 'nodemgr.schedule_test.1',
  describe: 'The judgement of one schedule (`schedule test`).',
  fields: {
    expr: { type: 'string', describe: 'the schedule' },
    at: { type: 'string', describe: 'the instant it is judged at, in its zone' },
    last: { type: 'string | null', describe: 'the last run that is assumed' },
    due: { type: 'boolean', describe: 'whether a task would run now' },
    reason: { type: 'string | null', describe: 'why not' },
    code: { type: 'string | null', describe: 'code of the error in a malformed schedule' },
    next: { type: 'string | null', describe: 'next run, `YYYY-MM-DD HH:MM`' },
    next_runs: { type: 'string[]', describe: 'the next runs' },
    warnings: { type: 'string[]', describe: 'what is allowed and probably not meant' },
    constraints: { type: 'object[]', describe: 'each constraint with `pass` and a sentence' },
  },
});

const mostRuns = 10_000;

const options = {
  at: {
    type: 'string',
    value: 'TIME',
    describe: 'judge at this time (YYYY-MM-DD HH:MM[:SS][ +HH]); default now',
  },
  last: { type: 'string', value: 'TIME', describe: 'assume this last run; default none' },
  count: { type: 'number', default: 5, value: 'N', describe: 'show so many next runs' },
  tz: {
    type: 'string',
    value: 'ZONE',
    describe: 'zone of the IANA database; default the zone of the node',
  },
  stdin: {
    type: 'boolean',
    default: false,
    describe: 'judge one JSON object per line of standard input, answer one per line',
  },
} as const satisfies OptionTable;

export default defineCommand({
  options,
  operands: [{ name: 'EXPRESSION', describe: 'the schedule; quote it' }],
  examples: [
    ["$0 schedule test '09:00-17:00@30 mon-fri'", 'is it due now, and when next'],
    ["$0 schedule test '@10' --last '2026-03-03 10:00' --at '2026-03-03 10:09'", 'at another time'],
  ],
  async run(app, args) {
    const zone = args.tz === undefined ? localZone() : namedZone(args.tz);
    const at = args.at === undefined ? app.clock.now() : parseTimestamp(args.at, zone);
    if (args.stdin) return testLines(app, { now: at, zone });
    const expr = args.operands[0];
    if (expr === undefined) {
      throw new AgentError('E_USAGE', 'an expression or --stdin is missing', {
        exit: 'usage',
        remedy: "write nodemgr schedule test '09:00-17:00@30 mon-fri'",
      });
    }
    const last = args.last === undefined ? null : parseTimestamp(args.last, zone);
    if (args.count > mostRuns) {
      throw new AgentError('E_USAGE', `--count: at most ${mostRuns}`, { exit: 'usage' });
    }
    const said = {
      expr,
      at: formatTimestamp(at, zone),
      last: last === null ? null : formatTimestamp(last, zone),
    };
    const result = await judge(expr).catch((error: unknown) => {
      if (!(error instanceof ScheduleError)) throw error;
      const { message, code } = error;
      const none = { next: null, next_runs: [], warnings: [], constraints: [] };
      return { ...said, due: false, reason: message, code, ...none } satisfies ScheduleTest;
    });
    await app.emit({ schema: shape.schema, data: result, text: () => sentence(result) }, args);
    return result.code === null ? 0 : exitCodes.config.code;

    async function judge(text: string): Promise<ScheduleTest> {
      const schedule = await compileSchedule(text);
      const context = { now: at, last, zone };
      const verdict = evaluate(schedule, context);
      const runs = [...nextRuns(schedule, context, Math.max(1, args.count))];
      const next_runs = runs.map((run) => formatTimestamp(run, zone));
      return {
        ...said,
        due: verdict.due,
        reason: verdict.due ? null : verdict.reason,
        code: null,
        next: next_runs[0] ?? null,
        next_runs,
        warnings: scheduleWarnings(text).map(
          ({ element, text: warning }) => `${warning} in '${element}'`,
        ),
        constraints: explain(schedule, context),
      };
    }
  },
});

function sentence(test: ScheduleTest): string {
  const lines = [
    test.code === null
      ? `${test.at}: ${test.due ? 'due' : `not due: ${test.reason}`}`
      : `malformed (${test.code}): ${test.reason}`,
    ...test.warnings.map((warning) => `warning: ${warning}`),
    ...test.constraints.map(({ pass, text }) => `  ${pass ? 'pass' : 'fail'}  ${text}`),
  ];
  if (test.code === null) {
    lines.push(test.next === null ? 'never runs' : 'next runs, each after the one before it:');
    lines.push(...test.next_runs.map((run) => `  ${run}`));
  }
  return `${lines.join('\n')}\n`;
}

/**
 * The bulk checker: one answer per line, in order, whatever the line holds. Answers leave before more
 * is read, so that a program can talk with it.
 */
async function testLines(app: App, assumed: { now: number; zone: Zone }): Promise<number> {
  for await (const lines of readLines(app.edge.stdin())) {
    const answers: string[] = [];
    for (const line of lines) {
      answers.push(`${JSON.stringify(await evaluateLine(line, assumed))}\n`);
    }
    app.print(answers.join(''));
    if (app.edge.stdout.closed) break;
  }
  return 0;
}
