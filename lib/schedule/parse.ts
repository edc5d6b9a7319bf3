/** Schedules from text: the list, the routing of each definition, and nothing that is heavy to load. */
import type { CronDefinition, Definition, NativeDefinition, Schedule } from './model.js';
import { parseDays, parseMonths, parseWeeks } from './parse-filters.js';
import { parseTimeranges } from './parse-timerange.js';
import { ScheduleError } from './schedule-error.js';

/**
 * Reads any schedule. Throws `ScheduleError`: one bad definition makes the whole schedule malformed,
 * because dropping it could drop an exclusion. cron-parser is loaded only for a cron definition.
 */
export async function compileSchedule(text: string): Promise<Schedule> {
  const cron = usesCron(text) ? await import('./cron.js') : undefined;
  return parseWith(text, cron?.parseCron);
}

/**
 * Reads a schedule without cron definitions, at once. Throws `ScheduleError`. Ask `usesCron` first:
 * a cron definition here is a bug of the caller.
 */
export function parseNative(text: string): Schedule {
  return parseWith(text, undefined);
}

/** True when reading the schedule needs cron-parser. Never throws. */
export function usesCron(text: string): boolean {
  try {
    return splitSchedule(text).some((definition) => routeOf(definition).kind === 'cron');
  } catch (error) {
    if (error instanceof ScheduleError) return false;
    throw error;
  }
}

/** The definitions of a schedule as they are written, the empty ones left out. */
export function splitSchedule(text: string): string[] {
  const trimmed = text.trim();
  const members = /^["[]/.test(trimmed) ? parseJson(trimmed) : [trimmed];
  return members.map((member) => member.trim()).filter((member) => member !== '');
}

export interface Route {
  readonly kind: 'native' | 'cron';
  readonly exclude: boolean;
  readonly fields: readonly string[];
}

/** Decides between native and cron, by the shape of the definition alone. Throws `ScheduleError`. */
export function routeOf(definition: string): Route {
  const exclude = definition.startsWith('!');
  const body = exclude ? definition.slice(1).trim() : definition;
  if (body === '') throw new ScheduleError('E_EMPTY', definition);
  const fields = body.split(/\s+/);
  if (fields.length > 6) throw new ScheduleError('E_FIELDS', definition);
  const isMacro = fields.length === 1 && /^@[a-z]/i.test(body);
  return { kind: isMacro || fields.length > 4 ? 'cron' : 'native', exclude, fields };
}

type ParseCron = (fields: readonly string[]) => Pick<CronDefinition, 'expression' | 'rule'>;

function parseWith(text: string, parseCron: ParseCron | undefined): Schedule {
  const definitions = splitSchedule(text).map((written): Definition => {
    const { kind, exclude, fields } = routeOf(written);
    if (kind === 'native') return parseDefinition(fields, exclude);
    if (parseCron === undefined) throw new Error(`cron definition '${written}' read as native`);
    return { kind, exclude, ...parseCron(fields) };
  });
  return { definitions };
}

function parseDefinition(fields: readonly string[], exclude: boolean): NativeDefinition {
  const [timeranges = '*', days = '*', weeks = '*', months = '*'] = fields;
  return {
    kind: 'native',
    exclude,
    timeranges: parseTimeranges(timeranges),
    days: parseDays(days),
    weeks: parseWeeks(weeks),
    months: parseMonths(months),
  };
}

function parseJson(text: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new ScheduleError('E_JSON', text);
    throw cause;
  }
  if (typeof value === 'string') return [value];
  if (Array.isArray(value) && value.every((member) => typeof member === 'string')) return value;
  throw new ScheduleError('E_JSON', text);
}
