/** A file system that does not answer any more: frozen with fsfreeze(8), writers hang in it unkillable. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bundled, readIfThere, until } from '../exec/probe.js';
import { lacks } from '../support/can.js';
import { createRig, type Rig } from './rig.js';
import { detachAll, sh } from './storage.js';

const evaluate = fileURLToPath(await bundled('test/drivers/evaluate.ts'));

const timeoutMs = 1000;

/** An ext4 and a flag, both up. */
async function serviceUp(): Promise<{ rig: Rig; mnt: string }> {
  const rig = createRig(
    (place) => `[disk#1]
type = loop
file = ${place}/image

[fs#1]
type = ext4
dev = ${place}/image
mnt = ${place}/mnt
stat_timeout = ${timeoutMs / 1000}

[fs#2]
type = flag

[fs#3]
type = directory
path = ${place}/mnt/data
`,
  );
  // Thawed first, always: nothing could unmount it, and who hangs in it would hang for ever.
  onTestFinished(() => detachAll(rig));
  const image = join(rig.place, 'image');
  writeFileSync(image, '');
  truncateSync(image, 8 << 20);
  sh(`mkfs.ext4 -q -F ${image}`);
  await rig.act('start');
  return { rig, mnt: join(rig.place, 'mnt') };
}

/** Pids of the processes that name the text in their command line. */
function pidsNaming(text: string): number[] {
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text) ? [pid] : [];
    } catch {
      return [];
    }
  });
}

interface Evaluation {
  readonly ms: number;
  readonly statuses: [string, string][];
}

/** What a process of its own says. */
async function evaluateApart(rig: Rig): Promise<Evaluation> {
  const child = spawn(process.execPath, [evaluate, join(rig.place, 'root'), 'svc1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  await once(child, 'close');
  return JSON.parse(text) as Evaluation;
}

const expected = [
  ['disk#1', 'up'],
  ['fs#1', 'warn'],
  ['fs#2', 'up'],
  // Looked at before the write, or not at all: both are true.
  ['fs#3', expect.stringMatching(/^(n\/a|warn)$/)],
];

describe.skipIf(lacks('loop'))('a frozen file system', () => {
  test('thirty processes, some at once, leave one that hangs; each answers in time', async () => {
    const { rig, mnt } = await serviceUp();
    // How busy this machine is.
    const [slowest] = (await Promise.all([1, 2, 3].map(() => evaluateApart(rig))))
      .map(({ ms }) => ms)
      .sort((a, b) => b - a);
    const load = slowest ?? 0;
    sh(`fsfreeze -f ${mnt}`);
    const evaluations: Evaluation[] = [];
    for (let batch = 0; batch < 10; batch++) {
      evaluations.push(...(await Promise.all([1, 2, 3].map(() => evaluateApart(rig)))));
    }
    for (const { ms, statuses } of evaluations) {
      expect(statuses).toEqual(expected);
      expect(ms).toBeLessThan(timeoutMs + 1000 + load);
    }
    // Whoever knows of it need not wait.
    expect(evaluations.slice(3).every(({ ms }) => ms < timeoutMs + load)).toBe(true);
    expect(pidsNaming(`${mnt}/.opensvc`)).toHaveLength(1);

    sh(`fsfreeze -u ${mnt}`);
    await until('the one that hung ends', () => pidsNaming(`${mnt}/.opensvc`).length === 0);
    expect((await evaluateApart(rig)).statuses).toContainEqual(['fs#1', 'up']);
    expect(readdirSync(join(rig.paths.run, 'hanging'))).toEqual([]);
    await rig.act('stop');
  }, 60_000);

  test('one process that asks thirty times leaves one too, and names it', async () => {
    const { rig, mnt } = await serviceUp();
    sh(`fsfreeze -f ${mnt}`);
    let notes: string[] = [];
    for (let n = 0; n < 30; n++) {
      const began = performance.now();
      const { status, notes: found } = await rig.status('fs#1');
      expect(status).toBe('warn');
      expect(performance.now() - began).toBeLessThan(timeoutMs + 1000);
      notes = found.map(({ text }) => text);
    }
    const pids = pidsNaming(`${mnt}/.opensvc`);
    expect(pids).toHaveLength(1);
    expect(notes).toEqual([`${mnt} does not answer within 1s (pid ${pids[0]} hangs there)`]);
    sh(`fsfreeze -u ${mnt}`);
    await until('the one that hung ends', () => pidsNaming(`${mnt}/.opensvc`).length === 0);
  }, 60_000);

  test('an evaluation that is killed while it asks leaves what hangs on record', async () => {
    const { rig, mnt } = await serviceUp();
    sh(`fsfreeze -f ${mnt}`);
    const child = spawn(process.execPath, [evaluate, join(rig.place, 'root'), 'svc1']);
    const directory = join(rig.paths.run, 'hanging');
    const records = () =>
      readdirSync(directory).map((name) => readIfThere(join(directory, name)) ?? '');
    await until(
      'it writes, and is on record',
      () =>
        existsSync(directory) &&
        records().some((text) => /"hangs":false,"process"/.test(text)) &&
        pidsNaming(`of=${mnt}/.opensvc`).length > 0,
    );
    child.kill('SIGKILL');
    await once(child, 'close');
    const { statuses } = await evaluateApart(rig);
    expect(statuses).toEqual(expected);
    expect(pidsNaming(`${mnt}/.opensvc`)).toHaveLength(1);
    sh(`fsfreeze -u ${mnt}`);
    await until('the one that hung ends', () => pidsNaming(`${mnt}/.opensvc`).length === 0);
    expect((await rig.status('fs#1')).status).toBe('up');
  });

  test('a record of an earlier boot, or of another process with that pid, counts for nothing', async () => {
    const { rig, mnt } = await serviceUp();
    expect((await rig.status('fs#1')).status).toBe('up');
    const name = `${encodeURIComponent(mnt)}.json`;
    const directory = join(rig.paths.run, 'hanging');
    mkdirSync(directory, { recursive: true });
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const records = [
      { pid: process.pid, startTime: 1, bootId },
      { pid: 1, startTime: 1, bootId: 'of before' },
    ];
    for (const process of records) {
      writeFileSync(
        join(directory, name),
        JSON.stringify({ place: mnt, asker: process, process, question: 1, since: 1, hangs: true }),
      );
      expect((await rig.status('fs#1')).status).toBe('up');
      expect(readdirSync(directory)).toEqual([]);
    }
    writeFileSync(join(directory, name), 'half a rec');
    expect((await rig.status('fs#1')).status).toBe('up');
  });
});
