import { readFileSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { outboxTable } from '../../lib/store/outbox.js';
import { createWorld, ending, type World } from './world.js';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const ten = Date.UTC(2026, 2, 3, 9);

function worldWith(schedule: string): World {
  return createWorld({
    start: ten,
    files: { 'web.conf': `[task#1]\ncommand = x\nschedule = ${schedule}\n` },
    work: ending('ok'),
  });
}

/** Moves the wall clock and leaves the time since the boot alone. */
function step(world: World, ms: number): void {
  world.now += ms;
  world.skew += ms;
}

function logLines(world: World, pattern: RegExp): number {
  const text = readFileSync(`${world.paths.log}/node.log`, 'utf8');
  return text.split('\n').filter((line) => pattern.test(line)).length;
}

async function minutes(world: World, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await world.tick(world.now + minute);
}

test('clock set back 12 h: work resumes within one period, and the log says so once', async () => {
  const world = worldWith('@10');
  await world.tick(ten + 1000);
  await minutes(world, 25);
  const before = world.rows().length;
  step(world, -12 * hour);
  await minutes(world, 11);
  const after = world.rows().slice(before);
  expect(after.length).toBeGreaterThanOrEqual(1);
  expect(after[0]?.epoch).toBe(1);
  await minutes(world, 30);
  expect(world.rows().length - before).toBe(5);
  expect(world.rows().every(({ state }) => state === 'ok')).toBe(true);
  expect(logLines(world, /clock was set back/)).toBe(1);
});

test('clock set back over slots that ran already: they run again in a new epoch, each once', async () => {
  const world = worldWith('@10');
  await world.tick(ten + 1000);
  await minutes(world, 60);
  step(world, -30 * minute);
  await minutes(world, 60);
  const rows = world.rows();
  const keys = rows.map(({ epoch, slotBegin }) => `${epoch} ${slotBegin}`);
  expect(new Set(keys).size).toBe(rows.length);
  expect(rows.filter(({ epoch }) => epoch === 1).length).toBeGreaterThanOrEqual(6);
});

test('clock set forward a year: work resumes within one period, and the log says so once', async () => {
  const world = worldWith('@10');
  await world.tick(ten + 1000);
  await minutes(world, 25);
  const before = world.rows().at(-1)?.id ?? 0;
  step(world, 365 * day);
  await minutes(world, 21);
  const after = world.rows().filter(({ id }) => id > before);
  expect(after.filter(({ state }) => state === 'ok').length).toBeGreaterThanOrEqual(2);
  expect(after.filter(({ state }) => state === 'missed')).toHaveLength(1);
  expect(logLines(world, /clock was set forward/)).toBe(1);
  // And when the mistake is put right.
  step(world, -365 * day);
  const wrong = world.rows().at(-1)?.id ?? 0;
  await minutes(world, 11);
  expect(
    world.rows().filter(({ id, state }) => id > wrong && state === 'ok').length,
  ).toBeGreaterThan(0);
  expect(logLines(world, /clock was set back/)).toBe(1);
});

test('a clock that is a year ahead for a while does not cost the history', async () => {
  const world = worldWith('@10');
  await world.tick(ten + 1000);
  await minutes(world, 60);
  const before = world.rows().length;
  step(world, 365 * day);
  await minutes(world, 60);
  expect(world.rows().filter(({ claimedAt }) => claimedAt < ten + day)).toHaveLength(before);
  step(world, -365 * day);
  await minutes(world, 30);
  expect(world.rows().filter(({ epoch }) => epoch === 0).length).toBeGreaterThanOrEqual(before);
  // A clock that stays where it is, is right.
  step(world, 365 * day);
  await minutes(world, 1);
  world.now += 25 * 60 * minute;
  await minutes(world, 11);
  expect(world.rows().filter(({ claimedAt }) => claimedAt < ten + day)).toEqual([]);
});

test('a clock that was wrong at the reboot: the store remembers what the run directory forgot', async () => {
  const world = worldWith('@10');
  await world.tick(ten + 1000);
  await minutes(world, 25);
  const before = world.rows().length;
  rmSync(world.paths.run, { recursive: true });
  step(world, -12 * hour);
  await minutes(world, 11);
  expect(world.rows().length).toBeGreaterThan(before);
  expect(logLines(world, /clock was set back/)).toBe(1);
});

test('a step that two ticks see at once is settled by one of them', async () => {
  const world = worldWith('@10');
  await world.tick(ten + 1000);
  await minutes(world, 5);
  step(world, -12 * hour);
  await Promise.all([world.tick(world.now + minute), world.tick(world.now + minute)]);
  expect(logLines(world, /clock was set back/)).toBe(1);
  expect(world.rows().map(({ epoch }) => epoch)).toEqual([0, 1]);
});

test('messages that waited for an instant far away are due after the clock was set back', async () => {
  const world = worldWith('@10');
  await world.tick(ten + 1000);
  const outbox = outboxTable(world.store);
  world.store.immediate(() => outbox.add('ping', 'k', {}, ten + 2 * minute));
  const lease = world.store.immediate(() => outbox.lease(ten + 3 * minute, ten + 5 * minute));
  if (lease) world.store.immediate(() => outbox.retry(lease, ten + hour, 'down'));
  step(world, -12 * hour);
  await world.tick(world.now + minute);
  expect(outbox.all()[0]?.nextTry).toBeLessThanOrEqual(world.now);
});

test('a small correction of the clock is no step', async () => {
  const world = worldWith('@10');
  await world.tick(ten + 1000);
  step(world, -2 * minute);
  await minutes(world, 12);
  step(world, 2 * minute);
  await minutes(world, 12);
  expect(world.rows().every(({ epoch }) => epoch === 0)).toBe(true);
});

const nights = [
  {
    night: 'spring',
    start: Date.UTC(2026, 2, 28, 22),
    fixed: '2026-03-29T01:30:00.000Z',
  },
  {
    night: 'autumn',
    start: Date.UTC(2026, 9, 24, 22),
    fixed: '2026-10-25T00:30:00.000Z',
  },
];

test.each(nights)(
  'the $night night in Paris: fixed times once, periods in elapsed time',
  async ({ start, fixed }) => {
    const schedules = ['02:30', '30 2 * * *', '@30', '@10', '02:00-02:59@10'];
    const world = createWorld({
      start,
      files: {
        'web.conf': schedules
          .map((schedule, n) => `[task#${n}]\ncommand = x\nschedule = ${schedule}\n`)
          .join(''),
      },
      work: ending('ok'),
    });
    for (let at = start; at < start + 8 * hour; at += minute) await world.tick(at + 1500);
    const begins = (n: number): string[] =>
      world.rows(`task#${n}`).map(({ slotBegin }) => new Date(slotBegin ?? 0).toISOString());
    expect(begins(0)).toEqual([fixed]);
    expect(begins(1)).toEqual([fixed]);
    expect(begins(2)).toHaveLength(16);
    expect(begins(3)).toHaveLength(48);
    expect(world.rows().every(({ state }) => state === 'ok')).toBe(true);
  },
);
