import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import type { RunRow } from '../../lib/store/runs.js';
import { createWorld, ending, endRun, type World } from './world.js';

const minute = 60_000;
const hour = 60 * minute;
/** Tuesday 3 March 2026, 10:00 in Paris. */
const ten = Date.UTC(2026, 2, 3, 9);

const section = (keywords: string): string => `[task#1]\ncommand = x\n${keywords}\n`;

function worldWith(keywords: string, start = ten): World {
  return createWorld({ start, files: { 'web.conf': section(keywords) }, work: ending('ok') });
}

interface Told {
  state: string;
  /** Minutes after `ten`. */
  at: number;
  slots: number;
}

function told(rows: readonly RunRow[]): Told[] {
  return rows.map(({ state, slotBegin, slots }) => ({
    state,
    at: ((slotBegin ?? 0) - ten) / minute,
    slots,
  }));
}

function slotsOf(rows: readonly RunRow[], state: string): number {
  return rows.filter((row) => row.state === state).reduce((sum, { slots }) => sum + slots, 0);
}

/** A run at 10:00, then no tick until three hours later. */
async function threeHoursDown(keywords: string): Promise<RunRow[]> {
  const world = worldWith(keywords);
  await world.tick(ten + 1000);
  await world.tick(ten + 3 * hour + 2000);
  const [first, ...rest] = world.rows('task#1');
  expect(first?.state).toBe('ok');
  return rest;
}

test('catchup = last: three hours without ticks and a 10-minute task are one run and 17 missed', async () => {
  const rows = await threeHoursDown('schedule = @10');
  expect(slotsOf(rows, 'ok')).toBe(1);
  expect(slotsOf(rows, 'missed')).toBe(17);
  expect(told(rows).at(-1)).toEqual({ state: 'ok', at: 180, slots: 1 });
  expect(told(rows)[0]).toEqual({ state: 'missed', at: 10, slots: 1 });
  expect(rows[0]?.reason).toBe('no tick while it was due (catchup = last)');
});

test('catchup = all:5: the five newest slots run in order, 13 are missed', async () => {
  const rows = await threeHoursDown('schedule = @10\ncatchup = all:5');
  expect(slotsOf(rows, 'missed')).toBe(13);
  expect(
    told(rows)
      .filter(({ state }) => state === 'ok')
      .map(({ at }) => at),
  ).toEqual([140, 150, 160, 170, 180]);
});

test('catchup = none: nothing is made up for, and the next slot is the next of the grid', async () => {
  const world = worldWith('schedule = @10\ncatchup = none');
  await world.tick(ten + 1000);
  await world.tick(ten + 3 * hour + 7 * minute);
  expect(slotsOf(world.rows(), 'missed')).toBe(18);
  expect(world.task('task#1').nextDue).toBe(ten + 3 * hour + 10 * minute);
  await world.tick(ten + 3 * hour + 8 * minute);
  await world.tick(ten + 3 * hour + 10 * minute + 900);
  expect(told(world.rows()).at(-1)).toEqual({ state: 'ok', at: 190, slots: 1 });
  expect(slotsOf(world.rows(), 'ok')).toBe(2);
});

test('catchup = none: a slot that is not 90 s late yet is no gap', async () => {
  const world = worldWith('schedule = @10\ncatchup = none');
  await world.tick(ten + 1000);
  await world.tick(ten + 11 * minute + 20_000);
  expect(told(world.rows()).at(-1)).toEqual({ state: 'ok', at: 10, slots: 1 });
});

test('catchup = none: a day whose window was missed does not start a minute later, nor after an edit', async () => {
  const world = worldWith('schedule = *\ncatchup = none');
  await world.tick(ten + 1000);
  const morning = ten + 22 * hour; // 08:00, the day's slot was at 00:00
  await world.tick(morning);
  await world.tick(morning + minute);
  world.write('web.conf', `${section('schedule = *\ncatchup = none')}\n# edited\n`);
  await world.tick(morning + 2 * minute);
  await world.tick(morning + 3 * minute);
  expect(told(world.rows()).map(({ state }) => state)).toEqual(['ok', 'missed']);
  await world.tick(ten + 38 * hour + 500);
  expect(told(world.rows()).at(-1)).toEqual({ state: 'ok', at: 38 * 60, slots: 1 });
});

test('catchup = none: a gap that shares one row is decided to its end, also after an edit', async () => {
  const written = 'schedule = 00:00-23:59\ncatchup = none';
  const world = worldWith(written);
  await world.tick(ten + 1000);
  const morning = ten + 30 * 24 * hour - 2 * hour; // 09:00 summer time, the day's slot was at 00:00
  await world.tick(morning);
  expect(slotsOf(world.rows(), 'missed')).toBe(30);
  world.write('web.conf', `${section(written)}\n# edited\n`);
  await world.tick(morning + minute);
  expect(slotsOf(world.rows(), 'ok')).toBe(1);
});

test('max_lateness: a slot that could start only later is missed, for good', async () => {
  const world = worldWith('schedule = 10:00-18:00\nmax_lateness = 1h');
  await world.tick(ten - minute);
  await world.tick(ten + 2 * hour);
  await world.tick(ten + 2 * hour + minute);
  await world.tick(ten + 5 * hour);
  const rows = world.rows();
  expect(told(rows)).toEqual([{ state: 'missed', at: 0, slots: 1 }]);
  expect(rows[0]?.reason).toBe('later than max_lateness');
});

test('max_lateness limits each slot of all:N', async () => {
  const rows = await threeHoursDown('schedule = @10\ncatchup = all:9\nmax_lateness = 25m');
  expect(slotsOf(rows, 'ok')).toBe(3);
  expect(slotsOf(rows, 'missed')).toBe(15);
});

test('nothing runs outside its window: slots of a closed window are missed', async () => {
  const world = worldWith('schedule = 10:00-11:00@10');
  await world.tick(ten + 1000);
  await world.tick(ten + 3 * hour);
  const rows = world.rows();
  expect(slotsOf(rows, 'missed')).toBe(6);
  expect(slotsOf(rows, 'ok')).toBe(1);
  expect(rows.at(-1)?.reason).toMatch(/now: outside the window/);
});

test('a long gap shares one row per task that says how many slots it stands for', async () => {
  const world = worldWith('schedule = @1');
  await world.tick(ten + 1000);
  await world.tick(ten + 8 * hour);
  const [, missed, ran, ...more] = world.rows();
  expect(more).toEqual([]);
  expect(missed).toMatchObject({ state: 'missed', slots: 479, slotBegin: ten + minute });
  expect(missed?.slotEnd).toBe(ran?.slotBegin);
});

test('a thousand services with @1 after eight hours: few rows, and no long pass', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 1000 }, (_, n) => [`s${n}.conf`, section('schedule = @1')]),
  );
  const world = createWorld({ start: ten, files, work: ending('ok') });
  // However slow this machine is: counting has the time that it needs.
  world.deps.clock.monotonic = () => 0;
  await world.tick(ten + 1000);
  const began = performance.now();
  await world.tick(ten + 8 * hour);
  const took = performance.now() - began;
  const rows = world.store.connection
    .prepare<[], { state: string; n: number; slots: number }>(
      'SELECT state, count(*) AS n, sum(slots) AS slots FROM run GROUP BY state ORDER BY state',
    )
    .all();
  expect(rows).toEqual([
    { state: 'missed', n: 1000, slots: 479_000 },
    { state: 'ok', n: 2000, slots: 2000 },
  ]);
  expect(took).toBeLessThan(8000);
});

test('a gap of a year gives up counting and still runs the newest slot', async () => {
  const world = worldWith('schedule = @1');
  await world.tick(ten + 1000);
  await world.tick(ten + 365 * 24 * hour);
  const [missed, ran] = world.rows().slice(-2);
  expect(ran).toMatchObject({ state: 'ok', slotBegin: ten + 365 * 24 * hour });
  expect(missed?.reason).toMatch(/there were more, not counted/);
});

test('a slot whose task is still running is skipped with the run that is in its way', async () => {
  let held: RunRow | undefined;
  const world = createWorld({
    start: ten,
    files: { 'web.conf': section('schedule = @10') },
    work: (w, batch) => {
      if (held) return ending('ok')(w, batch);
      held = w.rows().at(-1);
      w.store.connection.prepare('UPDATE run SET started_at = claimed_at').run();
    },
  });
  await world.tick(ten + 1000);
  await world.tick(ten + 10 * minute + 1000);
  expect(told(world.rows()).map(({ state }) => state)).toEqual(['running', 'skipped']);
  expect(world.rows()[1]?.reason).toBe('run 1 has not ended yet');
  if (held) endRun(world, held, 'ok', ten + 15 * minute);
  await world.tick(ten + 20 * minute + 1000);
  expect(told(world.rows()).map(({ state }) => state)).toEqual(['ok', 'skipped', 'ok']);
});

test('max_parallel = 2 lets a second run begin, and skips the third', async () => {
  const world = createWorld({
    start: ten,
    files: { 'web.conf': section('schedule = @10\nmax_parallel = 2') },
  });
  for (const late of [0, 10, 20]) await world.tick(ten + late * minute + 1000);
  expect(told(world.rows()).map(({ state }) => state)).toEqual(['running', 'running', 'skipped']);
});

test('a run by hand stands for a slot that was waiting; older slots are missed', async () => {
  const world = worldWith('schedule = @10');
  await world.tick(ten + 1000);
  const { lastRunTable } = await import('../../lib/store/last-runs.js');
  const key = { scope: 'web', action: 'task#1', section: 'task#1' };
  const byHand = ten + 33 * minute;
  world.store.immediate(() => lastRunTable(world.store).started(key, byHand));
  await world.tick(ten + 35 * minute);
  expect(told(world.rows()).map(({ state, at }) => `${state} ${at}`)).toEqual([
    'ok 0',
    'missed 10',
    'missed 20',
    'skipped 30',
  ]);
  expect(world.task('task#1').nextDue).toBe(ten + 43 * minute);
});

test('a task whose schedule became unusable says so once, and the others run', async () => {
  const world = createWorld({
    start: ten,
    files: { 'web.conf': section('schedule = @10'), 'db.conf': section('schedule = @10') },
    work: ending('ok'),
  });
  await world.tick(ten + 1000);
  world.store.connection
    .prepare(`UPDATE task SET definition = 'nonsense' WHERE scope = 'web' AND section = 'task#1'`)
    .run();
  await world.tick(ten + 10 * minute + 1000);
  expect(world.rows().filter(({ scope }) => scope === 'db')).toHaveLength(2);
  const broken = world.store.connection
    .prepare(`SELECT error, next_due FROM task WHERE scope = 'web' AND section = 'task#1'`)
    .get();
  expect(broken).toMatchObject({ next_due: null, error: expect.stringContaining('nonsense') });
});

test('a claimed row that nobody starts is handed on, and given up after a while', async () => {
  const world = worldWith('schedule = 10:00-18:00');
  world.deps.startWorker = async () => undefined;
  await world.tick(ten + 1000);
  const orphan = world.store.connection.prepare('UPDATE run SET owner_pid = -7');
  const states: string[] = [];
  for (let late = 1; late <= 5; late++) {
    orphan.run();
    await world.tick(ten + late * minute + 1000);
    states.push(world.rows()[0]?.state ?? '-');
  }
  expect(states).toEqual(['running', 'running', 'running', 'lost', 'lost']);
  expect(world.rows()[0]?.reason).toMatch(/ended before it was started/);
});

test('a claimed row of before a reboot hours ago is lost, not started outside its window', async () => {
  const world = worldWith('schedule = 10:00-11:00');
  world.deps.startWorker = async () => undefined;
  await world.tick(ten + 1000);
  world.store.connection.prepare(`UPDATE run SET owner_pid = -7, boot_id = 'before'`).run();
  await world.tick(ten + 3 * hour);
  expect(world.rows()[0]).toMatchObject({
    state: 'lost',
    reason: 'the node was rebooted before it was started',
  });
});

test('a running row of another boot is lost: the node was rebooted', async () => {
  const world = worldWith('schedule = @10');
  world.deps.startWorker = async () => undefined;
  await world.tick(ten + 1000);
  world.store.connection
    .prepare(`UPDATE run SET started_at = claimed_at, boot_id = 'before'`)
    .run();
  await world.tick(ten + 2 * minute);
  expect(world.rows()[0]).toMatchObject({
    state: 'lost',
    reason: 'the node was rebooted while it was running',
  });
});

test('rows whose worker is on its way are no orphans, though the tick that claimed them is over', async () => {
  const world = worldWith('schedule = 10:00-18:00');
  const workers: ChildProcess[] = [];
  onTestFinished(() => workers.forEach((worker) => void worker.kill('SIGKILL')));
  world.deps.startWorker = async (argv) => {
    const worker = spawn('/bin/sh', ['-c', 'sleep 60', ...argv], { stdio: 'ignore' });
    await once(worker, 'spawn');
    workers.push(worker);
  };
  await world.tick(ten + 1000);
  const orphan = world.store.connection.prepare('UPDATE run SET owner_pid = -7');
  orphan.run();
  await world.tick(ten + minute);
  expect(world.rows()[0]).toMatchObject({ state: 'running', attempts: 0 });
  expect(workers).toHaveLength(1);
  workers[0]?.kill('SIGKILL');
  await once(workers[0] as ChildProcess, 'exit');
  await world.tick(ten + 2 * minute);
  expect(world.rows()[0]).toMatchObject({ state: 'running', attempts: 1 });
  expect(workers).toHaveLength(2);
});
