/** What `validate config` says about a schedule that can be read but may not mean what was meant. */
import type { DayRule } from './model.js';
import { weekdayName } from './names.js';
import { routeOf, splitSchedule } from './parse.js';
import { parseDays } from './parse-filters.js';

export interface ScheduleWarning {
  /** The part of the schedule, as it was written. */
  readonly element: string;
  readonly text: string;
}

/** Doubtful weekdays of a well-formed schedule. Throws `ScheduleError` as reading it would. */
export function scheduleWarnings(text: string): ScheduleWarning[] {
  return splitSchedule(text).flatMap((definition) => {
    const { kind, fields } = routeOf(definition);
    const days = fields[1];
    if (kind === 'cron' || days === undefined) return [];
    const elements = days.split(',');
    return parseDays(days).flatMap((rule, index) => warningsOf(rule, elements[index] ?? days));
  });
}

function warningsOf({ weekdays }: DayRule, element: string): ScheduleWarning[] {
  if (weekdays === undefined) return [];
  const { begin, end } = weekdays;
  const names = begin === end ? weekdayName(begin) : `${weekdayName(begin)} to ${weekdayName(end)}`;
  const warnings: ScheduleWarning[] = [];
  if (/\d/.test(element.split(':')[0] ?? ''))
    warnings.push({ element, text: `weekdays count from 1 for monday: this is ${names}` });
  if (begin > end) {
    const count = 8 - begin + end;
    warnings.push({ element, text: `the range goes over sunday: ${names}, ${count} days` });
  }
  return warnings;
}
