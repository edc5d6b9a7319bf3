/** Spreading: the draw, who is spread, and nobody loses a night. */
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../lib/schedule/due.js';
import { nextRun } from '../../lib/schedule/next.js';
import { parseNative } from '../../lib/schedule/parse.js';
import { spreadDraw } from '../../lib/schedule/spread.js';
import { formatTimestamp, parseTimestamp } from '../../lib/schedule/timestamp.js';
import { namedZone } from '../../lib/schedule/zone.js';

const zone = namedZone('Europe/Paris');
const at = (text: string) => parseTimestamp(text, zone);

test('the example of the specification opens at 03:14', () => {
  const spread = spreadDraw('node1', 'node', 'pushasset', 'asset');
  expect(spread('2026-03-03')).toBeCloseTo(0.54, 4);
  const schedule = parseNative('00:00-06:00@361');
  const context = { last: null, zone, spread, spreadable: true };
  const opening = nextRun(schedule, { ...context, now: at('2026-03-03 00:00') });
  expect(opening).toBe(at('2026-03-03 03:14'));
  expect(evaluate(schedule, { ...context, now: at('2026-03-03 03:13:59') })).toMatchObject({
    due: false,
    constraint: 'spread',
    reason: 'waiting for its spread minute (03:14)',
  });
  expect(evaluate(schedule, { ...context, now: at('2026-03-03 03:14') }).due).toBe(true);
  expect(evaluate(schedule, { ...context, now: at('2026-03-03 05:59') }).due).toBe(true);
});

const uniformity = [
  { expr: '00:00-06:00@361', buckets: 19, why: 'six hours' },
  { expr: '*', buckets: 24, why: 'the whole day' },
  { expr: '~22:00-06:00', buckets: 13, why: 'over midnight' },
];

test.each(uniformity)('1,000 nodes are spread evenly over $expr: $why', ({ expr, buckets }) => {
  const schedule = parseNative(expr);
  const [definition] = schedule.definitions;
  if (definition?.kind !== 'native') throw new Error('native expected');
  const minutes = definition.timeranges[0]?.minutes ?? 0;
  const begin = at(expr.includes('22:00') ? '2026-03-03 22:00' : '2026-03-03 00:00');
  const counts = new Array<number>(buckets).fill(0);
  for (let node = 0; node < 1_000; node++) {
    const spread = spreadDraw(`node${node}.example.com`, 'node', 'pushasset', 'asset');
    const context = { now: begin, last: null, zone, spread, spreadable: true };
    const minute = ((nextRun(schedule, context) ?? 0) - begin) / 60_000;
    expect(minute).toBeGreaterThanOrEqual(0);
    expect(minute).toBeLessThan(minutes);
    const bucket = Math.floor((minute * buckets) / minutes);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  // Buckets of equal size: minutes is a multiple of their number.
  expect(minutes % buckets).toBe(0);
  const expected = 1_000 / buckets;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 0.1 % of even draws exceed this (Wilson and Hilferty's approximation, z = 3.09).
  const degrees = buckets - 1;
  const bound = degrees * (1 - 2 / (9 * degrees) + 3.09 * Math.sqrt(2 / (9 * degrees))) ** 3;
  expect(chiSquare).toBeLessThan(bound);
});

test('a node draws anew every day, and tasks of one node differ', () => {
  const asset = spreadDraw('node1', 'node', 'pushasset', 'asset');
  const disks = spreadDraw('node1', 'node', 'pushdisks', 'disks');
  const days = Array.from({ length: 28 }, (_, n) => `2026-02-${String(n + 1).padStart(2, '0')}`);
  expect(new Set(days.map(asset)).size).toBe(28);
  expect(days.map(asset)).not.toEqual(days.map(disks));
  expect(days.map(asset)).toEqual(days.map(asset));
});

const membership = [
  { expr: '00:00-06:00', spreadable: true, spread: true, why: 'one run per window' },
  { expr: '00:00-06:00', spreadable: false, spread: false, why: 'the task is not spreadable' },
  { expr: '~00:00-06:00', spreadable: false, spread: true, why: 'asked for with ~' },
  { expr: '00:00-06:00@361', spreadable: true, spread: true, why: 'the interval is the window' },
  { expr: '00:00-06:00@360', spreadable: true, spread: false, why: 'two runs fit' },
  { expr: '~00:00-06:00@30', spreadable: true, spread: false, why: 'many runs, ~ or not' },
  { expr: '00:00-00:59', spreadable: true, spread: true, why: 'sixty minutes are enough' },
  { expr: '00:00-00:58', spreadable: true, spread: false, why: 'fifty-nine are not' },
  { expr: '~00:00-00:58', spreadable: true, spread: true, why: 'unless asked for' },
  { expr: '~00:00', spreadable: false, spread: true, why: 'a single time, asked for' },
  { expr: '00:00', spreadable: true, spread: false, why: 'a single time has ten minutes' },
  { expr: '*', spreadable: true, spread: true, why: 'once a day' },
  { expr: '@1440', spreadable: true, spread: false, why: 'no window' },
  { expr: '*@1440', spreadable: true, spread: false, why: 'no window either' },
  { expr: '~@1440', spreadable: false, spread: true, why: 'no window, but asked for' },
  { expr: '00:00-23:59@1440', spreadable: true, spread: true, why: 'a window of a whole day' },
];

test.each(membership)('$expr, spreadable $spreadable: spread $spread, $why', (row) => {
  const now = at('2026-03-03 00:00');
  const context = { now, last: null, zone, spread: () => 0.9, spreadable: row.spreadable };
  expect(evaluate(parseNative(row.expr), context).due).toBe(!row.spread);
  const without = { ...context, spread: undefined };
  expect(evaluate(parseNative(row.expr), without).due).toBe(true);
});

describe('nights of clock changes', () => {
  test.each(['2026-03-29', '2026-10-25', '2026-03-03'])('every draw runs on %s', (date) => {
    for (const expr of ['00:00-06:00@361', '~02:00-03:30', '~01:30', '22:00-06:00']) {
      for (let u = 0; u < 1; u += 0.01) {
        const context = { last: null, zone, spread: () => u, spreadable: true };
        const now = at(`${date} 00:00`) - (expr.startsWith('22') ? 2 * 3_600_000 : 0);
        const run = nextRun(parseNative(expr), { ...context, now });
        const where = `${expr} u=${u}`;
        expect(run, where).toBeGreaterThanOrEqual(now);
        expect(formatTimestamp(run ?? 0, zone).slice(0, 10) <= date, where).toBe(true);
      }
    }
  });
});
