/** Timeranges: `[~][window][@interval]`. */
import type { Timerange } from './model.js';
import { ScheduleError } from './schedule-error.js';

const DAY_SECONDS = 86_400;
/** How long a single time stays open, in seconds. */
const MOMENT_SECONDS = 600;

/** Reads the comma list of the first field of a definition. */
export function parseTimeranges(field: string): Timerange[] {
  return field.split(',').map((element) => {
    const tilde = element.startsWith('~');
    const body = tilde ? element.slice(1) : element;
    if (body === '') throw new ScheduleError('E_EMPTY', field);
    return parseTimerange(body, tilde, element);
  });
}

function parseTimerange(body: string, tilde: boolean, element: string): Timerange {
  const [window = '', interval, ...more] = body.split('@');
  if (more.length > 0) throw new ScheduleError('E_AT', element);
  const intervalMs = interval === undefined ? undefined : parseInterval(interval, element);
  const bounds =
    window === '' || window === '*' ? wholeDay : parseWindow(window.split('-'), element);
  return { ...bounds, intervalMs, tilde };
}

type Bounds = Pick<Timerange, 'window' | 'beginSeconds' | 'endSeconds' | 'minutes'>;

const wholeDay: Bounds = boundsOf('all', 0, DAY_SECONDS - 1);

function parseWindow(parts: readonly string[], element: string): Bounds {
  const [from = '', to, ...more] = parts;
  if (more.length > 0) throw new ScheduleError('E_DASH', element);
  const begin = parseTime(from, element).at;
  if (to === undefined) return boundsOf('moment', begin, begin + MOMENT_SECONDS - 1);
  if (to === '24:00') return boundsOf('span', begin, DAY_SECONDS - 1);
  const end = parseTime(to, element);
  if (end.at === begin) return boundsOf('moment', begin, begin + MOMENT_SECONDS - 1);
  // An end without seconds includes its whole minute.
  const last = end.exact ? end.at : end.at + 59;
  return boundsOf('span', begin, last < begin ? last + DAY_SECONDS : last);
}

function boundsOf(window: Timerange['window'], beginSeconds: number, endSeconds: number): Bounds {
  const minutes = Math.floor(endSeconds / 60) - Math.floor(beginSeconds / 60) + 1;
  return { window, beginSeconds, endSeconds, minutes };
}

function parseTime(text: string, element: string): { at: number; exact: boolean } {
  const found = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text);
  const hour = Number(found?.[1]);
  const minute = Number(found?.[2]);
  const second = Number(found?.[3] ?? 0);
  if (found === null || hour > 23 || minute > 59 || second > 59)
    throw new ScheduleError('E_TIME', element);
  return { at: hour * 3_600 + minute * 60 + second, exact: found[3] !== undefined };
}

const unitMs: Readonly<Record<string, number>> = {
  w: 7 * DAY_SECONDS * 1_000,
  d: DAY_SECONDS * 1_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
};

function parseInterval(text: string, element: string): number {
  let intervalMs = 0;
  if (/^\d+$/.test(text)) intervalMs = Number(text) * 60_000;
  else if (/^(?:\d+[wdhms])+$/i.test(text)) {
    for (const [, digits, unit = ''] of text.matchAll(/(\d+)(\D)/g))
      intervalMs += Number(digits) * (unitMs[unit.toLowerCase()] ?? 0);
  } else throw new ScheduleError('E_INTERVAL', element);
  if (!Number.isSafeInteger(intervalMs)) throw new ScheduleError('E_INTERVAL', element);
  return intervalMs;
}
