/** A cron expression as sets of values. Its occurrences are found here, without any library. */
import { type CalendarDate, calendarDate, DAY_MS, daysUntilNextMonth } from './calendar.js';
import { offsetMsAt, resolveWall } from './wall-time.js';
import type { Zone } from './zone.js';

export interface CronRule {
  /** Sorted values of each field. */
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Indexed by month, 1 to 12. */
  readonly months: readonly boolean[];
  readonly matchesDay: (date: CalendarDate) => boolean;
  /** Neither day field is restricted. */
  readonly everyDay: boolean;
}

const HOUR_MS = 3_600_000;

/**
 * The first occurrence after `afterMs`, or undefined when there is none up to `limitMs` (UTC ms).
 *
 * Around a clock change a rule with `*` hours follows the hours that really pass. Any other rule
 * names wall times: a missing one moves forward by the gap, a repeated one counts the first time.
 * These are the occurrences that cron-parser's `next()` yields when it starts well before the change.
 * Its `next()` is not asked, because what it yields depends on where it starts and it loses
 * occurrences in zones that move by half an hour.
 */
export function nextOccurrence(
  rule: CronRule,
  zone: Zone,
  afterMs: number,
  limitMs: number,
): number | undefined {
  const everyHour = rule.hours.length === 24;
  // A day on each side, because a gap may swallow a whole day (Apia, 2011).
  const lowestOffset = Math.min(
    offsetMsAt(zone, afterMs - 25 * HOUR_MS),
    offsetMsAt(zone, afterMs),
    offsetMsAt(zone, afterMs + 25 * HOUR_MS),
  );
  const wallLimit = limitMs + DAY_MS;
  let best: number | undefined;
  let wall = nextWall(rule, afterMs + lowestOffset, wallLimit);
  while (wall !== undefined) {
    const { first, last, gap, highestOffset, steady } = resolveWall(zone, wall);
    if (best !== undefined && wall - highestOffset >= best) break;
    if (!(everyHour && gap)) {
      if (first > afterMs) best = Math.min(best ?? first, first);
      else if (everyHour && last > afterMs) best = Math.min(best ?? last, last);
    }
    if (best !== undefined && steady) break;
    wall = nextWall(rule, wall, wallLimit);
  }
  return best !== undefined && best <= limitMs ? best : undefined;
}

/** The latest occurrence in (afterMs, untilMs], or undefined. */
export function latestOccurrence(
  rule: CronRule,
  zone: Zone,
  afterMs: number,
  untilMs: number,
): number | undefined {
  let latest: number | undefined;
  let from = afterMs;
  for (;;) {
    const next = nextOccurrence(rule, zone, from, untilMs);
    if (next === undefined) return latest;
    latest = next;
    from = next;
  }
}

/** True when an occurrence falls into the minute of `atMs`. */
export function holdsMinute(rule: CronRule, zone: Zone, atMs: number): boolean {
  const minute = Math.floor(atMs / 60_000) * 60_000;
  return nextOccurrence(rule, zone, minute - 1, minute + 59_999) !== undefined;
}

/**
 * The end of the unbroken run of minutes holding an occurrence that contains `atMs`, at most up to
 * the next local midnight. The answer may be a part of the run: ask again until it is outside.
 */
export function endOfHeldMinutes(rule: CronRule, zone: Zone, atMs: number): number {
  const minute = Math.floor(atMs / 60_000) * 60_000;
  const offset = offsetMsAt(zone, minute);
  const wall = minute + offset;
  const midnight = Math.floor(wall / DAY_MS) * DAY_MS;
  let minuteOfDay = (wall - midnight) / 60_000;
  const onWall =
    rule.months[calendarDate(midnight / DAY_MS).month] === true &&
    rule.matchesDay(calendarDate(midnight / DAY_MS));
  const held = (n: number) =>
    rule.hours.includes(Math.floor(n / 60)) && rule.minutes.includes(n % 60);
  if (!onWall || !held(minuteOfDay)) return minute + 60_000;
  while (minuteOfDay < 1_440 && held(minuteOfDay)) {
    const wholeHour = rule.minutes.length === 60 && minuteOfDay % 60 === 0;
    minuteOfDay += wholeHour ? 60 : 1;
  }
  const end = midnight + minuteOfDay * 60_000 - offset;
  // Wall minutes are instants only while the offset stands still.
  return offsetMsAt(zone, end) === offset ? end : minute + 60_000;
}

/** The first wall time after `wallMs` that the fields allow. */
function nextWall(rule: CronRule, wallMs: number, limitMs: number): number | undefined {
  let wall = Math.floor(wallMs / 1_000) * 1_000 + 1_000;
  while (wall <= limitMs) {
    const day = Math.floor(wall / DAY_MS);
    const date = calendarDate(day);
    if (rule.months[date.month] !== true) {
      wall = (day + daysUntilNextMonth(date)) * DAY_MS;
      continue;
    }
    if (rule.matchesDay(date)) {
      const second = nextSecondOfDay(rule, (wall - day * DAY_MS) / 1_000);
      if (second !== undefined) return day * DAY_MS + second * 1_000;
    }
    wall = (day + 1) * DAY_MS;
  }
  return undefined;
}

function nextSecondOfDay(rule: CronRule, from: number): number | undefined {
  let hour = Math.floor(from / 3_600);
  let minute = Math.floor(from / 60) % 60;
  let second = atLeast(rule.seconds, from % 60);
  if (second === undefined) minute += 1;
  let foundMinute = atLeast(rule.minutes, minute);
  if (foundMinute === undefined) hour += 1;
  const foundHour = atLeast(rule.hours, hour);
  if (foundHour === undefined) return undefined;
  if (foundHour !== Math.floor(from / 3_600)) {
    foundMinute = rule.minutes[0];
    second = rule.seconds[0];
  } else if (foundMinute !== Math.floor(from / 60) % 60) {
    second = rule.seconds[0];
  }
  return foundHour * 3_600 + (foundMinute ?? 0) * 60 + (second ?? 0);
}

function atLeast(values: readonly number[], minimum: number): number | undefined {
  for (const value of values) if (value >= minimum) return value;
  return undefined;
}
