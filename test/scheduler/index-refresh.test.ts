import { readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { silentLog } from '../../lib/log/log.js';
import { configurationFingerprint } from '../../lib/scheduler/fingerprint.js';
import { freshenIndex } from '../../lib/scheduler/fresh-index.js';
import { refreshIndex } from '../../lib/scheduler/refresh.js';
import { tick } from '../../lib/scheduler/tick.js';
import { metaTable } from '../../lib/store/meta.js';
import { openStore } from '../../lib/store/store.js';
import { taskTable } from '../../lib/store/tasks.js';
import { createWorld, ending, type World } from './world.js';

const minute = 60_000;
const ten = Date.UTC(2026, 2, 3, 9);
const web = (schedule: string): string => `[task#1]\ncommand = x\nschedule = ${schedule}\n`;

function start(files: Record<string, string>): World {
  return createWorld({ start: ten, files, work: ending('ok') });
}

function refresh(world: World, fingerprint = 'f'): Promise<void> {
  return refreshIndex({
    deps: world.deps,
    store: world.store,
    log: silentLog,
    fingerprint,
    now: world.now,
    claims: true,
  });
}

test('a refresh does not bring back a slot that another tick took meanwhile', async () => {
  const world = start({ 'web.conf': web('*') });
  // Another process claims the slot after this refresh has judged the schedule, before it writes.
  const other = openStore(world.paths.store);
  const { immediate } = world.store;
  let raced = false;
  const racing: World['store'] = {
    ...world.store,
    immediate(work) {
      if (!raced) {
        raced = true;
        other.connection
          .prepare(
            `INSERT INTO task (scope, action, section, parameter, definition, timezone, detached,
               spreadable, catchup, max_lateness_ms, max_parallel, unrecorded, hooks, next_due, error)
             VALUES ('web', 'task#1', 'task#1', 'task#1.schedule', '*', NULL, 1, 0, 'last', NULL, 1,
               0, NULL, ?, NULL)`,
          )
          .run(ten + 14 * 60 * minute);
        other.connection
          .prepare(
            `INSERT INTO last_run (scope, action, section, last_at) VALUES ('web', 'task#1', 'task#1', ?)`,
          )
          .run(ten);
      }
      return immediate.call(world.store, work) as never;
    },
  };
  await refreshIndex({
    deps: world.deps,
    store: racing,
    log: silentLog,
    fingerprint: 'f',
    now: ten + 1000,
    claims: true,
  });
  other.close();
  expect(world.task('task#1').nextDue).toBe(ten + 14 * 60 * minute);
  expect(metaTable(world.store).get('fingerprint')).toBe('f');
});

test('a file that is a loop of links costs itself alone', async () => {
  const world = start({ 'web.conf': web('@1') });
  symlinkSync('loop.conf', join(world.paths.etc, 'loop.conf'));
  await world.tick(ten);
  expect(world.rows('task#1').map(({ state }) => state)).toEqual(['ok']);
  const log = readFileSync(join(world.paths.log, 'node.log'), 'utf8');
  expect(log.match(/loop\.conf/g)?.length).toBeGreaterThan(0);
  await world.tick(ten + minute);
  expect(readFileSync(join(world.paths.log, 'node.log'), 'utf8')).toBe(log);
});

test('a command that only reads the index makes no slot of the minute that has begun', async () => {
  const world = start({ 'web.conf': web('@1') });
  const deps = { ...world.deps, clock: { ...world.deps.clock, now: () => ten + 30_000 } };
  await freshenIndex(deps, world.store);
  expect(world.task('task#1').nextDue).toBe(ten + minute);
  await world.tick(ten + minute + 1000);
  expect(world.rows().map(({ state }) => state)).toEqual(['ok']);
});

test('node.conf replaced while it is read is read again', async () => {
  const world = start({});
  await refresh(world, 'a:b:c:1');
  world.write('node.conf', '[checks]\nschedule = @7\n');
  await refresh(world, 'a:b:c:2');
  expect(world.task('checks').definition).toBe('@7');
});

test('an edit elsewhere in the file does not lose a slot that is due', async () => {
  const world = start({ 'web.conf': web('@10') });
  await world.tick(ten + 1000);
  world.write('web.conf', `${web('@10')}# edited\n`);
  await world.tick(ten + 12 * minute);
  expect(world.rows().map(({ slotBegin }) => slotBegin)).toEqual([ten, ten + 10 * minute]);
});

test('two builds that tick in turn run each slot once', async () => {
  const world = start({ 'web.conf': web('@10') });
  const builds = ['old', 'new'];
  for (let n = 0; n < 40; n++) {
    world.now = ten + n * minute + 1000;
    await tick({ ...world.deps, buildId: builds[n % 2] ?? '' });
  }
  expect(world.rows().map(({ slotBegin }) => ((slotBegin ?? 0) - ten) / minute)).toEqual([
    0, 10, 20, 30,
  ]);
});

test('a removed service leaves the index, and its runs end in the ledger all the same', async () => {
  const world = start({ 'web.conf': web('@10'), 'db.conf': web('@10') });
  world.deps.startWorker = async () => undefined;
  await world.tick(ten + 1000);
  rmSync(join(world.paths.etc, 'web.conf'));
  await world.tick(ten + minute);
  expect(
    taskTable(world.store)
      .all()
      .filter(({ section }) => section.startsWith('task#'))
      .map(({ scope }) => scope),
  ).toEqual(['db']);
  const batch = world.rows()[0]?.batch ?? '';
  await ending('failed')(world, batch);
  expect(world.rows().map(({ state }) => state)).toEqual(['failed', 'failed']);
});

test('a broken section is logged once, and the others stay scheduled', async () => {
  const world = start({ 'web.conf': `${web('@10')}[task#2]\ncommand = x\nschedule = nonsense\n` });
  await world.tick(ten + 1000);
  world.write('db.conf', web('@10'));
  await world.tick(ten + minute);
  const log = readFileSync(join(world.paths.log, 'node.log'), 'utf8');
  expect(log.match(/schedule unusable/g)).toHaveLength(1);
  expect(log).toMatch(/web\.conf.*task#2/);
  expect(world.rows('task#1').length).toBeGreaterThan(0);
});

test('the fingerprint sees edits, also of the same length and time, and files that come and go', () => {
  const world = start({ 'web.conf': web('@10') });
  const path = join(world.paths.etc, 'web.conf');
  const seen = new Set<string>();
  const look = (): void => void seen.add(configurationFingerprint(world.paths, '', 'b'));
  look();
  look();
  expect(seen.size).toBe(1);
  writeFileSync(path, web('@11'));
  utimesSync(path, ten / 1000, ten / 1000);
  look();
  writeFileSync(path, web('@12'));
  utimesSync(path, ten / 1000, ten / 1000);
  look();
  world.write('db.conf', '');
  look();
  rmSync(join(world.paths.etc, 'db.conf'));
  look();
  expect(seen.size).toBe(5);
  expect(configurationFingerprint(world.paths, 'UTC', 'b')).not.toBe(
    configurationFingerprint(world.paths, '', 'b'),
  );
});

test('ten thousand changed services are read in seconds', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, n) => [`s${n}.conf`, web('0 3 * * *')]),
  );
  const world = start(files);
  const began = performance.now();
  await refresh(world, 'a:b:c:1');
  const took = performance.now() - began;
  expect(taskTable(world.store).all().length).toBe(20_004);
  expect(took).toBeLessThan(20_000);
}, 60_000);
