/** Cron expressions read with cron-parser: the only file that loads it. */
import { type CronExpression, CronExpressionParser } from 'cron-parser';
import type { CalendarDate } from './calendar.js';
import type { CronRule } from './cron-rule.js';
import type { CronDefinition } from './model.js';
import { ScheduleError } from './schedule-error.js';

/** Reads the fields of a cron definition, or its macro. Throws `E_MACRO` and `E_CRON`. */
export function parseCron(fields: readonly string[]): Pick<CronDefinition, 'expression' | 'rule'> {
  const expression = fields.length === 1 ? macroOf(fields[0] ?? '') : fields.join(' ');
  ruleOf(expression, '');
  return { expression, rule: ruleOf };
}

const macros = new Set([
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@hourly',
  '@minutely',
  '@weekdays',
  '@weekends',
]);

/** cron-parser knows its macros in lower case only, and has no word for midnight. */
function macroOf(written: string): string {
  const word = written.toLowerCase();
  const macro = word === '@midnight' ? '@daily' : word;
  if (!macros.has(macro)) throw new ScheduleError('E_MACRO', written);
  return macro;
}

const rules = new Map<string, CronRule>();
const MAX_RULES = 10_000;

function ruleOf(expression: string, hashSeed: string): CronRule {
  // Only a hashed field depends on the seed.
  const key = expression.includes('H') ? `${expression}\n${hashSeed}` : expression;
  let rule = rules.get(key);
  if (rule === undefined) {
    if (rules.size >= MAX_RULES) rules.clear();
    rule = readRule(expression, hashSeed);
    rules.set(key, rule);
  }
  return rule;
}

function readRule(expression: string, hashSeed: string): CronRule {
  const { second, minute, hour, month, dayOfMonth, dayOfWeek } = parse(expression, hashSeed).fields;
  const monthValues = new Set<unknown>(month.values);
  const dates = new Set<unknown>(dayOfMonth.values);
  const weekdays = new Set<unknown>(dayOfWeek.values);
  const lastWeekdays = new Set(
    dayOfWeek.values
      .map(String)
      .flatMap((value) => (value.endsWith('L') ? [Number(value[0])] : [])),
  );

  const matchesDate = ({ date, daysInMonth }: CalendarDate) =>
    dates.has(date) || (dayOfMonth.hasLastChar && date === daysInMonth);

  const matchesWeekday = ({ date, daysInMonth, weekday }: CalendarDate) => {
    const rank = dayOfWeek.nthDay;
    if (weekdays.has(weekday % 7) && (rank <= 0 || Math.ceil(date / 7) === rank)) return true;
    const lastOfMonth = date > daysInMonth - 7;
    return lastOfMonth && (lastWeekdays.has(weekday) || lastWeekdays.has(weekday % 7));
  };

  return {
    seconds: [...second.values],
    minutes: [...minute.values],
    hours: [...hour.values],
    months: Array.from({ length: 13 }, (_, value) => monthValues.has(value)),
    // As cron(8): when both day fields are restricted, one of them is enough.
    matchesDay: (date) => {
      if (dayOfWeek.isWildcard) return matchesDate(date);
      if (dayOfMonth.isWildcard) return matchesWeekday(date);
      return matchesDate(date) || matchesWeekday(date);
    },
    everyDay: dayOfMonth.isWildcard && dayOfWeek.isWildcard,
  };
}

function parse(expression: string, hashSeed: string): CronExpression {
  try {
    // Without a seed cron-parser draws one at random.
    return CronExpressionParser.parse(expression, { hashSeed: hashSeed || '-' });
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new ScheduleError('E_CRON', expression, cause.message, cause);
  }
}
