/**
 * Local wall time and instants. A wall time is written as if its digits were UTC: 09:00 on a day is
 * that day's number times 86,400,000 plus nine hours, whatever the zone.
 */
import type { Zone } from './zone.js';

const HOUR_MS = 3_600_000;
// Offsets lie between -12 h and +14 h: these two instants surround every instant of a wall time.
const PROBE_BACK_MS = 15 * HOUR_MS;
const PROBE_FORWARD_MS = 13 * HOUR_MS;

export interface ResolvedWall {
  /** The instant, the first one when the wall time is repeated. */
  readonly first: number;
  /** The second instant of a repeated wall time, otherwise the same as `first`. */
  readonly last: number;
  /** The wall time does not exist; the instants are moved forward by the size of the gap. */
  readonly gap: boolean;
  readonly highestOffset: number;
  /** No clock change near this wall time. */
  readonly steady: boolean;
}

export function offsetMsAt(zone: Zone, utcMs: number): number {
  return zone.offsetMinutesAt(utcMs) * 60_000;
}

export function wallOf(zone: Zone, utcMs: number): number {
  return utcMs + offsetMsAt(zone, utcMs);
}

/** The instants of a wall time, in UTC ms. */
export function resolveWall(zone: Zone, wallMs: number): ResolvedWall {
  const before = offsetMsAt(zone, wallMs - PROBE_BACK_MS);
  const after = offsetMsAt(zone, wallMs + PROBE_FORWARD_MS);
  const early = wallMs - before;
  if (before === after)
    return { first: early, last: early, gap: false, highestOffset: before, steady: true };
  const late = wallMs - after;
  const earlyExists = offsetMsAt(zone, early) === before;
  const lateExists = offsetMsAt(zone, late) === after;
  return {
    first: earlyExists || !lateExists ? early : late,
    last: lateExists ? late : early,
    gap: !earlyExists && !lateExists,
    highestOffset: Math.max(before, after),
    steady: false,
  };
}

/** The instant of a wall time: the first one when repeated, moved forward when missing. */
export function firstInstant(zone: Zone, wallMs: number): number {
  const before = offsetMsAt(zone, wallMs - PROBE_BACK_MS);
  if (before === offsetMsAt(zone, wallMs + PROBE_FORWARD_MS)) return wallMs - before;
  return resolveWall(zone, wallMs).first;
}

/** As `firstInstant`, but the second one when repeated. */
export function lastInstant(zone: Zone, wallMs: number): number {
  const before = offsetMsAt(zone, wallMs - PROBE_BACK_MS);
  if (before === offsetMsAt(zone, wallMs + PROBE_FORWARD_MS)) return wallMs - before;
  return resolveWall(zone, wallMs).last;
}
