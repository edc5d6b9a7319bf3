/**
 * SIGKILL at every kind of step of a tick and of a worker. strace counts the system calls of the
 * process and sends the signal at the chosen one; no step is left to chance.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lacks } from '../support/can.js';
import { waitFor } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import {
  change,
  distProgram,
  processesOf,
  query,
  quiet,
  quietNode,
  runIn,
  runsOf,
  tickIn,
} from './rig.js';

type Victim = 'tick' | 'worker';

interface Point {
  victim: Victim;
  call: string;
  when: number;
}

const points = (victim: Victim, call: string, ...whens: number[]): Point[] =>
  whens.map((when) => ({ victim, call, when }));

const all: Point[] = [
  // Making the store and the index (the first forty), claiming, ending.
  ...points('tick', 'pwrite64', 1, 4, 6, 12, 20, 28, 36, 44, 47, 50, 53, 56, 60, 64, 68, 72),
  ...points('tick', 'fsync', 1, 3, 5, 8, 10, 12, 14, 16, 18, 19, 20),
  ...points('tick', 'clone', 1),
  ...points('tick', 'utimensat', 1, 2),
  ...points('tick', 'exit_group', 1),
  // Taking the batch, starting both, their pids, their ends.
  ...points('worker', 'pwrite64', 1, 3, 5, 7, 9, 11, 13, 15, 18, 21, 24, 28, 32, 36, 40),
  ...points('worker', 'fsync', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16),
  ...points('worker', 'clone', 1, 2),
  ...points('worker', 'wait4', 1),
  ...points('worker', 'exit_group', 1),
];

const sections = ['task#1', 'task#2'];

/** Two tasks of today that leave a line and then take a moment. */
function createVictim(): TestRoot {
  const root = createRoot({ 'node.conf': quietNode });
  const line = (section: string): string =>
    `[${section}]\ncommand = /bin/sh -c 'echo ${section} >> ${root.directory}/lines; sleep 0.2'\nschedule = *\n`;
  root.write('web.conf', sections.map(line).join(''));
  return root;
}

function struck({ call, when }: Point, argv: readonly string[]): string[] {
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=KILL:when=${when}`];
  return ['strace', '-qq', '-o', '/dev/null', ...inject, ...argv];
}

/** @returns whether the signal was sent: a step that the process never came to is no point */
async function strike(root: TestRoot, point: Point): Promise<boolean> {
  const program = [process.execPath, distProgram('nodemgr')];
  if (point.victim === 'tick') {
    const { code } = await runIn(root.directory, struck(point, [...program, 'schedulers']));
    return code === 'SIGKILL' || code === 137;
  }
  // The tick claims and cannot start its worker, which is then started by hand.
  const refuse = ['-e', 'trace=execve', '-e', 'inject=execve:error=ENOENT:when=1'];
  await runIn(root.directory, [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    ...refuse,
    ...program,
    'schedulers',
  ]);
  const [claimed] = query<{ batch: string }>(root.paths, 'SELECT batch FROM run LIMIT 1');
  const argv = [...program, 'worker', claimed?.batch ?? ''];
  const { code } = await runIn(root.directory, struck(point, argv));
  return code === 'SIGKILL' || code === 137;
}

interface Verdict extends Point {
  struck: boolean;
  faults: string[];
}

async function judge(point: Point): Promise<Verdict> {
  const root = createVictim();
  const isStruck = await strike(root, point);
  const faults: string[] = [];
  // The next tick, nobody having touched anything.
  const next = await tickIn(root.directory);
  if (next.code !== 0 || next.stdout + next.stderr !== '') faults.push(`next tick: ${next.stderr}`);
  await quiet(root.directory).catch(() => {
    faults.push('processes are left');
  });

  const runs = runsOf(root.paths);
  const lines = existsSync(join(root.directory, 'lines'))
    ? readFileSync(join(root.directory, 'lines'), 'utf8').trim().split('\n')
    : [];
  for (const section of sections) {
    const rows = runs.filter((row) => row.section === section);
    const times = lines.filter((line) => line === section).length;
    if (rows.length !== 1) faults.push(`${section}: ${rows.length} rows for one slot`);
    const [row] = rows;
    if (row && row.state !== 'ok' && row.state !== 'lost') faults.push(`${section}: ${row.state}`);
    if (row?.state === 'lost' && !row.reason) faults.push(`${section}: lost without a reason`);
    if (times > 1) faults.push(`${section}: ran ${times} times`);
    if (row?.state === 'ok' && times !== 1) faults.push(`${section}: ok and ran ${times} times`);
  }
  const [check] = query<{ integrity_check: string }>(root.paths, 'PRAGMA integrity_check');
  if (check?.integrity_check !== 'ok') faults.push(`store: ${check?.integrity_check}`);
  return { ...point, struck: isStruck, faults };
}

test.skipIf(lacks('strace'))(
  'kill -9 of the tick or a worker at 50 injected points: nothing is lost silently, nothing runs twice',
  async () => {
    const queue = [...all];
    const verdicts: Verdict[] = [];
    await Promise.all(
      Array.from({ length: 3 }, async () => {
        for (let point = queue.shift(); point; point = queue.shift()) {
          verdicts.push(await judge(point));
        }
      }),
    );
    expect(verdicts.filter(({ faults }) => faults.length > 0)).toEqual([]);
    const hit = verdicts.filter(({ struck: isStruck }) => isStruck);
    console.info(
      `kill points: ${hit.length} of ${all.length}: ${hit.map(({ victim, call, when }) => `${victim} ${call.split(',')[0]} ${when}`).join('; ')}`,
    );
    expect(hit.length).toBeGreaterThanOrEqual(50);
  },
  300_000,
);

function sleepsIn(directory: string): number[] {
  return processesOf(directory).filter((pid) => commandOf(pid) === '/bin/sleep 300');
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').join(' ').trim();
  } catch {
    return '';
  }
}

test('kill -9 of a worker whose task is running: the task is ended, the run is lost, the next slot runs', async () => {
  const root = createRoot({
    'node.conf': quietNode,
    'web.conf': '[task#1]\ncommand = /bin/sleep 300\nschedule = *\n',
  });
  await tickIn(root.directory);
  const row = await waitFor(
    () =>
      query<{ owner_pid: number; child_pid: number | null }>(
        root.paths,
        'SELECT owner_pid, child_pid FROM run WHERE started_at IS NOT NULL',
      )[0],
    'a started run',
  );
  // Its shell is no task yet: killed so early, the shell finds nobody to report to and starts nothing.
  await waitFor(() => (sleepsIn(root.directory).length > 0 ? true : undefined), 'the task');
  process.kill(row.owner_pid, 'SIGKILL');
  await waitFor(
    () => (processesOf(root.directory).includes(row.owner_pid) ? undefined : true),
    'the end of the worker',
  );
  expect(sleepsIn(root.directory)).toHaveLength(1);
  expect(await tickIn(root.directory)).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(runsOf(root.paths)).toMatchObject([
    { state: 'lost', reason: expect.stringMatching(/^the process \d+ .* while it was running$/) },
  ]);
  expect(processesOf(root.directory)).toEqual([]);

  // Nothing is in the way of the next one.
  root.write('web.conf', '[task#1]\ncommand = /bin/true\nschedule = *\n');
  change(root.paths, 'UPDATE last_run SET last_at = 0, slot_at = 0');
  change(root.paths, `UPDATE run SET slot_begin = 0`);
  await tickIn(root.directory);
  await quiet(root.directory);
  expect(runsOf(root.paths).map(({ state }) => state)).toEqual(['lost', 'ok']);
}, 60_000);
