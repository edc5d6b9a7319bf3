/** What a schedule is judged against. */
import type { Zone } from './zone.js';

/** The draw of one task: for an opening date `YYYY-MM-DD`, a number in [0, 1). */
export type Draw = (openingDate: string) => number;

export interface ScheduleContext {
  /** UTC ms. */
  readonly now: number;
  /** When the last run started, in UTC ms; null when there was none. */
  readonly last: number | null;
  readonly zone: Zone;
  /** Without a draw nothing is spread: the answers are eligibility alone. */
  readonly spread?: Draw | undefined;
  /** The task lets long windows be spread without a `~`. Default false. */
  readonly spreadable?: boolean | undefined;
  /** `nodename|scope|action|section`: decides the `H` fields of cron expressions. */
  readonly hashSeed?: string | undefined;
  /**
   * How long a cron occurrence stays due, and how long a single time without interval stays open
   * when that is more than its ten minutes. Default ten minutes.
   */
  readonly catchUpMs?: number | undefined;
}

const DEFAULT_CATCH_UP_MS = 600_000;

export function catchUpOf({ catchUpMs }: ScheduleContext): number {
  return catchUpMs ?? DEFAULT_CATCH_UP_MS;
}

const FUTURE_TOLERANCE_MS = 60_000;

/** A last run that lies more than a minute ahead of `atMs` is a clock that was wrong: no last run. */
export function knownLast(last: number | null, atMs: number): number | null {
  return last !== null && last - atMs > FUTURE_TOLERANCE_MS ? null : last;
}

export function floorMinute(utcMs: number): number {
  return Math.floor(utcMs / 60_000) * 60_000;
}

export function ceilMinute(utcMs: number): number {
  return Math.ceil(utcMs / 60_000) * 60_000;
}
