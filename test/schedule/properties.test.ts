/** Laws that hold for every schedule, in several zones, mostly around clock changes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ScheduleContext } from '../../lib/schedule/context.js';
import { evaluate } from '../../lib/schedule/due.js';
import { explain } from '../../lib/schedule/explain.js';
import { nextRun, nextRuns } from '../../lib/schedule/next.js';
import { compileSchedule } from '../../lib/schedule/parse.js';
import { namedZone } from '../../lib/schedule/zone.js';
import { instants, lastOffsets, schedules, zoneNames } from './generators.js';
import { firstFailure, formatSchedule } from './readings.js';

const minute = 60_000;
const firstSeed = 20_261_120;

const situations = fc.record({
  text: schedules,
  now: instants,
  lastOffset: lastOffsets,
  u: fc.option(fc.double({ min: 0, max: 0.999_999, noNaN: true })),
  spreadable: fc.boolean(),
  catchUpMs: fc.constantFrom(undefined, undefined, 60_000, 1_800_000, 93_600_000),
});

type Situation = typeof situations extends fc.Arbitrary<infer T> ? T : never;

const contextOf = (zoneName: string, situation: Situation): ScheduleContext => ({
  now: situation.now,
  last: situation.lastOffset === undefined ? null : situation.now + situation.lastOffset,
  zone: namedZone(zoneName),
  spreadable: situation.spreadable,
  spread: situation.u === null ? undefined : () => situation.u ?? 0,
  hashSeed: 'node1|node|pushasset|asset',
  catchUpMs: situation.catchUpMs,
});

describe.each(zoneNames)('%s', (zoneName) => {
  const seed = firstSeed + zoneNames.indexOf(zoneName);

  test('the next run is the first due minute, and it is due', async () => {
    await fc.assert(
      fc.asyncProperty(situations, async (situation) => {
        const schedule = await compileSchedule(situation.text);
        const context = contextOf(zoneName, situation);
        const next = nextRun(schedule, context);
        const first = Math.ceil(situation.now / minute) * minute;
        if (next !== undefined) {
          expect(next % minute).toBe(0);
          expect(next).toBeGreaterThanOrEqual(situation.now);
          expect(evaluate(schedule, { ...context, now: next })).toMatchObject({ due: true });
        }
        const until = Math.min(next ?? Number.POSITIVE_INFINITY, first + 1_440 * minute);
        for (let now = first; now < until; now += minute)
          if (evaluate(schedule, { ...context, now }).due)
            expect.fail(`due at ${new Date(now).toISOString()}, before the next run`);
      }),
      { seed, numRuns: 700 },
    );
  });

  test('the explanation agrees with the verdict', async () => {
    await fc.assert(
      fc.asyncProperty(situations, async (situation) => {
        const schedule = await compileSchedule(situation.text);
        const context = { ...contextOf(zoneName, situation), catchUpMs: undefined };
        const verdict = evaluate(schedule, context);
        const failure = firstFailure(schedule, context);
        expect(failure?.name).toBe(verdict.due ? undefined : verdict.constraint);
        const passing = new Map<string, boolean>();
        for (const { name, timerange, definition, pass } of explain(schedule, context)) {
          const key = name === 'exclusion' ? '!' : `${definition} ${timerange}`;
          passing.set(key, (passing.get(key) ?? true) && pass);
        }
        const excluded = passing.get('!') === false;
        passing.delete('!');
        expect([...passing.values()].includes(true) && !excluded).toBe(verdict.due);
      }),
      { seed, numRuns: 1_000 },
    );
  });

  test('the runs that follow are in order, and each is due after the one before', async () => {
    await fc.assert(
      fc.asyncProperty(situations, async (situation) => {
        const schedule = await compileSchedule(situation.text);
        const context = contextOf(zoneName, situation);
        let { last } = context;
        let before = situation.now - 1;
        for (const run of nextRuns(schedule, context, 5)) {
          expect(run).toBeGreaterThan(before);
          expect(evaluate(schedule, { ...context, now: run, last }).due).toBe(true);
          before = run;
          last = run;
        }
      }),
      { seed, numRuns: 300 },
    );
  });
});

test('a printed schedule reads back as the same schedule', async () => {
  await fc.assert(
    fc.asyncProperty(schedules, async (text) => {
      const schedule = await compileSchedule(text);
      const printed = formatSchedule(schedule);
      expect(await compileSchedule(printed)).toEqual(schedule);
      expect(formatSchedule(await compileSchedule(printed))).toBe(printed);
    }),
    { seed: firstSeed, numRuns: 5_000 },
  );
});
