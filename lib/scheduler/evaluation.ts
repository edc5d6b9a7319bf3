import { knownLast, type ScheduleContext } from '../schedule/context.js';
import type { Schedule } from '../schedule/model.js';
import { compileSchedule } from '../schedule/parse.js';
import { localZone, namedZone, type Zone } from '../schedule/zone.js';
import type { TaskRow } from '../store/tasks.js';

export interface Evaluation {
  schedule: Schedule;
  context: ScheduleContext;
}

type Scheduled = Pick<
  TaskRow,
  'scope' | 'action' | 'section' | 'definition' | 'timezone' | 'spreadable' | 'maxLatenessMs'
>;

const schedules = new Map<string, Promise<Schedule>>();
const mostSchedules = 1000;

/** Reads a schedule once for all tasks of this process that are written alike. */
function compiled(definition: string): Promise<Schedule> {
  let schedule = schedules.get(definition);
  if (!schedule) {
    if (schedules.size >= mostSchedules) schedules.clear();
    schedule = compileSchedule(definition);
    schedules.set(definition, schedule);
  }
  return schedule;
}

/** The zone a task's schedule is judged in: its own, else the zone of the process. */
export function zoneOf(timezone: string | null): Zone {
  return timezone ? namedZone(timezone) : localZone();
}

/**
 * What counts as the last run of a task at `now`, UTC ms: its last start, or the newest slot that was
 * decided otherwise (missed, skipped). What lies in the future is of a clock that was wrong.
 */
export function lastOf(
  task: { lastAt: number | null; slotAt: number | null } | undefined,
  now: number,
): number | null {
  const known = [task?.lastAt ?? null, task?.slotAt ?? null]
    .map((at) => knownLast(at, now))
    .filter((at) => at !== null);
  return known.length > 0 ? Math.max(...known) : null;
}

/**
 * Makes a task's schedule ready for questions about `now`. The spread draw (and with it the hash
 * library) is loaded only for schedules that can use it.
 *
 * @throws ScheduleError when the definition is malformed, AgentError for an unknown zone
 */
export async function evaluationOf(
  task: Scheduled,
  nodename: string,
  now: number,
  last: number | null,
): Promise<Evaluation> {
  const schedule = await compiled(task.definition);
  const seed = [nodename, task.scope, task.action, task.section] as const;
  const spread =
    task.spreadable || task.definition.includes('~')
      ? (await import('../schedule/spread.js')).spreadDraw(...seed)
      : undefined;
  return {
    schedule,
    context: {
      now,
      last: knownLast(last, now),
      zone: zoneOf(task.timezone),
      spreadable: task.spreadable === 1,
      hashSeed: seed.join('|'),
      ...(spread && { spread }),
      ...(task.maxLatenessMs !== null && { catchUpMs: task.maxLatenessMs }),
    },
  };
}
