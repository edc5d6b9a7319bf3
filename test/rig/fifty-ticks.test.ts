import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqlite } from '../../lib/sqlite/open.js';
import { runProgram, waitFor } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { change, processesOf, quiet, quietNode, runsOf, tickIn } from './rig.js';

const tasks = 12;

/** A day's task that leaves a line: `*` is due once today, whatever minute the ticks see. */
function services(directory: string): string {
  return Array.from(
    { length: tasks },
    (_, n) => `[task#${n}]\ncommand = /bin/sh -c 'echo ${n} >> ${directory}/lines'\nschedule = *\n`,
  ).join('');
}

/** Whether a process sleeps in a call that waits for the clock: SQLite waits for a lock like that. */
function waitsForLock(pid: number): boolean {
  try {
    const [call] = readFileSync(`/proc/${pid}/syscall`, 'utf8').split(' ');
    return call === clockNanosleep;
  } catch {
    return false;
  }
}

const clockNanosleep = process.arch === 'arm64' ? '115' : '230';

/**
 * @param barrier nobody can write until many ticks stand before their first write, having read that
 *   the same tasks are due
 */
async function fiftyTicks(root: TestRoot, barrier = false): Promise<void> {
  const other = barrier ? openSqlite(root.paths.store) : undefined;
  other?.exec('BEGIN IMMEDIATE');
  const ticks = Array.from({ length: 50 }, () => tickIn(root.directory));
  if (other) {
    await waitFor(
      () => (processesOf(root.directory).filter(waitsForLock).length >= 20 ? true : undefined),
      'twenty ticks that want to write',
    );
    other.exec('ROLLBACK');
    other.close();
  }
  const results = await Promise.all(ticks);
  expect(
    results.filter(({ code, stderr, stdout }) => code !== 0 || stderr + stdout !== ''),
  ).toEqual([]);
  await quiet(root.directory);
}

function expectEachOnce(root: TestRoot): void {
  const lines = readFileSync(join(root.directory, 'lines'), 'utf8').trim().split('\n');
  expect(lines.map(Number).sort((a, b) => a - b)).toEqual(
    Array.from({ length: tasks }, (_, n) => n),
  );
  const runs = runsOf(root.paths);
  expect(runs.map(({ state }) => state)).toEqual(Array.from({ length: tasks }, () => 'ok'));
  expect(new Set(runs.map(({ section }) => section)).size).toBe(tasks);
}

test('fifty ticks started in the same second in a fresh root: each due task runs exactly once', async () => {
  const root = createRoot({ 'node.conf': quietNode });
  root.write('web.conf', services(root.directory));
  await fiftyTicks(root);
  expectEachOnce(root);
}, 120_000);

test('fifty ticks that all find new configuration: each due task runs exactly once', async () => {
  const root = createRoot({ 'node.conf': quietNode });
  await tickIn(root.directory);
  root.write('web.conf', services(root.directory));
  await fiftyTicks(root, true);
  expectEachOnce(root);
}, 120_000);

test('fifty ticks over an index that is due: each due task runs exactly once', async () => {
  const root = createRoot({ 'node.conf': quietNode });
  root.write('web.conf', services(root.directory).replaceAll('schedule = *', 'schedule = @0'));
  await tickIn(root.directory);
  root.write('web.conf', services(root.directory));
  // The index is made anew by a command, as an operator would look at it first.
  await runProgram('svcmgr', ['print', 'schedule'], { root: root.directory });
  change(root.paths, `UPDATE task SET next_due = next_due - 60000 WHERE next_due IS NOT NULL`);
  await fiftyTicks(root, true);
  expectEachOnce(root);
}, 120_000);
