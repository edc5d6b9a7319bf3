/** When a task will run next. */
import { calendarDate, DAY_MS, daysUntilNextMonth } from './calendar.js';
import { catchUpOf, ceilMinute, knownLast, type ScheduleContext } from './context.js';
import { nextOccurrence } from './cron-rule.js';
import { forbidsAlways, pastExclusions } from './exclusion.js';
import { refusalOf } from './filters.js';
import type { CronDefinition, NativeDefinition, Schedule, Timerange } from './model.js';
import {
  firstDayAround,
  intervalOver,
  lastSecondOf,
  type Occurrence,
  occurrenceOn,
  spreadMinutes,
} from './occurrence.js';

/** Eight years hold a leap day even around 2100. */
const HORIZON_DAYS = 8 * 365 + 3;

/**
 * The first whole minute from `context.now` on at which the task is due with the same last run, in
 * UTC ms; undefined when there is none within 8 years and 1 day. Walks dates, never minutes.
 */
export function nextRun(schedule: Schedule, context: ScheduleContext): number | undefined {
  if (forbidsAlways(schedule, context)) return undefined;
  let best: number | undefined;
  let limit = context.now + HORIZON_DAYS * DAY_MS;
  for (const definition of schedule.definitions) {
    if (definition.exclude) continue;
    const searches =
      definition.kind === 'cron'
        ? [nextOfCron(schedule, definition, limit, context)]
        : definition.timeranges.map((range) =>
            nextOfTimerange(schedule, definition, range, limit, context),
          );
    for (const found of searches) {
      if (found === undefined || (best !== undefined && found >= best)) continue;
      best = found;
      limit = found;
    }
  }
  return best;
}

/**
 * The runs that follow `context.now`, each found as if the one before it had started at its minute.
 * Endless unless `count` is given, and lazy: take what is needed.
 */
export function* nextRuns(
  schedule: Schedule,
  context: ScheduleContext,
  count = Number.POSITIVE_INFINITY,
): Generator<number, void, undefined> {
  let { now, last } = context;
  for (let found = 0; found < count; found++) {
    const run = nextRun(schedule, { ...context, now, last });
    if (run === undefined) return;
    yield run;
    now = run + 60_000;
    last = run;
  }
}

function nextOfTimerange(
  schedule: Schedule,
  definition: NativeDefinition,
  timerange: Timerange,
  limit: number,
  context: ScheduleContext,
): number | undefined {
  const { now, zone } = context;
  const { intervalMs } = timerange;
  if (intervalMs === 0) return undefined;
  const last = knownLast(context.last, now);
  const notBefore =
    last !== null && intervalMs !== undefined ? Math.max(now, intervalOver(last, intervalMs)) : now;
  const lastSecond = lastSecondOf(timerange, context);

  for (let day = firstDayAround(notBefore, lastSecond, zone); ; ) {
    // No window opens more than a day before its date begins in UTC.
    if ((day - 1) * DAY_MS > limit) return undefined;
    const date = calendarDate(day);
    const refused = refusalOf(definition, date);
    if (refused !== undefined) {
      day += refused === 'month' ? daysUntilNextMonth(date) : 1;
      continue;
    }
    const occurrence = occurrenceOn(day, timerange, lastSecond, zone);
    if (occurrence.begin > limit) return undefined;
    if (occurrence.end > notBefore) {
      const found = firstRunInside(schedule, timerange, occurrence, context);
      if (found !== undefined) return found <= limit ? found : undefined;
    }
    day += 1;
  }
}

function firstRunInside(
  schedule: Schedule,
  timerange: Timerange,
  occurrence: Occurrence,
  context: ScheduleContext,
): number | undefined {
  const { begin, end } = occurrence;
  const { intervalMs } = timerange;
  let time = ceilMinute(Math.max(begin, context.now));
  let spread = false;
  while (time < end) {
    const last = knownLast(context.last, time);
    if (last !== null && intervalMs === undefined && last >= begin) return undefined;
    if (last !== null && intervalMs !== undefined && time < intervalOver(last, intervalMs)) {
      time = ceilMinute(intervalOver(last, intervalMs));
      continue;
    }
    if (!spread) {
      // Asked last, because the draw is the costly part.
      spread = true;
      const opening = begin + (spreadMinutes(timerange, occurrence, context) ?? 0) * 60_000;
      if (opening > time) {
        time = ceilMinute(opening);
        continue;
      }
    }
    const free = pastExclusions(schedule, time, end, context);
    if (free === time) return time;
    time = free;
  }
  return undefined;
}

function nextOfCron(
  schedule: Schedule,
  definition: CronDefinition,
  limit: number,
  context: ScheduleContext,
): number | undefined {
  const { zone, hashSeed = '' } = context;
  const catchUpMs = catchUpOf(context);
  const rule = definition.rule(definition.expression, hashSeed);
  let time = ceilMinute(context.now);
  while (time <= limit) {
    const last = knownLast(context.last, time);
    const after = Math.max(time - catchUpMs, last ?? Number.NEGATIVE_INFINITY);
    const occurrence = nextOccurrence(rule, zone, after, limit);
    if (occurrence === undefined) return undefined;
    if (occurrence > time) {
      time = ceilMinute(occurrence);
      continue;
    }
    const free = pastExclusions(schedule, time, limit, context);
    if (free === time) return time;
    time = free;
  }
  return undefined;
}
