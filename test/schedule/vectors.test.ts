/** Every vector of the specification. */
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../lib/schedule/due.js';
import { nextRun } from '../../lib/schedule/next.js';
import { compileSchedule } from '../../lib/schedule/parse.js';
import { ScheduleError } from '../../lib/schedule/schedule-error.js';
import { formatTimestamp, parseTimestamp } from '../../lib/schedule/timestamp.js';
import { namedZone } from '../../lib/schedule/zone.js';
import vectors from './vectors.json' with { type: 'json' };

const name = (expr: string, now: string | null, last: string | null) =>
  `vector: ${expr || '(empty)'} | now ${now ?? '-'} | last ${last ?? '-'}`;

describe('evaluate', () => {
  test.each(vectors.evaluate.map((v) => ({ ...v, name: name(v.expr, v.now, v.last) })))(
    '$name -> $expect',
    async ({ expr, tz, now, last, expect: expected }) => {
      if (expected.startsWith('E_')) {
        const error = await compileSchedule(expr).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(ScheduleError);
        expect((error as ScheduleError).code).toBe(expected);
        expect((error as ScheduleError).message).toMatch(/^.+ in '.*'$/s);
        return;
      }
      const zone = namedZone(tz);
      const verdict = evaluate(await compileSchedule(expr), {
        now: parseTimestamp(now ?? '', zone),
        last: last === null ? null : parseTimestamp(last, zone),
        zone,
      });
      expect(verdict.due ? 'yes' : 'no').toBe(expected);
    },
  );
});

describe('next run', () => {
  test.each(vectors.next.map((v) => ({ ...v, name: name(v.expr, v.now, v.last) })))(
    '$name | spreadable $spreadable, u $u -> $next',
    async ({ expr, tz, now, last, spreadable, u, next }) => {
      const zone = namedZone(tz);
      const found = nextRun(await compileSchedule(expr), {
        now: parseTimestamp(now, zone),
        last: last === null ? null : parseTimestamp(last, zone),
        zone,
        spreadable,
        spread: u === null ? undefined : () => u,
      });
      expect(found === undefined ? null : formatTimestamp(found, zone)).toBe(next);
    },
  );
});

test('the vectors are all there', () => {
  expect([vectors.evaluate.length, vectors.next.length]).toEqual([219, 30]);
});
