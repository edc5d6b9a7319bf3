/** Both nights of the year, and a last run the clock cannot explain. */
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../lib/schedule/due.js';
import { nextRun, nextRuns } from '../../lib/schedule/next.js';
import { parseNative } from '../../lib/schedule/parse.js';
import { formatTimestamp, parseTimestamp } from '../../lib/schedule/timestamp.js';
import { namedZone } from '../../lib/schedule/zone.js';

const minute = 60_000;

/** The due minutes of a schedule over a local date, nothing having run, as runs of instants. */
function openMinutes(expr: string, zoneName: string, from: string, hours: number): string[] {
  const zone = namedZone(zoneName);
  const schedule = parseNative(expr);
  const start = parseTimestamp(from, zone);
  const runs: string[] = [];
  let since: number | undefined;
  for (let now = start; now <= start + hours * 3_600_000; now += minute) {
    const { due } = evaluate(schedule, { now, last: null, zone });
    if (due && since === undefined) since = now;
    if (!due && since !== undefined) {
      const length = (now - since) / minute;
      runs.push(`${formatTimestamp(since, zone).slice(11)} ${length}m`);
      since = undefined;
    }
  }
  return runs;
}

const paris = 'Europe/Paris';
const lordHowe = 'Australia/Lord_Howe';
const windows = [
  // 02:00 becomes 03:00
  { expr: '02:30', zone: paris, date: '2026-03-29', open: ['03:30 10m'], why: 'moved by the gap' },
  { expr: '02:00-02:59', zone: paris, date: '2026-03-29', open: ['03:00 60m'], why: 'both moved' },
  { expr: '02:55', zone: paris, date: '2026-03-29', open: ['03:55 10m'], why: 'keeps its length' },
  { expr: '02:30-03:15', zone: paris, date: '2026-03-29', open: ['03:30 46m'], why: 'never lost' },
  { expr: '01:30-02:29', zone: paris, date: '2026-03-29', open: ['01:30 60m'], why: 'end moved' },
  {
    expr: '01:30-03:29',
    zone: paris,
    date: '2026-03-29',
    open: ['01:30 60m'],
    why: 'a short hour',
  },
  { expr: '03:00', zone: paris, date: '2026-03-29', open: ['03:00 10m'], why: 'exists' },
  { expr: '02:30,03:30', zone: paris, date: '2026-03-29', open: ['03:30 10m'], why: 'coincide' },
  // 03:00 becomes 02:00
  { expr: '02:30', zone: paris, date: '2026-10-25', open: ['02:30 70m'], why: 'first to second' },
  { expr: '02:00-02:59', zone: paris, date: '2026-10-25', open: ['02:00 120m'], why: 'both hours' },
  { expr: '03:00', zone: paris, date: '2026-10-25', open: ['03:00 10m'], why: 'once' },
  { expr: '01:50-02:05', zone: paris, date: '2026-10-25', open: ['01:50 76m'], why: 'second end' },
  // half an hour
  {
    expr: '02:10',
    zone: lordHowe,
    date: '2026-10-04',
    open: ['02:40 10m'],
    why: 'half an hour on',
  },
  {
    expr: '02:25',
    zone: lordHowe,
    date: '2026-10-04',
    open: ['02:55 10m'],
    why: 'keeps ten minutes',
  },
  {
    expr: '01:45',
    zone: lordHowe,
    date: '2026-04-05',
    open: ['01:45 40m'],
    why: 'half an hour twice',
  },
  // a whole day: friday the 30th
  {
    expr: '12:00 fri',
    zone: 'Pacific/Apia',
    date: '2011-12-31',
    open: ['12:00 10m'],
    why: 'the friday that does not exist is held on saturday',
  },
  // midnight itself
  {
    expr: '00:00-00:30',
    zone: 'America/Havana',
    date: '2026-03-08',
    open: ['01:00 31m'],
    why: 'midnight is missing',
  },
  {
    expr: '00:00',
    zone: 'America/Havana',
    date: '2026-11-01',
    open: ['00:00 70m'],
    why: 'midnight twice',
  },
];

test.each(windows)('$expr on $date in $zone: $why', ({ expr, zone, date, open }) => {
  expect(openMinutes(expr, zone, `${date} 00:00`, 20)).toEqual(open);
});

const slots = [
  {
    expr: '@30',
    from: '2026-03-29 01:00',
    runs: ['01:00', '01:30', '03:00', '03:30'],
    why: 'an interval is real time',
  },
  {
    expr: '@30',
    from: '2026-10-25 01:30',
    runs: ['01:30', '02:00', '02:30', '02:00', '02:30', '03:00'],
    why: 'an interval is real time',
  },
  { expr: '02:30', from: '2026-03-28 01:00', runs: ['02:30', '03:30', '02:30'], why: 'once' },
  { expr: '02:30', from: '2026-10-24 01:00', runs: ['02:30', '02:30', '02:30'], why: 'once' },
  {
    expr: '@1d',
    from: '2026-03-28 10:00',
    runs: ['10:00', '11:00', '11:00'],
    why: '24 real hours',
  },
];

test.each(slots)('$expr from $from runs at $runs: $why', ({ expr, from, runs }) => {
  const zone = namedZone(paris);
  const context = { now: parseTimestamp(from, zone), last: null, zone };
  const found = [...nextRuns(parseNative(expr), context, runs.length)];
  expect(found.map((run) => formatTimestamp(run, zone).slice(11))).toEqual(runs);
});

test('a date that does not exist runs on the next one, once', () => {
  const zone = namedZone('Pacific/Apia');
  const context = { now: parseTimestamp('2011-12-29 13:00', zone), last: null, zone };
  const found = [...nextRuns(parseNative('12:00'), context, 2)];
  expect(found.map((run) => formatTimestamp(run, zone))).toEqual([
    '2011-12-31 12:00',
    '2012-01-01 12:00',
  ]);
});

describe('a last run in the future', () => {
  const zone = namedZone(paris);
  const now = parseTimestamp('2026-03-03 10:00', zone);
  const schedule = parseNative('@10');

  test.each([
    { ahead: 59_000, due: false },
    { ahead: 60_000, due: false },
    { ahead: 61_000, due: true },
    { ahead: 86_400_000, due: true },
  ])('$ahead ms ahead: due $due', ({ ahead, due }) => {
    const verdict = evaluate(schedule, { now, last: now + ahead, zone });
    expect(verdict).toMatchObject({ due, futureLast: due });
  });

  test('counts again once the clock has reached it', () => {
    const last = parseTimestamp('2026-03-04 09:30', zone);
    const window = parseNative('09:00-10:00');
    const at = (text: string) => ({ now: parseTimestamp(text, zone), last, zone });
    expect(nextRun(window, at('2026-03-03 12:00'))).toBe(parseTimestamp('2026-03-04 09:00', zone));
    expect(nextRun(window, at('2026-03-04 09:29'))).toBe(parseTimestamp('2026-03-05 09:00', zone));
  });
});

test('eight years and a day are searched', () => {
  const zone = namedZone('UTC');
  const next = (expr: string, now: string) =>
    nextRun(parseNative(expr), { now: parseTimestamp(now, zone), last: null, zone });
  expect(next('* :29 * feb', '2096-03-01 00:00')).toBe(parseTimestamp('2104-02-29 00:00', zone));
  expect(next('* :30 * feb', '2026-03-01 00:00')).toBeUndefined();
  expect(next('* :last 53 jan', '2026-03-01 00:00')).toBeUndefined();
});

test('the slot of a verdict is the window that is open', () => {
  const zone = namedZone(paris);
  const now = parseTimestamp('2026-03-07 02:00', zone);
  expect(evaluate(parseNative('22:00-06:00 fri'), { now, last: null, zone })).toEqual({
    due: true,
    begin: parseTimestamp('2026-03-06 22:00', zone),
    end: parseTimestamp('2026-03-07 06:01', zone),
    futureLast: false,
  });
});
