/** Windows on dates: when they open, when they close, and when a task may run inside them. */
import { DAY_MS, formatDate } from './calendar.js';
import { catchUpOf, floorMinute, type ScheduleContext } from './context.js';
import type { Timerange } from './model.js';
import { firstInstant, lastInstant, wallOf } from './wall-time.js';
import type { Zone } from './zone.js';

export interface Occurrence {
  /** Day number of the opening date. */
  readonly day: number;
  /** UTC ms of the first instant. */
  readonly begin: number;
  /** UTC ms of the first instant after the window. */
  readonly end: number;
}

/** The last second of a window, counted from midnight of its opening date. */
export type LastSecond = number;

/** Where an inclusion closes: a single time without interval stays open as long as a catch-up may. */
export function lastSecondOf(timerange: Timerange, context: ScheduleContext): LastSecond {
  const { window, beginSeconds, endSeconds, intervalMs } = timerange;
  if (window !== 'moment' || intervalMs !== undefined) return endSeconds;
  return Math.max(endSeconds, beginSeconds + Math.ceil(catchUpOf(context) / 1_000) - 1);
}

export function occurrenceOn(
  day: number,
  timerange: Timerange,
  lastSecond: LastSecond,
  zone: Zone,
): Occurrence {
  const { beginSeconds } = timerange;
  const midnight = day * DAY_MS;
  const begin = firstInstant(zone, midnight + beginSeconds * 1_000);
  const end = lastInstant(zone, midnight + lastSecond * 1_000) + 1_000;
  // A begin pushed out of a gap may land behind its end: the window then keeps its length.
  return { day, begin, end: end > begin ? end : begin + (lastSecond - beginSeconds + 1) * 1_000 };
}

/**
 * The first day whose occurrence may still be open at `atMs`. One more day than the window is long:
 * a clock change may move an occurrence into the next date.
 */
export function firstDayAround(atMs: number, lastSecond: LastSecond, zone: Zone): number {
  return Math.floor(wallOf(zone, atMs) / DAY_MS) - Math.floor(lastSecond / 86_400) - 1;
}

/** The last day whose occurrence may be open at `atMs`: midnight itself may be a repeated time. */
export function lastDayAround(atMs: number, zone: Zone): number {
  return Math.floor(wallOf(zone, atMs) / DAY_MS) + 1;
}

/** Minutes between the begin of the occurrence and its spread opening; undefined: not spread. */
export function spreadMinutes(
  timerange: Timerange,
  occurrence: Occurrence,
  context: ScheduleContext,
): number | undefined {
  const { spread, spreadable = false } = context;
  if (spread === undefined || !isSpread(timerange, spreadable)) return undefined;
  const drawn = Math.floor(spread(formatDate(occurrence.day)) * timerange.minutes);
  // On the short night of the year the window has fewer minutes than its bounds say. What falls
  // behind its end starts over at its begin, so that no node misses the night.
  const room = Math.floor((floorMinute(occurrence.end - 1) - occurrence.begin) / 60_000) + 1;
  return drawn % Math.max(room, 1);
}

/** True when a timerange allows one run per occurrence and is to be spread over its window. */
function isSpread(timerange: Timerange, spreadable: boolean): boolean {
  const { window, minutes, intervalMs, tilde } = timerange;
  if (intervalMs !== undefined && intervalMs < minutes * 60_000) return false;
  if (tilde) return true;
  return spreadable && minutes >= 60 && !(window === 'all' && intervalMs !== undefined);
}

/** The first instant at which the interval after `last` is over. */
export function intervalOver(last: number, intervalMs: number): number {
  // A pass starts a second or two late, never at the same second: whole minutes are compared.
  return (intervalMs % 60_000 === 0 ? floorMinute(last) : last) + intervalMs;
}
