/** The bulk checker, line by line, and the timestamps it reads. */
import { expect, test } from 'vitest';
import { evaluateLine } from '../../lib/schedule/evaluate-line.js';
import { formatTimestamp, parseTimestamp } from '../../lib/schedule/timestamp.js';
import { namedZone } from '../../lib/schedule/zone.js';
import vectors from './vectors.json' with { type: 'json' };

const paris = namedZone('Europe/Paris');
const defaults = { now: parseTimestamp('2026-03-03 10:00', paris), zone: paris };
const answer = (line: unknown) =>
  evaluateLine(typeof line === 'string' ? line : JSON.stringify(line), defaults);

test('every vector gives its answer as a line', async () => {
  const judged = vectors.evaluate.filter((v) => v.now !== null);
  for (const { expr, tz, now, last, expect: expected } of judged) {
    const { due, code, reason } = await answer({ expr, tz, at: now, last });
    expect({ expr, due, code }).toEqual({ expr, due: expected === 'yes', code: null });
    expect(reason === null).toBe(due);
  }
  for (const { expr, expect: code } of vectors.evaluate.filter((v) => v.now === null)) {
    const found = await answer({ expr });
    expect(found).toMatchObject({ expr, due: false, code, next: null });
    expect(found.reason).toMatch(/ in '/);
  }
  for (const { expr, tz, now, last, spreadable, u, next } of vectors.next)
    expect(await answer({ expr, tz, at: now, last, spread: spreadable, u })).toMatchObject({
      expr,
      next,
    });
});

const lines = [
  { line: { expr: '*' }, due: true, next: '2026-03-03 10:00' },
  { line: { expr: '' }, due: false, reason: 'no schedule', next: null },
  { line: { expr: '@10', last: '2026-03-03 09:55' }, due: false, reason: 'too soon' },
  {
    line: { expr: '@10', last: '2026-03-03T08:55:00Z' },
    due: false,
    reason: 'too soon',
    next: '2026-03-03 10:05',
  },
  { line: { expr: '*', tz: 'Pacific/Kiritimati' }, due: true, next: '2026-03-03 23:00' },
  { line: { expr: '*', at: null, last: null, tz: null, spread: null, u: null }, due: true },
  {
    line: { expr: '12:00-18:00', spread: true, u: 0.5, at: '2026-03-03 13:00' },
    due: false,
    reason: 'waiting for its spread minute (15:00)',
    next: '2026-03-03 15:00',
  },
  { line: { expr: '12:00-18:00', spread: true, at: '2026-03-03 13:00' }, due: true },
  { line: { expr: '@daily', at: '2026-03-04T00:03:00+01:00' }, due: true },
];

test.each(lines)('$line', async ({ line, ...expected }) => {
  expect(await answer(line)).toMatchObject({ code: null, ...expected });
});

const unreadable = [
  { line: '', code: 'E_LINE', reason: 'the line is not JSON' },
  { line: '{"expr":"*"', code: 'E_LINE', reason: 'the line is not JSON' },
  { line: '[1]', code: 'E_LINE', reason: 'the line is not a JSON object' },
  { line: 'null', code: 'E_LINE', reason: 'the line is not a JSON object' },
  { line: '"*"', code: 'E_LINE', reason: 'the line is not a JSON object' },
  { line: '{}', code: 'E_LINE', reason: 'expr is missing' },
  { line: '{"expr":5}', code: 'E_LINE', reason: 'expr is not a string' },
  { line: '{"expr":"*","at":5}', code: 'E_LINE', reason: 'at is not a string' },
  { line: '{"expr":"*","at":"noon"}', code: 'E_LINE', reason: "at: 'noon' is not a time" },
  {
    line: '{"expr":"*","last":"2026-02-30 10:00"}',
    code: 'E_LINE',
    reason: "last: '2026-02-30 10:00' is not a time",
  },
  { line: '{"expr":"*","tz":"Mars"}', code: 'E_TIMEZONE', reason: "unknown time zone 'Mars'" },
  { line: '{"expr":"*","spread":1}', code: 'E_LINE', reason: 'spread is not true or false' },
  { line: '{"expr":"*","u":1}', code: 'E_LINE', reason: 'u is not a number from 0 to below 1' },
  { line: '{"expr":"* mun"}', code: 'E_NAME', reason: "unknown name in 'mun'" },
  { line: '{"__proto__":{"expr":"*"}}', code: 'E_LINE', reason: 'expr is missing' },
];

test.each(unreadable)('$line is answered with $code', async ({ line, code, reason }) => {
  expect(await answer(line)).toMatchObject({ due: false, code, reason, next: null });
});

const times = [
  ['2026-03-03 10:00', '2026-03-03T09:00:00.000Z'],
  ['2026-03-03 10:00:07', '2026-03-03T09:00:07.000Z'],
  ['2026-03-03T10:00', '2026-03-03T09:00:00.000Z'],
  ['2026-03-29 02:30', '2026-03-29T01:30:00.000Z'],
  ['2026-10-25 02:30', '2026-10-25T00:30:00.000Z'],
  ['2026-10-25 02:30 +02', '2026-10-25T00:30:00.000Z'],
  ['2026-10-25 02:30 +01', '2026-10-25T01:30:00.000Z'],
  ['2026-10-25 02:30:15 +01:00', '2026-10-25T01:30:15.000Z'],
  ['2026-10-25T02:30:00.250+0100', '2026-10-25T01:30:00.250Z'],
  ['2026-10-25T02:30:00-11:00', '2026-10-25T13:30:00.000Z'],
  ['2026-10-25t02:30z', '2026-10-25T02:30:00.000Z'],
  ['2024-02-29 00:00', '2024-02-28T23:00:00.000Z'],
] as const;

test.each(times)('%s is %s', (text, expected) => {
  expect(new Date(parseTimestamp(text, paris)).toISOString()).toBe(expected);
});

test.each([
  '2026-03-03',
  '10:00',
  '2026-3-3 10:00',
  '2026-03-03 24:00',
  '2026-03-03 10:60',
  '2026-13-03 10:00',
  '2026-00-03 10:00',
  '2025-02-29 10:00',
  '2026-03-03 10:00 CET',
  '2026-03-03 10:00 +15',
  'now',
])('%s is not a time', (text) => {
  expect(() => parseTimestamp(text, paris)).toThrow(
    expect.objectContaining({ code: 'E_TIMESTAMP', exitCode: 2 }),
  );
});

test('timestamps are printed in the zone, seconds only when there are some', () => {
  expect(formatTimestamp(Date.UTC(2026, 2, 3, 9), paris)).toBe('2026-03-03 10:00');
  expect(formatTimestamp(Date.UTC(2026, 2, 3, 9, 0, 7), paris)).toBe('2026-03-03 10:00:07');
  expect(formatTimestamp(Date.UTC(2026, 11, 31, 23, 30), paris)).toBe('2027-01-01 00:30');
});
