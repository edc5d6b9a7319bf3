/**
 * The real cron daemon of Debian under libfaketime at 120 times the speed, in a mount namespace of its
 * own, through both nights in which the clock of Paris changes. cron starts the full tick: the guard
 * reads file times of the kernel, which no library moves.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { fakeTimeLibrary, lacks } from '../support/can.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { distProgram, query, quiet, quietNode } from './rig.js';

const speed = 120;
const minute = 60_000;
const hour = 60 * minute;
/** How late cron or a start may be on a busy machine: 2.5 s of real time. */
const late = 5 * minute;

interface Night {
  night: string;
  /** Local time at which it begins, and the same in UTC ms. */
  local: string;
  begin: number;
  /** The slot of 02:30. */
  fixed: number;
}

const nights: Night[] = [
  {
    night: 'spring',
    local: '2026-03-29 00:50:00',
    begin: Date.UTC(2026, 2, 28, 23, 50),
    fixed: Date.UTC(2026, 2, 29, 1, 30),
  },
  {
    night: 'autumn',
    local: '2026-10-25 00:50:00',
    begin: Date.UTC(2026, 9, 24, 22, 50),
    fixed: Date.UTC(2026, 9, 25, 0, 30),
  },
];

const tasks = {
  'task#fixed': '02:30',
  'task#cron': '30 2 * * *',
  'task#half': '@30',
  'task#ten': '@10',
};

type OnTestFinished = TestContext['onTestFinished'];

/**
 * cron and what it starts keep one clock: begin + 120 x (now - start). Each process of ours counts from
 * its own start, so its offset is worked out when it starts.
 */
function prepare({ begin }: Night, onTestFinished: OnTestFinished) {
  const services = Object.entries(tasks)
    .map(([name, schedule]) => `[${name}]\ncommand = /bin/true\nschedule = ${schedule}\n`)
    .join('');
  const root = createRoot({ 'node.conf': quietNode, 'web.conf': services }, onTestFinished);
  const startFile = join(root.directory, 'start');
  const job = join(root.directory, 'job');
  writeFileSync(
    job,
    `#!/bin/sh
unset LD_PRELOAD FAKETIME
offset=$(awk -v now="$(date +%s.%N)" -v start="$(cat '${startFile}')" \\
  'BEGIN { printf "%+.3f", ${begin / 1000} + ${speed} * (now - start) - now }')
export TZ=Europe/Paris NODEMGR_ROOT='${root.directory}'
export LD_PRELOAD='${fakeTimeLibrary()}' FAKETIME="$offset x${speed}"
export FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1
exec '${process.execPath}' '${distProgram('nodemgr')}' schedulers >> '${root.directory}/said' 2>&1
`,
    { mode: 0o755 },
  );
  return { root, job, startFile };
}

/** So many minutes of its clock cron may take for the first job; then it is started anew. */
const patience = 20 * minute;

/** Runs cron until its clock has gone through `hours`. Each try has a root of its own. */
async function runCron(
  night: Night,
  hours: number,
  onTestFinished: OnTestFinished,
): Promise<TestRoot> {
  const tries = 4;
  for (let n = 1; n <= tries; n++) {
    const root = await tryCron(night, hours, onTestFinished);
    if (root !== undefined) return root;
    // The rig failed, not what it watches.
    console.info(`${night.night}: cron started no job at all (${n})`);
  }
  throw new Error(`${night.night}: cron started no job in ${tries} tries`);
}

/** @returns undefined when cron started nothing */
async function tryCron(
  night: Night,
  hours: number,
  onTestFinished: OnTestFinished,
): Promise<TestRoot | undefined> {
  const { root, job, startFile } = prepare(night, onTestFinished);
  const place = join(root.directory, 'cron');
  mkdirSync(place);
  writeFileSync(join(place, 'crontab'), `* * * * * root ${job}\n`, { mode: 0o600 });
  for (const name of ['d', 'spool']) mkdirSync(join(place, name));
  const script = `PATH=/usr/sbin:/sbin:$PATH
mount --bind "$1/crontab" /etc/crontab
[ ! -d /etc/cron.d ] || mount --bind "$1/d" /etc/cron.d
[ ! -d /var/spool/cron/crontabs ] || mount --bind "$1/spool" /var/spool/cron/crontabs
mount -t tmpfs tmpfs /run
date +%s.%N > "$2"
export TZ=Europe/Paris LD_PRELOAD="$3" FAKETIME="@$4 x${speed}"
exec cron -f`;
  const argv = ['-m', '--propagation', 'private', 'sh', '-ec', script, 'sh'];
  const cron = spawn('unshare', [...argv, place, startFile, fakeTimeLibrary() ?? '', night.local], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  let complaint = '';
  cron.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const stop = (): void => {
    cron.kill('SIGKILL');
    // libfaketime's, by the pid of the process that it counts for: a later process must not find them.
    for (const name of [`faketime_shm_${cron.pid}`, `sem.faketime_sem_${cron.pid}`]) {
      rmSync(join('/dev/shm', name), { force: true });
    }
  };
  onTestFinished(stop);
  const file = join(root.directory, 'said');
  const pass = (ms: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, ms / speed));
  await pass(patience);
  const hasBegun = existsSync(file);
  if (hasBegun) await pass(hours * hour - patience);
  const ended = cron.exitCode ?? cron.signalCode;
  stop();
  await quiet(root.directory);
  const said = hasBegun ? readFileSync(file, 'utf8') : '';
  expect({ complaint, ended, said }).toEqual({ complaint: '', ended: null, said: '' });
  return hasBegun ? root : undefined;
}

test.for(nights)(
  'the real cron daemon through the $night night in Paris: fixed times once, periods in elapsed time, recorded',
  { concurrent: true, skip: lacks('root', 'cron', 'faketime', 'mount'), timeout: 240_000 },
  async (night, { onTestFinished }) => {
    const hours = 2.5;
    const root = await runCron(night, hours, onTestFinished);
    const rows = query<{
      section: string;
      state: string;
      slot: number;
      slots: number;
      started: number;
    }>(
      root.paths,
      'SELECT section, state, slot_begin AS slot, slots, started_at AS started FROM run ORDER BY slot_begin',
    );
    const of = (section: keyof typeof tasks) => rows.filter((row) => row.section === section);
    const end = night.begin + hours * hour;

    for (const section of ['task#fixed', 'task#cron'] as const) {
      expect(of(section), section).toMatchObject([{ state: 'ok', slot: night.fixed }]);
    }
    for (const [section, period] of [
      ['task#half', 30 * minute],
      ['task#ten', 10 * minute],
    ] as const) {
      const slots = of(section);
      expect(
        slots.filter(({ state }) => state !== 'ok'),
        section,
      ).toEqual([]);
      for (const [n, { slot, started }] of slots.entries()) {
        const next = slots[n + 1]?.slot;
        // A start takes 0.2 s of real time, twenty-four seconds of this clock: on a busy machine a
        // minute passes without a tick. A wrong reading of the night would be an hour off.
        if (next !== undefined) {
          expect(next - slot, section).toBeGreaterThanOrEqual(period);
          expect(next - slot, section).toBeLessThan(period + late);
        }
        expect(started - slot, section).toBeLessThan(late);
      }
      expect(slots[0]?.slot, section).toBeLessThanOrEqual(night.begin + late);
      expect(slots.at(-1)?.slot, section).toBeGreaterThan(end - period - late);
    }
    console.info(`${night.night}: ${rows.length} runs, ${of('task#ten').length} of @10`);
  },
);
