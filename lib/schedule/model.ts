/** What a schedule is once it is read: plain data, compared by structure, safe to keep. */
import type { CronRule } from './cron-rule.js';

export interface Schedule {
  /** In the order they were written; the order has no meaning. */
  readonly definitions: readonly Definition[];
}

export type Definition = NativeDefinition | CronDefinition;

export interface NativeDefinition {
  readonly kind: 'native';
  /** Written with `!`: nothing is due while one of its windows is open. */
  readonly exclude: boolean;
  readonly timeranges: readonly Timerange[];
  readonly days: readonly DayRule[];
  readonly weeks: NumberFilter;
  readonly months: NumberFilter;
}

export interface CronDefinition {
  readonly kind: 'cron';
  readonly exclude: boolean;
  /** One blank between fields, macros in lower case. */
  readonly expression: string;
  /** What the expression means for one hash seed (`H` fields depend on it). */
  readonly rule: (expression: string, hashSeed: string) => CronRule;
}

export interface Timerange {
  /** `all`: no window or `*`. `moment`: a single time, open for ten minutes. */
  readonly window: 'all' | 'moment' | 'span';
  /** Seconds since local midnight of the opening date. */
  readonly beginSeconds: number;
  /** The last second of the window, 86,400 or more when it closes on the next day. */
  readonly endSeconds: number;
  /** Length of the window, the minutes of its begin and end both counted. */
  readonly minutes: number;
  /** Undefined: one run per occurrence. 0: never. */
  readonly intervalMs: number | undefined;
  /** Written with `~`. */
  readonly tilde: boolean;
}

export interface DayRule {
  /** ISO weekdays 1 (monday) to 7, wrapping when begin > end; undefined: any. */
  readonly weekdays: Span | undefined;
  readonly monthday: Monthday;
}

/** `nth` and `nth-last` count the weekday inside its month; `day-last` counts days from the end. */
export type Monthday =
  | { readonly kind: 'any' }
  | { readonly kind: 'day' | 'day-last' | 'nth' | 'nth-last'; readonly n: number }
  | { readonly kind: 'modulo'; readonly modulo: Modulo };

export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** Keeps the values v with (v + shift) mod divisor = 0. */
export interface Modulo {
  readonly divisor: number;
  readonly shift: number;
}

export interface NumberRule extends Span {
  readonly modulo: Modulo | undefined;
}

export interface NumberFilter {
  readonly rules: readonly NumberRule[];
  /** Indexed by month or ISO week number; undefined when every value is allowed. */
  readonly allowed: readonly boolean[] | undefined;
}
