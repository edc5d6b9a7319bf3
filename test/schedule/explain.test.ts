/** Explanations: the first failing constraint is named, with its values. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { evaluate } from '../../lib/schedule/due.js';
import { explain } from '../../lib/schedule/explain.js';
import { nextRun } from '../../lib/schedule/next.js';
import { compileSchedule, parseNative } from '../../lib/schedule/parse.js';
import { parseTimestamp } from '../../lib/schedule/timestamp.js';
import { localZone, namedZone } from '../../lib/schedule/zone.js';
import { firstFailure } from './readings.js';

const zone = namedZone('Europe/Paris');

// 2026-03-03 is a tuesday in week 10.
const cases = [
  { expr: '', at: '03-03 10:00', name: 'schedule', says: 'there is no schedule' },
  { expr: '! *', at: '03-03 10:00', name: 'schedule', says: 'only exclusions' },
  { expr: '@0', at: '03-03 10:00', name: 'schedule', says: 'interval 0 means never' },
  { expr: '*@0', at: '03-03 10:00', name: 'schedule', says: 'never' },
  { expr: '["*", "! tue"]', at: '03-03 10:00', error: 'E_TIME' },
  { expr: '["*", "! * tue"]', at: '03-03 10:00', name: 'exclusion', says: 'is excluded' },
  {
    expr: '["*", "! 09:00-11:00"]',
    at: '03-03 10:00',
    name: 'exclusion',
    says: 'open from 2026-03-03 09:00 to 11:00:59',
  },
  { expr: '["*", "! 22:00-06:00 mon"]', at: '03-03 05:00', name: 'exclusion', says: '2026-03-02' },
  { expr: '["*", "! * 10 * * *"]', at: '03-03 10:30', name: 'exclusion', says: 'is excluded' },
  { expr: '["* fri", "! *"]', at: '03-03 10:00', name: 'exclusion', says: 'is excluded' },
  { expr: '* * * jan', at: '03-03 10:00', name: 'month', says: "march is not in 'jan'" },
  { expr: '* * * %2', at: '03-03 10:00', name: 'month', says: "march is not in '%2'" },
  { expr: '09:00 fri 1 jan', at: '03-03 10:00', name: 'month', says: 'march' },
  { expr: '22:00-06:00 * * mar', at: '03-01 02:00', name: 'month', says: 'february' },
  { expr: '* * 53', at: '03-03 10:00', name: 'week', says: "week 10 is not in '53'" },
  { expr: '* fri 1-9', at: '03-03 10:00', name: 'week', says: 'week 10' },
  { expr: '* * %2+1', at: '03-03 10:00', name: 'week', says: "'%2+1'" },
  { expr: '* fri', at: '03-03 10:00', name: 'day', says: "tuesday 2026-03-03 is not in 'fri'" },
  { expr: '09:00 fri', at: '03-03 10:00', name: 'day', says: "not in 'fri'" },
  { expr: '* :last', at: '03-03 10:00', name: 'day', says: "not in ':-1'" },
  { expr: '* tue:2nd', at: '03-03 10:00', name: 'day', says: "not in 'tue:+2'" },
  {
    expr: '22:00-06:00 tue',
    at: '03-03 02:00',
    name: 'day',
    says: 'the opening date monday 2026-03-02',
  },
  { expr: '23:55 wed', at: '03-04 00:03', name: 'day', says: 'tuesday 2026-03-03' },
  { expr: '09:00', at: '03-03 10:00', name: 'window', says: '10:00 is outside 09:00' },
  { expr: '09:00-09:20 tue', at: '03-03 09:21', name: 'window', says: 'outside 09:00-09:20' },
  { expr: '22:00-06:00', at: '03-03 06:01', name: 'window', says: 'outside 22:00-06:00' },
  { expr: '09:00,11:00', at: '03-03 10:00', name: 'window', says: 'outside 09:00' },
  { expr: '["09:00 fri", "11:00"]', at: '03-03 10:00', name: 'window', says: 'outside 11:00' },
  { expr: '0 9 * * *', at: '03-03 09:10', name: 'window', says: 'no occurrence in the 10m before' },
  { expr: '@hourly', at: '03-03 09:30', name: 'window', says: 'before 2026-03-03 09:30' },
  {
    expr: '@10',
    at: '03-03 10:00',
    last: '03-03 09:52',
    name: 'interval',
    says: '8m since the last run, 2026-03-03 09:52; the interval is 10m',
  },
  { expr: '@1d', at: '03-29 10:00', last: '03-28 10:00', name: 'interval', says: '23h since' },
  {
    expr: '@10s',
    at: '03-03 10:00:15',
    last: '03-03 10:00:08',
    name: 'interval',
    says: '7s since the last run',
  },
  {
    expr: '09:00-10:00',
    at: '03-03 09:30',
    last: '03-03 09:00',
    name: 'interval',
    says: 'was in this window, and one is allowed',
  },
  { expr: '*', at: '03-03 09:30', last: '03-03 00:00', name: 'interval', says: 'in this window' },
  {
    expr: '22:00-06:00',
    at: '03-03 02:00',
    last: '03-02 22:10',
    name: 'interval',
    says: '2026-03-02 22:10',
  },
  {
    expr: '0 9 * * *',
    at: '03-03 09:05',
    last: '03-03 09:00:01',
    name: 'interval',
    says: 'the last run was 2026-03-03 09:00:01',
  },
  {
    expr: '["@1h fri", "@10"]',
    at: '03-03 10:00',
    last: '03-03 09:55',
    name: 'interval',
    says: '5m since',
  },
  {
    expr: '00:00-06:00',
    at: '03-03 01:00',
    u: 0.5,
    name: 'spread',
    says: 'this node opens at 03:00, 3h into the window',
  },
  {
    expr: '~09:00-09:20',
    at: '03-03 09:10',
    u: 0.9,
    name: 'spread',
    says: 'opens at 09:18, 18m into the window',
  },
  { expr: '*', at: '03-03 09:30', last: '03-02 09:30', u: 0.75, name: 'spread', says: '18:00' },
  { expr: '00:00-06:00', at: '03-03 03:00', u: 0.5, name: undefined, says: '' },
  { expr: '@10', at: '03-03 10:00', last: '03-03 09:50', name: undefined, says: '' },
  { expr: '0 9 * * *', at: '03-03 09:05', last: '03-02 09:00', name: undefined, says: '' },
];

test.each(cases)('$expr at $at after $last: $name', async ({ expr, at, last, u, ...expected }) => {
  if (expected.error !== undefined) {
    await expect(compileSchedule(expr)).rejects.toMatchObject({ code: expected.error });
    return;
  }
  const context = {
    now: parseTimestamp(`2026-${at}`, zone),
    last: last === undefined ? null : parseTimestamp(`2026-${last}`, zone),
    zone,
    spreadable: true,
    spread: u === undefined ? undefined : () => u,
  };
  const schedule = await compileSchedule(expr);
  const failure = firstFailure(schedule, context);
  expect(failure?.name).toBe(expected.name);
  expect(failure?.text ?? '').toContain(expected.says);
  const verdict = evaluate(schedule, context);
  expect(verdict.due ? undefined : verdict.constraint).toBe(expected.name);
});

test('a whole explanation reads from the exclusions down to the spread minute', async () => {
  const schedule = await compileSchedule('["00:00-06:00@361 mon-sun", "! 12:00-13:00"]');
  const found = explain(schedule, {
    now: parseTimestamp('2026-03-03 01:00', zone),
    last: parseTimestamp('2026-03-02 04:00', zone),
    zone,
    spreadable: true,
    spread: () => 0.54,
  });
  expect(found.map(({ name, pass, text }) => `${pass ? 'pass' : 'fail'} ${name}: ${text}`)).toEqual(
    [
      'pass exclusion: 2026-03-03 01:00 is not excluded',
      'pass month: march: every month is allowed',
      'pass week: week 10: every week is allowed',
      "pass day: the opening date tuesday 2026-03-03 is in 'mon-sun'",
      'pass window: open from 2026-03-03 00:00 to 06:00:59',
      'pass interval: 21h since the last run, 2026-03-02 04:00; the interval is 6h1m',
      'fail spread: this node opens at 03:14, 3h14m into the window',
    ],
  );
  expect(found.at(-1)?.spreadMinutes).toBe(194);
});

test('in the local zone no zone data are loaded', () => {
  const real = Intl.DateTimeFormat;
  try {
    Intl.DateTimeFormat = (() => {
      throw new Error('zone data');
    }) as unknown as typeof Intl.DateTimeFormat;
    const schedule = parseNative('["09:00-17:00@30 mon-fri", "! 12:00-13:00", "~22:00-06:00"]');
    const context = { now: Date.UTC(2026, 2, 3), last: null, zone: localZone(), spread: () => 0.5 };
    expect(nextRun(schedule, context)).toBeDefined();
    expect(explain(schedule, context).length).toBeGreaterThan(0);
  } finally {
    Intl.DateTimeFormat = real;
  }
});

test('what is heavy to load, and what is impure, stays out', () => {
  const room = new URL('../../lib/schedule/', import.meta.url);
  const users = (pattern: RegExp) =>
    readdirSync(room).filter((file) => pattern.test(readFileSync(new URL(file, room), 'utf8')));
  expect(users(/from 'cron-parser'/)).toEqual(['cron.ts']);
  expect(users(/from '\.\/cron\.js'/)).toEqual([]);
  expect(users(/from 'node:/)).toEqual(['spread.ts']);
  expect(users(/from '\.\/spread\.js'/)).toEqual([]);
  expect(users(/Date\.now|Math\.random|process\.|performance\./)).toEqual([]);
});
