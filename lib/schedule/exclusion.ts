/** Exclusions: windows in which nothing is due, whatever the inclusions say. */
import { calendarDate } from './calendar.js';
import { ceilMinute, type ScheduleContext } from './context.js';
import { endOfHeldMinutes, holdsMinute } from './cron-rule.js';
import { refusalOf } from './filters.js';
import type { Definition, NativeDefinition, Schedule } from './model.js';
import { firstDayAround, lastDayAround, type Occurrence, occurrenceOn } from './occurrence.js';
import type { Zone } from './zone.js';

/** The exclusion that forbids `atMs`, or undefined. */
export function exclusionAt(
  schedule: Schedule,
  atMs: number,
  context: ScheduleContext,
): Definition | undefined {
  for (const definition of schedule.definitions)
    if (definition.exclude && excludedUntil(definition, atMs, context) !== undefined)
      return definition;
  return undefined;
}

/** True when an exclusion forbids every minute of every day, so that no search can succeed. */
export function forbidsAlways(schedule: Schedule, { hashSeed = '' }: ScheduleContext): boolean {
  return schedule.definitions.some((definition) => {
    if (!definition.exclude) return false;
    if (definition.kind === 'native') return coversEverything(definition);
    const rule = definition.rule(definition.expression, hashSeed);
    const everyMinute = rule.minutes.length === 60 && rule.hours.length === 24;
    return everyMinute && rule.everyDay && !rule.months.includes(false, 1);
  });
}

/** The first whole minute from `atMs` on, itself a whole minute, that no exclusion forbids. */
export function pastExclusions(
  schedule: Schedule,
  atMs: number,
  limitMs: number,
  context: ScheduleContext,
): number {
  let time = atMs;
  for (let moved = true; moved && time <= limitMs; ) {
    moved = false;
    for (const definition of schedule.definitions) {
      if (!definition.exclude) continue;
      const end = excludedUntil(definition, time, context);
      if (end === undefined) continue;
      time = ceilMinute(end);
      moved = true;
    }
  }
  return time;
}

/** The occurrence of an exclusion window that contains `atMs`, with its opening date allowed. */
export function exclusionWindowAt(
  definition: NativeDefinition,
  atMs: number,
  zone: Zone,
): Occurrence | undefined {
  const lastDay = lastDayAround(atMs, zone);
  for (const timerange of definition.timeranges) {
    const first = firstDayAround(atMs, timerange.endSeconds, zone);
    for (let day = first; day <= lastDay; day++) {
      if (refusalOf(definition, calendarDate(day)) !== undefined) continue;
      const occurrence = occurrenceOn(day, timerange, timerange.endSeconds, zone);
      if (occurrence.begin <= atMs && atMs < occurrence.end) return occurrence;
    }
  }
  return undefined;
}

function coversEverything({ timeranges, days, weeks, months }: NativeDefinition): boolean {
  return (
    months.allowed === undefined &&
    weeks.allowed === undefined &&
    days.some((rule) => rule.weekdays === undefined && rule.monthday.kind === 'any') &&
    timeranges.some((range) => range.beginSeconds === 0 && range.endSeconds === 86_399)
  );
}

function excludedUntil(
  definition: Definition,
  atMs: number,
  { zone, hashSeed = '' }: ScheduleContext,
): number | undefined {
  if (definition.kind === 'native') return exclusionWindowAt(definition, atMs, zone)?.end;
  const rule = definition.rule(definition.expression, hashSeed);
  return holdsMinute(rule, zone, atMs) ? endOfHeldMinutes(rule, zone, atMs) : undefined;
}
