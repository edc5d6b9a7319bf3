/** One line of the bulk checker `nodemgr schedule test --stdin`. */
import { AgentError } from '../errors/agent-error.js';
import type { Draw, ScheduleContext } from './context.js';
import { evaluate } from './due.js';
import type { Schedule } from './model.js';
import { nextRun } from './next.js';
import { compileSchedule } from './parse.js';
import { ScheduleError } from './schedule-error.js';
import { formatTimestamp, parseTimestamp } from './timestamp.js';
import { namedZone, type Zone } from './zone.js';

export interface LineDefaults {
  /** UTC ms, for lines without `at`. */
  readonly now: number;
  /** For lines without `tz`. */
  readonly zone: Zone;
}

export interface LineAnswer {
  /** Null when the line has none. */
  readonly expr: string | null;
  readonly due: boolean;
  readonly reason: string | null;
  readonly code: string | null;
  /** `YYYY-MM-DD HH:MM` in the zone of the line. */
  readonly next: string | null;
}

/**
 * Judges the schedule of one line, the JSON text of `{"expr","at","last","tz","spread","u"}`. `at`
 * and `last` are timestamps, `tz` a zone name, `spread` tells that the task is spreadable and `u`,
 * from 0 to below 1, is its draw; without `u` nothing is spread. All but `expr` may be left out or
 * null. Never throws for what a line holds: a line that cannot be read is answered with `E_LINE`,
 * an unknown zone with `E_TIMEZONE`, a malformed schedule with its own code.
 */
export async function evaluateLine(line: string, defaults: LineDefaults): Promise<LineAnswer> {
  let expr: string | null = null;
  try {
    const fields = readFields(line);
    expr = textOf(fields, 'expr') ?? null;
    if (expr === null) throw lineError('expr is missing');
    const context = contextOf(fields, defaults);
    const schedule = await compileSchedule(expr);
    return { expr, ...judge(schedule, context) };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    const known = error instanceof ScheduleError || error.code === 'E_TIMEZONE';
    const code = known ? error.code : 'E_LINE';
    return { expr, due: false, reason: error.message, code, next: null };
  }
}

function judge(schedule: Schedule, context: ScheduleContext): Omit<LineAnswer, 'expr'> {
  const verdict = evaluate(schedule, context);
  const next = nextRun(schedule, context);
  return {
    due: verdict.due,
    reason: verdict.due ? null : verdict.reason,
    code: null,
    next: next === undefined ? null : formatTimestamp(next, context.zone),
  };
}

function contextOf(fields: Fields, defaults: LineDefaults): ScheduleContext {
  const tz = textOf(fields, 'tz');
  const zone = tz === undefined ? defaults.zone : namedZone(tz);
  const at = textOf(fields, 'at');
  const last = textOf(fields, 'last');
  return {
    zone,
    now: at === undefined ? defaults.now : timeOf('at', at, zone),
    last: last === undefined ? null : timeOf('last', last, zone),
    spreadable: flagOf(fields, 'spread'),
    spread: drawOf(fields),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function readFields(line: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw lineError('the line is not JSON');
    throw cause;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw lineError('the line is not a JSON object');
  return { ...value };
}

function textOf(fields: Fields, key: string): string | undefined {
  const value = fields[key] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw lineError(`${key} is not a string`);
}

function flagOf(fields: Fields, key: string): boolean {
  const value = fields[key] ?? false;
  if (typeof value === 'boolean') return value;
  throw lineError(`${key} is not true or false`);
}

function drawOf(fields: Fields): Draw | undefined {
  const value = fields['u'] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || value < 0 || value >= 1)
    throw lineError('u is not a number from 0 to below 1');
  return () => value;
}

function timeOf(key: string, text: string, zone: Zone): number {
  try {
    return parseTimestamp(text, zone);
  } catch (cause) {
    if (cause instanceof AgentError) throw lineError(`${key}: ${cause.message}`);
    throw cause;
  }
}

function lineError(message: string): AgentError {
  return new AgentError('E_LINE', message, { exit: 'usage' });
}
