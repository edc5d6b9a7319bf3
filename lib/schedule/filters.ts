/** Which dates a native definition allows. */
import { type CalendarDate, isoWeek } from './calendar.js';
import type { DayRule, NativeDefinition } from './model.js';
import { divides, spans } from './parse-filters.js';

export type FilterName = 'month' | 'week' | 'day';

/** The first filter that refuses an opening date, or undefined when all of them allow it. */
export function refusalOf(
  definition: NativeDefinition,
  date: CalendarDate,
): FilterName | undefined {
  const { months, weeks, days } = definition;
  if (months.allowed?.[date.month] === false) return 'month';
  if (weeks.allowed !== undefined && !weeks.allowed[isoWeek(date)]) return 'week';
  return allowsDay(days, date) ? undefined : 'day';
}

export function allowsDay(rules: readonly DayRule[], date: CalendarDate): boolean {
  for (const rule of rules) if (matchesDay(rule, date)) return true;
  return false;
}

function matchesDay({ weekdays, monthday }: DayRule, day: CalendarDate): boolean {
  if (weekdays !== undefined && !spans(weekdays, day.weekday)) return false;
  switch (monthday.kind) {
    case 'any':
      return true;
    case 'day':
      return day.date === monthday.n;
    case 'day-last':
      return day.daysInMonth - day.date + 1 === monthday.n;
    case 'nth':
      return Math.ceil(day.date / 7) === monthday.n;
    case 'nth-last':
      return Math.ceil((day.daysInMonth - day.date + 1) / 7) === monthday.n;
    case 'modulo':
      return divides(monthday.modulo, day.date);
  }
}
