/** Days, weeks and months: the fields that decide on which dates a window opens. */
import type { DayRule, Modulo, Monthday, NumberFilter, NumberRule, Span } from './model.js';
import { monthNames, numberOfName, rankOf, weekdayNames } from './names.js';
import { ScheduleError } from './schedule-error.js';

export function parseDays(field: string): DayRule[] {
  return elementsOf(field).map((element) => {
    const [weekdays = '', monthday, ...more] = element.split(':');
    if (more.length > 0) throw new ScheduleError('E_COLON', element);
    if (monthday === undefined && /^[+-]\d+$/.test(element))
      return { weekdays: undefined, monthday: parseMonthday(element, false, element) };
    const span = parseWeekdays(weekdays, monthday !== undefined, element);
    return {
      weekdays: span,
      monthday:
        monthday === undefined
          ? { kind: 'any' }
          : parseMonthday(monthday, span !== undefined, element),
    };
  });
}

export function parseWeeks(field: string): NumberFilter {
  return parseNumbers(field, 53, (text, element) => {
    if (!/^\d+$/.test(text)) throw new ScheduleError('E_WEEK', element);
    return inRange(text, 53, element);
  });
}

export function parseMonths(field: string): NumberFilter {
  return parseNumbers(field, 12, (text, element) => {
    if (/^\d+$/.test(text)) return inRange(text, 12, element);
    const month = numberOfName(monthNames, text);
    if (month === undefined) throw new ScheduleError('E_NAME', element);
    return month;
  });
}

/** A range that wraps when begin > end, as a test. */
export function spans({ begin, end }: Span, value: number): boolean {
  return begin <= end ? value >= begin && value <= end : value >= begin || value <= end;
}

function parseWeekdays(text: string, mayBeEmpty: boolean, element: string): Span | undefined {
  if (text === '*' || (text === '' && mayBeEmpty)) return undefined;
  return parseSpan(text, element, (name) => {
    if (/^\d+$/.test(name)) return inRange(name, 7, element);
    const weekday = numberOfName(weekdayNames, name);
    if (weekday === undefined) throw new ScheduleError('E_NAME', element);
    return weekday;
  });
}

function parseMonthday(text: string, ofWeekday: boolean, element: string): Monthday {
  if (text.startsWith('%')) return { kind: 'modulo', modulo: parseModulo(text, element) };
  const rank = rankOf(text);
  const signed = /^[+-]\d+$/.test(text);
  if (rank === undefined && !signed && !/^\d+$/.test(text))
    throw new ScheduleError('E_MONTHDAY', element);
  const value = rank ?? Number(text);
  if (value === 0) throw new ScheduleError('E_MONTHDAY', element);
  // `fri:2` is friday and the 2nd; `fri:+2` and `fri:second` are the second friday.
  const counted = ofWeekday && (signed || rank !== undefined);
  const n = Math.abs(value);
  if (n > (counted ? 5 : 31)) throw new ScheduleError('E_RANGE', element);
  if (counted) return { kind: value < 0 ? 'nth-last' : 'nth', n };
  return { kind: value < 0 ? 'day-last' : 'day', n };
}

function parseNumbers(
  field: string,
  max: number,
  parseValue: (text: string, element: string) => number,
): NumberFilter {
  const rules = elementsOf(field).map((element): NumberRule => {
    const percent = element.indexOf('%');
    const base = percent < 0 ? element : element.slice(0, percent);
    const modulo = percent < 0 ? undefined : parseModulo(element.slice(percent), element);
    const all = base === '*' || (base === '' && percent >= 0);
    const span = all
      ? { begin: 1, end: max }
      : parseSpan(base, element, (text) => parseValue(text, element));
    return { ...span, modulo };
  });
  const allowed = Array.from({ length: max + 1 }, (_, value) =>
    rules.some((rule) => allows(rule, value)),
  );
  allowed[0] = false;
  return { rules, allowed: allowed.slice(1).every(Boolean) ? undefined : allowed };
}

function allows(rule: NumberRule, value: number): boolean {
  return spans(rule, value) && (rule.modulo === undefined || divides(rule.modulo, value));
}

/** True when the modulo keeps the value. */
export function divides({ divisor, shift }: Modulo, value: number): boolean {
  return (value + shift) % divisor === 0;
}

function parseModulo(text: string, element: string): Modulo {
  const found = /^%(\d{1,9})(?:\+(\d{1,9}))?$/.exec(text);
  const divisor = Number(found?.[1] ?? 0);
  if (divisor === 0) throw new ScheduleError('E_MODULO', element);
  return { divisor, shift: Number(found?.[2] ?? 0) };
}

function parseSpan(text: string, element: string, parseValue: (text: string) => number): Span {
  const [from = '', to, ...more] = text.split('-');
  if (more.length > 0) throw new ScheduleError('E_DASH', element);
  const begin = parseValue(from);
  return { begin, end: to === undefined ? begin : parseValue(to) };
}

function inRange(digits: string, max: number, element: string): number {
  const value = Number(digits);
  if (value < 1 || value > max) throw new ScheduleError('E_RANGE', element);
  return value;
}

function elementsOf(field: string): string[] {
  const elements = field.split(',');
  if (elements.includes('')) throw new ScheduleError('E_EMPTY', field);
  return elements;
}
