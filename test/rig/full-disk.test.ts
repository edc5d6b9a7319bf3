/**
 * The store on a file system that takes no more: a small ext4 in a file, filled to its last block, or
 * mounted read-only. It lies in a mount namespace of its own.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lacks } from '../support/can.js';
import { waitFor } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { type MountNamespace, openNamespace } from './namespace.js';
import { quiet, quietNode, type RunFacts, runFacts } from './rig.js';

const needs = ['root', 'loop'] as const;

interface Disk {
  root: TestRoot;
  inside: MountNamespace;
  runs(): RunFacts[];
  fill(): Promise<void>;
  free(): Promise<void>;
  tick(): ReturnType<MountNamespace['program']>;
  /** Every schedule is due again, as after a night; no space is needed for that. */
  due(): void;
}

/** A root whose `var` is a small file system. */
async function smallDisk(files: Record<string, string>): Promise<Disk> {
  const root = createRoot({ 'node.conf': quietNode, ...files });
  const inside = await openNamespace(root.directory);
  const image = join(root.directory, 'image');
  mkdirSync(root.paths.var);
  await inside.sh(
    'truncate -s 8M "$1" && mkfs.ext4 -q -F -m 0 "$1" && mount -o loop "$1" "$2"',
    image,
    root.paths.var,
  );
  return {
    root,
    inside,
    runs: () => inside.query<RunFacts>(runFacts),
    // First large pieces, then to the last block.
    fill: async () =>
      void (await inside.sh(
        'for size in 1M 4k; do dd if=/dev/zero of="$1/fill.$size" bs=$size 2>/dev/null || true; done',
        root.paths.var,
      )),
    free: async () => void (await inside.sh('rm -f "$1"/fill.*', root.paths.var)),
    tick: () => inside.program('nodemgr', 'schedulers'),
    due: () =>
      inside.change(
        `UPDATE task SET next_due = next_due - 172800000 WHERE next_due IS NOT NULL;
         UPDATE last_run SET last_at = 1, slot_at = 1; UPDATE run SET epoch = epoch - 1`,
      ),
  };
}

const done = { code: 0, stdout: '', stderr: '' };

test.skipIf(lacks(...needs))(
  'store on a full file system: reads answer with one warning, the tick says it once and heals by itself',
  async () => {
    const disk = await smallDisk({
      'web.conf': '[task#1]\ncommand = /bin/echo hello\nschedule = *\n',
    });
    const { inside } = disk;
    expect(await disk.tick()).toEqual(done);
    await quiet(disk.root.directory);
    expect(disk.runs()).toMatchObject([{ state: 'ok' }]);
    disk.due();
    await disk.fill();

    // A changed configuration that the index cannot take.
    disk.root.write('db.conf', '[task#1]\ncommand = /bin/true\nschedule = @10\n');
    for (const [program, words] of [
      ['nodemgr', 'print schedule'],
      ['svcmgr', 'print schedule'],
      ['nodemgr', 'explain schedule checks'],
      ['svcmgr', '-s web explain schedule task#1'],
    ] as const) {
      const { code, stdout, stderr } = await inside.program(program, ...words.split(' '));
      expect({ words, code }).toEqual({ words, code: 0 });
      expect(stdout.length).toBeGreaterThan(0);
      expect(stderr.match(/^warning: .*cannot be written/gm)).toHaveLength(1);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    }
    const runs = await inside.program('nodemgr', 'print', 'runs', '--format', 'json');
    expect(runs.code).toBe(0);
    expect(JSON.parse(runs.stdout)).toHaveLength(1);

    // The tick says it once, by an error that cron mails, and then is silent.
    const first = await disk.tick();
    expect(first.code).toBe(74);
    expect(first.stderr).toMatch(
      /cannot be written: database or disk is full\n.*the next tick goes on by itself/,
    );
    expect(first.stderr).not.toMatch(/\n\s+at /);
    for (let n = 0; n < 3; n++) expect(await disk.tick()).toEqual(done);
    expect(disk.runs()).toHaveLength(1);

    await disk.free();
    expect(await disk.tick()).toEqual(done);
    await quiet(disk.root.directory);
    const states = disk.runs().map(({ scope, state }) => `${scope} ${state}`);
    expect(states.sort()).toEqual(['db ok', 'web missed', 'web ok', 'web ok']);
    const log = readFileSync(join(disk.root.paths.log, 'node.log'), 'utf8');
    expect(log.match(/the store can be written again/g)).toHaveLength(1);
    expect(await disk.tick()).toEqual(done);
    expect(disk.inside.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  },
  120_000,
);

test.skipIf(lacks(...needs))(
  'store on a full file system: run_if_unrecorded runs once per slot meanwhile, and is recorded afterwards',
  async () => {
    const disk = await smallDisk({});
    const lines = join(disk.root.directory, 'lines');
    const task = (name: string, more: string): string =>
      `[task#${name}]\ncommand = /bin/sh -c 'echo ${name} >> ${lines}'\nschedule = *\n${more}`;
    disk.root.write('web.conf', task('must', 'run_if_unrecorded = true\n') + task('may', ''));
    await disk.tick();
    await quiet(disk.root.directory);
    const before = readFileSync(lines, 'utf8').trim().split('\n').length;
    expect(before).toBe(2);
    disk.due();
    await disk.fill();

    expect((await disk.tick()).code).toBe(74);
    await quiet(disk.root.directory);
    expect(await disk.tick()).toEqual(done);
    await quiet(disk.root.directory);
    expect(readFileSync(lines, 'utf8').trim().split('\n').slice(before)).toEqual(['must']);
    expect(disk.runs()).toHaveLength(2);

    await disk.free();
    expect(await disk.tick()).toEqual(done);
    await quiet(disk.root.directory);
    const rows = disk.runs().slice(2);
    const told = rows.map(({ section, state }) => `${section} ${state}`);
    expect(told.filter((text) => text === 'task#must ok')).toHaveLength(1);
    expect(told.filter((text) => text === 'task#may ok')).toHaveLength(1);
    expect(readFileSync(lines, 'utf8').trim().split('\n').slice(before).sort()).toEqual([
      'may',
      'must',
    ]);
    await disk.tick();
    await quiet(disk.root.directory);
    expect(disk.runs()).toHaveLength(rows.length + 2);
  },
  120_000,
);

test.skipIf(lacks(...needs))(
  'a run that ends while the disk is full is recorded afterwards',
  async () => {
    const disk = await smallDisk({});
    const gate = join(disk.root.directory, 'gate');
    const script = disk.root.write(
      'wait.sh',
      `while [ ! -e ${gate} ]; do sleep 0.05; done; head -c 30000 /dev/zero | tr '\\0' x; exit 3\n`,
    );
    disk.root.write('web.conf', `[task#1]\ncommand = /bin/sh ${script}\nschedule = *\n`);
    await disk.tick();
    await waitFor(() => (disk.runs()[0]?.started_at ? true : undefined), 'the start of the run');
    // The pid of the task is written a moment after its start.
    await waitFor(
      () =>
        disk.inside.query<{ n: number }>('SELECT count(child_pid) AS n FROM run')[0]?.n === 1
          ? true
          : undefined,
      'the child in the ledger',
    );
    await disk.fill();
    await disk.inside.sh('touch "$1"', gate);
    await quiet(disk.root.directory);
    expect(disk.runs()).toMatchObject([{ state: 'running' }]);
    expect(existsSync(join(disk.root.paths.run, 'spool'))).toBe(true);
    expect((await disk.tick()).code).toBe(74);
    await disk.free();
    expect(await disk.tick()).toEqual(done);
    expect(disk.runs()).toMatchObject([{ state: 'failed', exit_code: 3 }]);
    const [row] = disk.inside.query<{ stdout: string }>('SELECT stdout FROM run');
    expect(row?.stdout).toHaveLength(30_000);
  },
  120_000,
);

test.skipIf(lacks(...needs))(
  'store on a read-only file system: the same, and it heals by itself',
  async () => {
    const disk = await smallDisk({
      'web.conf': '[task#1]\ncommand = /bin/true\nschedule = *\n',
    });
    await disk.tick();
    await quiet(disk.root.directory);
    disk.due();
    await disk.inside.sh('mount -o remount,ro "$1"', disk.root.paths.var);
    disk.root.write('db.conf', '[task#1]\ncommand = /bin/true\nschedule = @10\n');
    for (const words of ['print schedule', 'explain schedule checks']) {
      const { code, stdout, stderr } = await disk.inside.program('nodemgr', ...words.split(' '));
      expect({ words, code }).toEqual({ words, code: 0 });
      expect(stdout.length).toBeGreaterThan(0);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).toMatch(/^warning: .*cannot be written/);
    }
    const first = await disk.tick();
    expect({ code: first.code, stack: /\n\s+at /.test(first.stderr) }).toEqual({
      code: 74,
      stack: false,
    });
    expect(await disk.tick()).toEqual(done);
    await disk.inside.sh('mount -o remount,rw "$1"', disk.root.paths.var);
    expect(await disk.tick()).toEqual(done);
    await quiet(disk.root.directory);
    const states = disk.runs().map(({ state }) => state);
    expect(states.filter((state) => state === 'ok')).toHaveLength(3);
  },
  120_000,
);

test.skipIf(lacks(...needs))(
  'a full disk before there is a store: one error, no stack, and it heals by itself',
  async () => {
    const disk = await smallDisk({ 'web.conf': '[task#1]\ncommand = /bin/true\nschedule = *\n' });
    await disk.fill();
    const first = await disk.tick();
    expect(first.code).toBe(74);
    expect(first.stderr).not.toMatch(/\n\s+at /);
    expect(await disk.tick()).toEqual(done);
    await disk.free();
    expect(await disk.tick()).toEqual(done);
    await quiet(disk.root.directory);
    expect(disk.runs()).toMatchObject([{ state: 'ok' }]);
  },
  60_000,
);
