/** Schedules back to text, in one canonical spelling. */
import type {
  DayRule,
  Definition,
  Modulo,
  Monthday,
  NumberFilter,
  NumberRule,
  Span,
  Timerange,
} from './model.js';
import { monthNames, weekdayNames } from './names.js';
import { formatSeconds } from './timestamp.js';

/** Text that reads back as an equal definition. */
export function formatDefinition(definition: Definition): string {
  const body =
    definition.kind === 'cron'
      ? definition.expression
      : dropStars([
          definition.timeranges.map(formatTimerange).join(','),
          definition.days.map(formatDay).join(','),
          formatNumbers(definition.weeks, 53, String),
          formatNumbers(definition.months, 12, (month) => shortName(monthNames, month)),
        ]).join(' ');
  return definition.exclude ? `! ${body}` : body;
}

export function formatTimerange({ tilde, intervalMs, ...range }: Timerange): string {
  const window = formatWindow(range);
  const interval = intervalMs === undefined ? '' : `@${formatInterval(intervalMs)}`;
  return `${tilde ? '~' : ''}${window === '*' && interval ? '' : window}${interval}`;
}

/** `HH:MM-HH:MM`, a single time, or `*`. */
export function formatWindow(
  range: Pick<Timerange, 'window' | 'beginSeconds' | 'endSeconds'>,
): string {
  const { window, beginSeconds, endSeconds } = range;
  if (window === 'all') return '*';
  const begin = formatSeconds(beginSeconds);
  if (window === 'moment') return begin;
  // An end at second 59 is written without seconds, unless that would read as a single time.
  const minute = endSeconds - 59;
  const short = endSeconds % 60 === 59 && minute % 86_400 !== beginSeconds;
  return `${begin}-${short ? formatSeconds(minute) : formatExact(endSeconds)}`;
}

function formatExact(second: number): string {
  const text = formatSeconds(second);
  return text.length === 5 ? `${text}:00` : text;
}

/** Minutes when they are whole, otherwise seconds. */
function formatInterval(intervalMs: number): string {
  return intervalMs % 60_000 === 0 ? String(intervalMs / 60_000) : `${intervalMs / 1_000}s`;
}

function formatDay({ weekdays, monthday }: DayRule): string {
  const names = weekdays === undefined ? '' : formatSpan(weekdays, weekdayShort);
  return monthday.kind === 'any' ? names || '*' : `${names}:${formatMonthday(monthday)}`;
}

function formatMonthday(monthday: Exclude<Monthday, { kind: 'any' }>): string {
  switch (monthday.kind) {
    case 'day':
      return String(monthday.n);
    case 'day-last':
    case 'nth-last':
      return `-${monthday.n}`;
    case 'nth':
      return `+${monthday.n}`;
    case 'modulo':
      return formatModulo(monthday.modulo);
  }
}

function formatNumbers(filter: NumberFilter, max: number, name: (n: number) => string): string {
  return filter.rules.map((rule) => formatNumber(rule, max, name)).join(',');
}

function formatNumber(rule: NumberRule, max: number, name: (n: number) => string): string {
  const all = rule.begin === 1 && rule.end === max;
  if (rule.modulo === undefined) return all ? '*' : formatSpan(rule, name);
  return `${all ? '' : formatSpan(rule, name)}${formatModulo(rule.modulo)}`;
}

function formatModulo({ divisor, shift }: Modulo): string {
  return shift === 0 ? `%${divisor}` : `%${divisor}+${shift}`;
}

function formatSpan({ begin, end }: Span, name: (n: number) => string): string {
  return begin === end ? name(begin) : `${name(begin)}-${name(end)}`;
}

const weekdayShort = (weekday: number) => shortName(weekdayNames, weekday);

function shortName(names: readonly string[], number: number): string {
  return (names[number - 1] ?? '').slice(0, 3);
}

/** Leaves out the `*` fields at the end; the first field stays. */
function dropStars(fields: readonly string[]): string[] {
  let length = fields.length;
  while (length > 1 && fields[length - 1] === '*') length -= 1;
  return fields.slice(0, length);
}
