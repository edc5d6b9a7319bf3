import { AgentError } from '../errors/agent-error.js';

/** Codes of a malformed schedule; `docs/schedules.md` has one row for each. */
export type ScheduleErrorCode =
  | 'E_JSON'
  | 'E_FIELDS'
  | 'E_EMPTY'
  | 'E_AT'
  | 'E_INTERVAL'
  | 'E_DASH'
  | 'E_TIME'
  | 'E_COLON'
  | 'E_MONTHDAY'
  | 'E_NAME'
  | 'E_WEEK'
  | 'E_RANGE'
  | 'E_MODULO'
  | 'E_MACRO'
  | 'E_CRON';

const texts: Record<Exclude<ScheduleErrorCode, 'E_CRON'>, string> = {
  E_JSON: 'expected a JSON list of strings',
  E_FIELDS: 'too many fields',
  E_EMPTY: 'empty element',
  E_AT: 'a timerange takes one interval',
  E_INTERVAL: 'invalid duration',
  E_DASH: 'a range takes one dash',
  E_TIME: 'invalid time',
  E_COLON: 'a day takes one colon',
  E_MONTHDAY: 'invalid day of month',
  E_NAME: 'unknown name',
  E_WEEK: 'invalid week',
  E_RANGE: 'out of range',
  E_MODULO: 'invalid modulo',
  E_MACRO: 'unknown macro',
};

/**
 * A schedule that cannot be read. The message is `<text> in '<element>'`; whoever knows the keyword
 * puts `schedule <section>.<param>: ` in front of it.
 */
export class ScheduleError extends AgentError {
  declare readonly code: ScheduleErrorCode;
  /** The part of the schedule the error is about, as it was written. */
  readonly element: string;

  constructor(code: Exclude<ScheduleErrorCode, 'E_CRON'>, element: string);
  constructor(code: 'E_CRON', element: string, text: string, cause: unknown);
  constructor(code: ScheduleErrorCode, element: string, text?: string, cause?: unknown) {
    super(code, `${code === 'E_CRON' ? text : texts[code]} in '${element}'`, {
      exit: 'config',
      remedy: "try the expression with 'nodemgr schedule test'",
      cause,
    });
    this.name = 'ScheduleError';
    this.element = element;
  }
}
