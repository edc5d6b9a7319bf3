import type { TaskWithHistory } from '../store/tasks.js';
import { defineShape } from './shape.js';
import { isoInstant, localMinute, localSecond } from './when.js';

export interface ScheduleRow {
  object: string;
  action: string;
  section: string;
  last_run: string | null;
  next_run: string | null;
  config_parameter: string;
  schedule_definition: string;
  last_run_at: string | null;
  next_run_at: string | null;
  last_success: string | null;
  last_state: string | null;
  last_rc: number | null;
  error: string | null;
}

const dash = (value: unknown): unknown => value ?? '-';

export const scheduleShape = defineShape<ScheduleRow>({
  schema: 'nodemgr.schedule.1',
  describe:
    'The schedules of the node (`nodemgr print schedule`) or of services (`svcmgr print schedule`).',
  fields: {
    object: { type: 'string', describe: '`node`, or the path of the service' },
    action: { type: 'string', describe: 'what is run', column: { minWidth: 21 } },
    section: { type: 'string', describe: 'the configuration section' },
    last_run: {
      type: 'string | null',
      describe: 'start of the last run, local `YYYY-MM-DD HH:MM:SS`',
      column: { title: 'last run', minWidth: 21, show: dash },
    },
    next_run: {
      type: 'string | null',
      describe: 'when it is due next, local `YYYY-MM-DD HH:MM`; null: never',
      column: { title: 'next run', minWidth: 19, show: dash },
    },
    config_parameter: {
      type: 'string',
      describe: 'where the schedule is written',
      column: { title: 'config parameter', minWidth: 24 },
    },
    schedule_definition: {
      type: 'string',
      describe: 'the schedule as written, `-` when there is none, `malformed: …` when it is wrong',
      column: {
        title: 'schedule definition',
        role: (_, row) => (row.error === null ? undefined : 'bad'),
      },
    },
    last_run_at: { type: 'string | null', describe: 'the same as last_run in RFC 3339' },
    next_run_at: { type: 'string | null', describe: 'the same as next_run in RFC 3339' },
    last_success: { type: 'string | null', describe: 'end of the last success, RFC 3339' },
    last_state: { type: 'string | null', describe: 'how the last run ended' },
    last_rc: { type: 'number | null', describe: 'exit code of the last run' },
    error: { type: 'string | null', describe: 'why the schedule cannot be used' },
  },
});

export function scheduleRows(tasks: readonly TaskWithHistory[]): ScheduleRow[] {
  return tasks
    .map((task) => ({
      object: task.scope,
      action: task.action,
      section: task.section,
      last_run: localSecond(task.lastAt) ?? null,
      next_run: localMinute(task.nextDue) ?? null,
      config_parameter: task.parameter,
      schedule_definition:
        task.error === null ? task.definition || '-' : `malformed: ${task.definition}`,
      last_run_at: isoInstant(task.lastAt),
      next_run_at: isoInstant(task.nextDue),
      last_success: isoInstant(task.successAt),
      last_state: task.lastState,
      last_rc: task.lastExit,
      error: task.error,
    }))
    .sort(
      (a, b) =>
        compare(a.object === 'node' ? '' : a.object, b.object === 'node' ? '' : b.object) ||
        compare(a.action, b.action) ||
        compare(a.section, b.section),
    );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
