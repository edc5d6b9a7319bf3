/**
 * A simulated span of ticks on a real store, and an independent account of what had to happen: the
 * slots are found by asking the language at every single minute, never by its search for the next run.
 */
import { evaluate } from '../../lib/schedule/due.js';
import { evaluationOf } from '../../lib/scheduler/evaluation.js';
import type { RunRow, RunState } from '../../lib/store/runs.js';
import { runTable } from '../../lib/store/runs.js';
import { createWorld, endRun, owner, quietNode, type World } from './world.js';

const minute = 60_000;

export interface Simulation {
  schedules: readonly string[];
  /** UTC ms. */
  start: number;
  days: number;
  seed: number;
  outages: number;
}

export interface TaskAccount {
  schedule: string;
  /** Slots that had to be decided, by what had to become of them. */
  expected: { run: number; missed: number; skipped: number };
  /** States in the ledger, each slot counted. */
  states: Partial<Record<RunState, number>>;
  /** The first differences between the two, as sentences. */
  differences: string[];
}

/** Numbers in [0, 1) that are the same for a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export async function simulate(plan: Simulation): Promise<TaskAccount[]> {
  const random = randomFrom(plan.seed);
  const work = workerOf(random);
  const sections = plan.schedules.map((schedule, index) => ({
    section: `task#${index + 1}`,
    schedule,
  }));
  const world = createWorld({
    start: plan.start,
    files: {
      // The account is made at the end: nothing may leave the ledger before.
      'node.conf': `${quietNode}[node]\nhistory_max_age = 5200w\nhistory_max_runs = 9000000\nhistory_max_size = 10g\n`,
      'web.conf': sections
        .map(({ section, schedule }) => `[${section}]\ncommand = x\nschedule = ${schedule}\n`)
        .join(''),
    },
    work: work.take,
  });

  // What is proven here needs no disk; kill.test.ts is about that.
  world.store.immediate(() => undefined);
  world.store.connection.pragma('journal_mode = MEMORY');
  world.store.connection.pragma('synchronous = OFF');

  const ticks = tickTimes(plan, random);
  const idleBefore: number[] = [];
  for (const at of ticks) {
    work.endRuns(world, at);
    // An idle tick writes nothing (idle.test.ts): those at which the store has nothing due are left out.
    const first = at === ticks[0];
    if (!first && !hasWork(world, at)) {
      idleBefore.push(at);
      continue;
    }
    await world.tick(at);
  }

  const accounts: TaskAccount[] = [];
  for (const { section, schedule } of sections) {
    const rows = world.rows(section);
    const expected = await expectedSlots(world, section, ticks, rows);
    accounts.push({ schedule, ...compare(expected, rows) });
  }
  return accounts;
}

function hasWork(world: World, at: number): boolean {
  const row = world.store.connection
    .prepare<[], { due: number | null; open: number }>(
      `SELECT (SELECT min(next_due) FROM task) AS due,
              (SELECT count(*) FROM run WHERE state = 'running' AND owner_pid = -7) AS open`,
    )
    .get();
  return row !== undefined && ((row.due ?? Infinity) <= at || row.open > 0);
}

/** Every minute with up to 3 s of lateness, but for the outages of up to thirty hours. */
function tickTimes({ start, days, outages }: Simulation, random: () => number): number[] {
  const end = start + days * 24 * 60 * minute;
  const gaps = Array.from({ length: outages }, () => {
    const from = start + random() * (end - start);
    return { from, to: from + 10 * minute + random() ** 4 * 30 * 60 * minute };
  });
  const ticks: number[] = [];
  for (let at = start; at < end; at += minute) {
    const late = at + Math.floor(random() * 3000);
    if (!gaps.some(({ from, to }) => late >= from && late < to)) ticks.push(late);
  }
  return ticks;
}

/** A worker whose runs succeed, fail, take too long, die with it or go on for half an hour. */
function workerOf(random: () => number) {
  const going: { endsAt: number; row: RunRow }[] = [];
  return {
    take(world: World, batch: string): void {
      const runs = runTable(world.store);
      world.store.immediate(() => {
        for (const row of runs.takeBatch(batch, owner())) {
          runs.start(row.id, batch, world.now, owner().ownerPid);
          const started = { ...row, startedAt: world.now };
          const chance = random();
          if (chance < 0.9) endRun(world, started, 'ok', world.now + 1000);
          else if (chance < 0.94) endRun(world, started, 'failed', world.now + 1000);
          else if (chance < 0.96) endRun(world, started, 'timeout', world.now + 30_000);
          else if (chance < 0.98) {
            // A process that never was: the worker died with the run.
            world.store.connection
              .prepare('UPDATE run SET owner_pid = -7 WHERE id = ?')
              .run(row.id);
          } else going.push({ endsAt: world.now + 25 * minute, row: started });
        }
      });
    },
    endRuns(world: World, at: number): void {
      for (const { endsAt, row } of going.splice(0)) {
        if (endsAt > at) going.push({ endsAt, row });
        else world.store.immediate(() => endRun(world, row, 'ok', endsAt));
      }
    },
  };
}

interface ExpectedSlot {
  begin: number;
  fate: 'run' | 'missed' | 'skipped';
}

/** What had to happen to one task, asked minute by minute. Which runs were still going is a fact. */
async function expectedSlots(
  world: World,
  section: string,
  ticks: readonly number[],
  rows: readonly RunRow[],
): Promise<ExpectedSlot[]> {
  const task = world.task(section);
  const { schedule, context } = await evaluationOf(task, 'node1', ticks[0] ?? 0, null);
  const isDue = (now: number, last: number | null): boolean =>
    evaluate(schedule, { ...context, now, last }).due;
  const long = rows.filter(
    ({ startedAt, endedAt }) => startedAt !== null && (endedAt ?? Infinity) - startedAt > 60_000,
  );
  const slots: ExpectedSlot[] = [];
  let last: number | null = null;
  let cursor = Math.floor((ticks[0] ?? 0) / minute) * minute;
  for (const tick of ticks) {
    const gap: number[] = [];
    let walked = last;
    for (; cursor <= tick; cursor += minute) {
      if (!isDue(cursor, walked)) continue;
      gap.push(cursor);
      walked = cursor;
    }
    const newest = gap.at(-1);
    if (newest === undefined) continue;
    const dueNow = isDue(tick, last);
    const busy = long.some(
      ({ startedAt, endedAt, state }) =>
        (state === 'ok' || state === 'running') &&
        (startedAt ?? 0) < tick &&
        tick < (endedAt ?? Infinity),
    );
    for (const begin of gap.slice(0, -1)) slots.push({ begin, fate: 'missed' });
    slots.push({ begin: newest, fate: !dueNow ? 'missed' : busy ? 'skipped' : 'run' });
    last = dueNow ? tick : newest;
  }
  return slots;
}

const ranStates: readonly RunState[] = ['ok', 'failed', 'timeout', 'lost', 'running'];

function compare(
  expected: readonly ExpectedSlot[],
  rows: readonly RunRow[],
): Omit<TaskAccount, 'schedule'> {
  const differences: string[] = [];
  const name = (at: number | null): string => (at === null ? '-' : new Date(at).toISOString());
  const tell = (text: string): void => {
    if (differences.length < 10) differences.push(text);
  };
  const states: TaskAccount['states'] = {};
  const byBegin = new Map<number, RunRow>();
  for (const row of rows) {
    states[row.state] = (states[row.state] ?? 0) + row.slots;
    if (row.slotBegin === null) tell(`row ${row.id} has no slot`);
    else if (byBegin.has(row.slotBegin)) tell(`slot ${name(row.slotBegin)} twice`);
    else byBegin.set(row.slotBegin, row);
    if (row.state !== 'ok' && row.state !== 'running' && !row.reason) {
      tell(`row ${row.id} is ${row.state} without a reason`);
    }
  }
  const shared = rows.filter(({ slots }) => slots > 1);
  for (const row of shared) {
    const inside = expected.filter(
      ({ begin }) => begin >= (row.slotBegin ?? 0) && begin < (row.slotEnd ?? Infinity),
    );
    if (inside.length !== row.slots) {
      tell(`row ${row.id} stands for ${row.slots} slots, there were ${inside.length}`);
    }
    if (inside.some(({ fate }) => fate !== row.state)) tell(`row ${row.id} hides slots that ran`);
  }
  const isShared = (begin: number): boolean =>
    shared.some((row) => begin >= (row.slotBegin ?? 0) && begin < (row.slotEnd ?? Infinity));

  const begins = new Set(expected.map(({ begin }) => begin));
  for (const { begin, fate } of expected) {
    if (isShared(begin)) continue;
    const row = byBegin.get(begin);
    if (!row) tell(`slot ${name(begin)} is lost silently, it had to be ${fate}`);
    else if (fate === 'run' ? !ranStates.includes(row.state) : row.state !== fate) {
      tell(`slot ${name(begin)} is ${row.state}, it had to be ${fate}`);
    }
  }
  for (const begin of byBegin.keys()) {
    if (!begins.has(begin)) tell(`slot ${name(begin)} is none of the schedule`);
  }
  const count = (fate: ExpectedSlot['fate']): number =>
    expected.filter((slot) => slot.fate === fate).length;
  return {
    expected: { run: count('run'), missed: count('missed'), skipped: count('skipped') },
    states,
    differences,
  };
}
