/** Local timestamps as operators write and read them. */
import { AgentError } from '../errors/agent-error.js';
import { DAY_MS, dayNumber, daysInMonth, formatDate, twoDigits } from './calendar.js';
import { firstInstant, wallOf } from './wall-time.js';
import type { Zone } from './zone.js';

/**
 * Reads `YYYY-MM-DD HH:MM[:SS]` in the zone, optionally followed by ` +HH` or ` +HH:MM` (which tells
 * the two passes of a repeated hour apart), and ISO 8601 with `T`, a fraction, `Z` or an offset.
 * Answers UTC ms. A repeated time without offset is the first one, a missing one moves forward by
 * the gap. Throws `E_TIMESTAMP`.
 */
export function parseTimestamp(text: string, zone: Zone): number {
  const found = pattern.exec(text.trim());
  if (found === null) throw unreadable(text);
  const [, year, month, date, hour, minute, second = '0', fraction = '0', offset] = found;
  if (
    Number(month) < 1 ||
    Number(month) > 12 ||
    Number(date) < 1 ||
    Number(date) > daysInMonth(Number(year), Number(month)) ||
    Number(hour) > 23 ||
    Number(minute) > 59 ||
    Number(second) > 59
  )
    throw unreadable(text);
  const wall =
    dayNumber(Number(year), Number(month), Number(date)) * DAY_MS +
    (Number(hour) * 60 + Number(minute)) * 60_000 +
    Number(second) * 1_000 +
    Math.floor(Number(`0.${fraction}`) * 1_000);
  return offset === undefined ? firstInstant(zone, wall) : wall - parseOffset(offset, text);
}

/** `YYYY-MM-DD HH:MM` in the zone, with seconds when they are not zero. */
export function formatTimestamp(utcMs: number, zone: Zone): string {
  const wall = wallOf(zone, utcMs);
  return `${formatDate(Math.floor(wall / DAY_MS))} ${formatClock(utcMs, zone)}`;
}

/** `HH:MM` in the zone, with seconds when they are not zero. */
export function formatClock(utcMs: number, zone: Zone): string {
  const wall = wallOf(zone, utcMs);
  return formatSeconds(Math.floor((wall - Math.floor(wall / DAY_MS) * DAY_MS) / 1_000));
}

/** `HH:MM` for seconds since midnight, with seconds when they are not zero. */
export function formatSeconds(secondOfDay: number): string {
  const hours = twoDigits(Math.floor(secondOfDay / 3_600) % 24);
  const minutes = twoDigits(Math.floor(secondOfDay / 60) % 60);
  const seconds = secondOfDay % 60;
  return seconds === 0 ? `${hours}:${minutes}` : `${hours}:${minutes}:${twoDigits(seconds)}`;
}

const pattern =
  /^(\d{4})-(\d\d)-(\d\d)[ Tt](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?([+-]\d\d(?::?\d\d)?|[Zz]))?$/;

function parseOffset(offset: string, text: string): number {
  if (/^z$/i.test(offset)) return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(':', ''));
  if (hours > 14 || minutes > 59) throw unreadable(text);
  return (hours * 60 + minutes) * 60_000 * (offset.startsWith('-') ? -1 : 1);
}

function unreadable(text: string): AgentError {
  return new AgentError('E_TIMESTAMP', `'${text}' is not a time`, {
    exit: 'usage',
    remedy: "write it as '2026-03-29 02:30', '2026-10-25 02:30 +01' or '2026-03-29T02:30:00Z'",
  });
}
