/** Why a task is due or not: every constraint of a schedule, with its values. */
import { type CalendarDate, calendarDate, formatDate, isoWeek } from './calendar.js';
import { catchUpOf, floorMinute, knownLast, type ScheduleContext } from './context.js';
import { latestOccurrence } from './cron-rule.js';
import type { ConstraintName } from './due.js';
import { exclusionAt, exclusionWindowAt } from './exclusion.js';
import { allowsDay, type FilterName, refusalOf } from './filters.js';
import { formatDefinition, formatTimerange, formatWindow } from './format.js';
import type { CronDefinition, Definition, NativeDefinition, Schedule, Timerange } from './model.js';
import { monthName, weekdayName } from './names.js';
import {
  firstDayAround,
  intervalOver,
  lastDayAround,
  lastSecondOf,
  type Occurrence,
  occurrenceOn,
  spreadMinutes,
} from './occurrence.js';
import { formatClock, formatTimestamp } from './timestamp.js';

export interface Constraint {
  /** The definition in its canonical spelling; empty when the schedule as a whole is meant. */
  readonly definition: string;
  /** The timerange inside it; the same as the definition for a cron expression. */
  readonly timerange: string;
  readonly name: ConstraintName;
  readonly pass: boolean;
  /** One sentence with the values. */
  readonly text: string;
  /** On `spread`: minutes from the begin of the window to the opening of this node. */
  readonly spreadMinutes?: number;
}

/**
 * Every constraint at `context.now`: first the exclusions, then each timerange of each inclusion in
 * the order month, week, day, window, interval, spread. A timerange whose constraints all pass makes
 * the task due, unless an exclusion fails. What cannot be asked while the window is closed is left
 * out.
 */
export function explain(schedule: Schedule, context: ScheduleContext): Constraint[] {
  const { definitions } = schedule;
  const exclusions = definitions.filter((definition) => definition.exclude);
  const inclusions = definitions.filter((definition) => !definition.exclude);
  if (inclusions.length === 0) {
    const text = exclusions.length === 0 ? 'there is no schedule' : 'there are only exclusions';
    return [{ definition: '', timerange: '', name: 'schedule', pass: false, text }];
  }
  const last = knownLast(context.last, context.now);
  return [
    ...exclusions.map((definition) => explainExclusion(definition, context)),
    ...inclusions.flatMap((definition) =>
      definition.kind === 'cron'
        ? explainCron(definition, last, context)
        : definition.timeranges.flatMap((range) =>
            explainTimerange(definition, range, last, context),
          ),
    ),
  ];
}

type Details = Omit<Constraint, 'definition' | 'timerange'>;

function explainExclusion(definition: Definition, context: ScheduleContext): Constraint {
  const { now, zone } = context;
  const text = formatDefinition(definition);
  const excluded = exclusionAt({ definitions: [definition] }, now, context) !== undefined;
  const open =
    definition.kind === 'native' && excluded ? exclusionWindowAt(definition, now, zone) : undefined;
  const fact = excluded ? 'is excluded' : 'is not excluded';
  const bounds = open === undefined ? '' : `, ${describe(open, context)}`;
  return {
    definition: text,
    timerange: text,
    name: 'exclusion',
    pass: !excluded,
    text: `${formatTimestamp(now, zone)} ${fact}${bounds}`,
  };
}

function explainTimerange(
  definition: NativeDefinition,
  timerange: Timerange,
  last: number | null,
  context: ScheduleContext,
): Constraint[] {
  const names = {
    definition: formatDefinition(definition),
    timerange: formatTimerange(timerange),
  };
  if (timerange.intervalMs === 0)
    return [{ ...names, name: 'schedule', pass: false, text: 'the interval 0 means never' }];

  const { zone, now } = context;
  const open = openOccurrence(definition, timerange, context);
  const day = open?.day ?? lastDayAround(now, zone) - 1;
  const details = filterDetails(definition, calendarDate(day), open !== undefined);
  if (open === undefined) {
    const window = formatWindow(timerange);
    const clock = formatClock(now, zone);
    details.push({ name: 'window', pass: false, text: `${clock} is outside ${window}` });
  } else {
    details.push({ name: 'window', pass: true, text: describe(open, context) });
    details.push(intervalDetails(timerange, open, last, context));
    const spread = spreadDetails(timerange, open, context);
    if (spread !== undefined) details.push(spread);
  }
  return details.map((detail) => ({ ...names, ...detail }));
}

/** The occurrence around now: the one with the fewest objections when several overlap. */
function openOccurrence(
  definition: NativeDefinition,
  timerange: Timerange,
  context: ScheduleContext,
): Occurrence | undefined {
  const { now, zone } = context;
  const lastSecond = lastSecondOf(timerange, context);
  let open: Occurrence | undefined;
  for (let day = firstDayAround(now, lastSecond, zone); day <= lastDayAround(now, zone); day++) {
    const occurrence = occurrenceOn(day, timerange, lastSecond, zone);
    if (now < occurrence.begin || now >= occurrence.end) continue;
    if (open === undefined || refusalOf(definition, calendarDate(day)) === undefined)
      open = occurrence;
  }
  return open;
}

function filterDetails(
  definition: NativeDefinition,
  date: CalendarDate,
  opened: boolean,
): Details[] {
  const { months, weeks, days } = definition;
  const week = isoWeek(date);
  const [, dayField = '*', weekField = '*', monthField = '*'] = formatDefinition({
    ...definition,
    exclude: false,
  }).split(' ');
  const detail = (name: FilterName, value: string, field: string, pass: boolean): Details => ({
    name,
    pass,
    text:
      field === '*'
        ? `${value}: every ${name} is allowed`
        : `${value} is ${pass ? '' : 'not '}in '${field}'`,
  });
  const dateText = `${weekdayName(date.weekday)} ${formatDate(date.day)}`;
  return [
    detail('month', monthName(date.month), monthField, months.allowed?.[date.month] !== false),
    detail('week', `week ${week}`, weekField, weeks.allowed?.[week] !== false),
    detail(
      'day',
      opened ? `the opening date ${dateText}` : dateText,
      dayField,
      allowsDay(days, date),
    ),
  ];
}

function intervalDetails(
  { intervalMs }: Timerange,
  { begin }: Occurrence,
  last: number | null,
  context: ScheduleContext,
): Details {
  const { now, zone } = context;
  const name = 'interval';
  if (last === null) {
    const ignored = context.last !== null;
    const text = ignored
      ? `the last run, ${formatTimestamp(context.last, zone)}, lies in the future and does not count`
      : 'there was no run yet';
    return { name, pass: true, text };
  }
  const lastText = formatTimestamp(last, zone);
  if (intervalMs === undefined) {
    const pass = last < begin;
    const text = pass
      ? `the last run, ${lastText}, was before this window`
      : `the last run, ${lastText}, was in this window, and one is allowed`;
    return { name, pass, text };
  }
  const wholeMinutes = intervalMs % 60_000 === 0;
  const elapsed = wholeMinutes ? floorMinute(now) - floorMinute(last) : now - last;
  return {
    name,
    pass: now >= intervalOver(last, intervalMs),
    text: `${duration(elapsed)} since the last run, ${lastText}; the interval is ${duration(intervalMs)}`,
  };
}

function spreadDetails(
  timerange: Timerange,
  occurrence: Occurrence,
  context: ScheduleContext,
): Details | undefined {
  const minutes = spreadMinutes(timerange, occurrence, context);
  if (minutes === undefined) return undefined;
  const opening = occurrence.begin + minutes * 60_000;
  return {
    name: 'spread',
    pass: context.now >= opening,
    text: `this node opens at ${formatClock(opening, context.zone)}, ${duration(minutes * 60_000)} into the window`,
    spreadMinutes: minutes,
  };
}

function explainCron(
  definition: CronDefinition,
  last: number | null,
  context: ScheduleContext,
): Constraint[] {
  const { now, zone, hashSeed = '' } = context;
  const text = formatDefinition(definition);
  const names = { definition: text, timerange: text };
  const catchUpMs = catchUpOf(context);
  const rule = definition.rule(definition.expression, hashSeed);
  const occurrence = latestOccurrence(rule, zone, now - catchUpMs, now);
  if (occurrence === undefined) {
    const missing = `no occurrence in the ${duration(catchUpMs)} before ${formatTimestamp(now, zone)}`;
    return [{ ...names, name: 'window', pass: false, text: missing }];
  }
  const at = formatTimestamp(occurrence, zone);
  const window = `the occurrence of ${at} may run for ${duration(catchUpMs)}`;
  const lastText =
    last === null ? 'there was no run yet' : `the last run was ${formatTimestamp(last, zone)}`;
  return [
    { ...names, name: 'window', pass: true, text: window },
    { ...names, name: 'interval', pass: last === null || last < occurrence, text: lastText },
  ];
}

function describe({ begin, end }: Occurrence, { zone }: ScheduleContext): string {
  const from = formatTimestamp(begin, zone);
  const to = formatTimestamp(end - 1_000, zone);
  const sameDay = from.slice(0, 10) === to.slice(0, 10);
  return `open from ${from} to ${sameDay ? to.slice(11) : to}`;
}

function duration(ms: number): string {
  const sign = ms < 0 ? '-' : '';
  let rest = Math.floor(Math.abs(ms) / 1_000);
  const parts: string[] = [];
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return sign + (parts.join('') || '0m');
}
