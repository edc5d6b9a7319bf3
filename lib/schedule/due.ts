/** Is a task due? */
import { calendarDate } from './calendar.js';
import { catchUpOf, knownLast, type ScheduleContext } from './context.js';
import { latestOccurrence } from './cron-rule.js';
import { exclusionAt } from './exclusion.js';
import { type FilterName, refusalOf } from './filters.js';
import type { CronDefinition, NativeDefinition, Schedule, Timerange } from './model.js';
import {
  firstDayAround,
  intervalOver,
  lastDayAround,
  lastSecondOf,
  type Occurrence,
  occurrenceOn,
  spreadMinutes,
} from './occurrence.js';
import { formatClock } from './timestamp.js';

/** What can stand in the way of a run, in the order it is asked. */
export type ConstraintName =
  | 'schedule'
  | 'exclusion'
  | FilterName
  | 'window'
  | 'interval'
  | 'spread';

export type Verdict =
  | {
      readonly due: true;
      /** UTC ms of the slot: the window that is open, or the time a cron occurrence stays due. */
      readonly begin: number;
      /** The first instant after the slot. */
      readonly end: number;
      /** The recorded last run lies in the future and was not believed. */
      readonly futureLast: boolean;
    }
  | {
      readonly due: false;
      /** The constraint that failed: that of the inclusion that came nearest to a run. */
      readonly constraint: ConstraintName;
      readonly reason: string;
      readonly futureLast: boolean;
    };

/** Judges a schedule at `context.now`. Needs neither the clock nor chance. */
export function evaluate(schedule: Schedule, context: ScheduleContext): Verdict {
  const { now } = context;
  const last = knownLast(context.last, now);
  const futureLast = last !== context.last;
  const refuse = ({ constraint, reason }: Refusal): Verdict => ({
    due: false,
    constraint,
    reason,
    futureLast,
  });

  if (!schedule.definitions.some((definition) => !definition.exclude)) return refuse(noSchedule);
  if (exclusionAt(schedule, now, context) !== undefined)
    return refuse({ constraint: 'exclusion', reason: 'excluded' });

  let nearest = noSchedule;
  for (const definition of schedule.definitions) {
    if (definition.exclude) continue;
    const answers =
      definition.kind === 'cron'
        ? [judgeCron(definition, last, context)]
        : definition.timeranges.map((range) => judgeTimerange(definition, range, last, context));
    for (const answer of answers) {
      if (!('constraint' in answer)) return { due: true, ...answer, futureLast };
      if (progress[answer.constraint] > progress[nearest.constraint]) nearest = answer;
    }
  }
  return refuse(nearest);
}

interface Refusal {
  readonly constraint: ConstraintName;
  readonly reason: string;
}

type Slot = Pick<Occurrence, 'begin' | 'end'>;

const noSchedule: Refusal = { constraint: 'schedule', reason: 'no schedule' };

/** How near to a run a refusal is. */
const progress: Readonly<Record<ConstraintName, number>> = {
  schedule: 0,
  exclusion: 1,
  month: 2,
  week: 3,
  day: 4,
  window: 5,
  interval: 6,
  spread: 7,
};

/** Judges one timerange of an inclusion; `last` is a last run that is believed. */
function judgeTimerange(
  definition: NativeDefinition,
  timerange: Timerange,
  last: number | null,
  context: ScheduleContext,
): Slot | Refusal {
  if (timerange.intervalMs === 0) return noSchedule;
  const { now, zone } = context;
  const lastSecond = lastSecondOf(timerange, context);
  const lastDay = lastDayAround(now, zone);
  let nearest: Refusal | undefined;
  for (let day = firstDayAround(now, lastSecond, zone); day <= lastDay; day++) {
    const occurrence = occurrenceOn(day, timerange, lastSecond, zone);
    if (now < occurrence.begin || now >= occurrence.end) continue;
    const refused = refusalOf(definition, calendarDate(day));
    const answer = refused
      ? filterRefusal(refused)
      : judgeOpen(timerange, occurrence, last, context);
    if (!('constraint' in answer)) return answer;
    if (nearest === undefined || progress[answer.constraint] > progress[nearest.constraint])
      nearest = answer;
  }
  if (nearest !== undefined) return nearest;
  const today = refusalOf(definition, calendarDate(lastDay - 1));
  return today ? filterRefusal(today) : { constraint: 'window', reason: 'outside the window' };
}

/** Judges a cron inclusion: due while an occurrence newer than the last run may be caught up. */
function judgeCron(
  definition: CronDefinition,
  last: number | null,
  context: ScheduleContext,
): Slot | Refusal {
  const { now, zone, hashSeed = '' } = context;
  const catchUpMs = catchUpOf(context);
  const rule = definition.rule(definition.expression, hashSeed);
  // Most often an occurrence is a few seconds old; looking there first keeps dense expressions cheap.
  const begin =
    latestOccurrence(rule, zone, now - Math.min(catchUpMs, 60_000), now) ??
    latestOccurrence(rule, zone, now - catchUpMs, now);
  if (begin === undefined) return { constraint: 'window', reason: 'outside the window' };
  if (last !== null && last >= begin)
    return { constraint: 'interval', reason: 'already run in this window' };
  return { begin, end: begin + catchUpMs };
}

function judgeOpen(
  timerange: Timerange,
  occurrence: Occurrence,
  last: number | null,
  context: ScheduleContext,
): Slot | Refusal {
  const { begin, end } = occurrence;
  const { intervalMs } = timerange;
  if (last !== null) {
    if (intervalMs === undefined && last >= begin)
      return { constraint: 'interval', reason: 'already run in this window' };
    if (intervalMs !== undefined && context.now < intervalOver(last, intervalMs))
      return { constraint: 'interval', reason: 'too soon' };
  }
  const minutes = spreadMinutes(timerange, occurrence, context);
  const opening = begin + (minutes ?? 0) * 60_000;
  if (context.now < opening) {
    const minute = formatClock(opening, context.zone);
    return { constraint: 'spread', reason: `waiting for its spread minute (${minute})` };
  }
  return { begin, end };
}

function filterRefusal(name: FilterName): Refusal {
  return { constraint: name, reason: `not an allowed ${name}` };
}
