/** bin/tick with real files. A recorder stands for Node.js: it tells whether the full tick was started. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { lacks } from '../support/can.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { guard, query, quiet, quietNode, runIn, tickIn } from './rig.js';

const future = '[task#1]\ncommand = /bin/true\nschedule = 10:00-11:00 :29 * feb\n';

async function settled(name = ''): Promise<TestRoot> {
  const root = createRoot({ 'node.conf': quietNode, 'web.conf': future });
  // What was written in the last 20 ms before a tick counts as newer than it (lib/scheduler/stamps.ts).
  await delay(50);
  if (name === '') {
    await tickIn(root.directory);
    return root;
  }
  // The same below a directory whose name wants quoting.
  const directory = join(root.directory, name);
  mkdirSync(directory);
  cpSync(root.paths.etc, join(directory, 'etc'), { recursive: true });
  await delay(50);
  await tickIn(directory);
  return { ...root, directory };
}

/** @returns how often Node.js was started by one run of the guard */
async function starts(directory: string): Promise<number> {
  const place = mkdtempSync(join(tmpdir(), 'nodemgr-test-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  const recorder = join(place, 'node');
  const record = join(place, 'record');
  writeFileSync(recorder, `#!/bin/sh\necho "$*" >> '${record}'\n`, { mode: 0o755 });
  const result = await runIn(directory, [guard], { NODEMGR_NODE: recorder });
  expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
  if (!existsSync(record)) return 0;
  const lines = readFileSync(record, 'utf8').trim().split('\n');
  expect(lines.every((line) => /dist\/nodemgr\.js schedulers$/.test(line))).toBe(true);
  return lines.length;
}

test('the guard leaves without Node.js when nothing is due and nothing changed', async () => {
  const root = await settled();
  expect(await starts(root.directory)).toBe(0);
  expect(await starts(root.directory)).toBe(0);
});

test('the guard works in a root with blanks and quotes in its name', async () => {
  const { directory } = await settled(`my 'own' "root" $HOME`);
  expect(existsSync(join(directory, 'run', 'scan'))).toBe(true);
  expect(await starts(directory)).toBe(0);
  writeFileSync(join(directory, 'etc', 'new.conf'), future, { mode: 0o600 });
  expect(await starts(directory)).toBe(1);
});

test('the guard starts the full tick in a root that never had one', async () => {
  const root = createRoot({ 'web.conf': future });
  expect(await starts(root.directory)).toBe(1);
});

const ways: { what: string; change: (root: TestRoot) => void }[] = [
  {
    what: 'a file edited in place, its time set back',
    change: ({ paths }) => {
      const path = join(paths.etc, 'web.conf');
      const { mtime } = statSync(path);
      writeFileSync(path, future.replace('11:00', '12:00'));
      utimesSync(path, mtime, mtime);
    },
  },
  {
    what: 'an older file copied over with its time (cp -p)',
    change: ({ paths, directory }) => {
      const older = join(directory, 'older.conf');
      writeFileSync(older, future.replace('11:00', '12:00'), { mode: 0o600 });
      utimesSync(older, 1_000_000, 1_000_000);
      cpSync(older, join(paths.etc, 'web.conf'), { preserveTimestamps: true });
    },
  },
  {
    what: 'an older file moved over (mv)',
    change: ({ paths, directory }) => {
      const older = join(directory, 'older.conf');
      writeFileSync(older, future, { mode: 0o600 });
      utimesSync(older, 1_000_000, 1_000_000);
      renameSync(older, join(paths.etc, 'web.conf'));
    },
  },
  { what: 'a file added', change: (root) => void root.write('db.conf', future) },
  { what: 'a file removed', change: ({ paths }) => rmSync(join(paths.etc, 'web.conf')) },
  {
    what: 'a service of a new namespace',
    change: (root) => void root.write('namespaces/shop/svc/db.conf', future),
  },
  {
    what: 'the mode of a file changed',
    change: ({ paths }) => chmodSync(join(paths.etc, 'web.conf'), 0o640),
  },
  {
    what: 'the whole configuration gone',
    change: ({ paths }) => rmSync(paths.etc, { recursive: true }),
  },
  {
    what: 'a clock that was set back: the last tick lies in the future',
    change: ({ paths }) => {
      const later = Date.now() / 1000 + 3600;
      utimesSync(join(paths.run, 'scan'), later, later);
    },
  },
  {
    what: 'next_due in the past',
    change: ({ paths }) => utimesSync(join(paths.run, 'next_due'), 1_000_000, 1_000_000),
  },
  {
    what: 'another boot id',
    change: ({ paths }) => {
      const scan = join(paths.run, 'scan');
      const { mtime } = statSync(scan);
      writeFileSync(scan, '00000000-0000-0000-0000-000000000000 1\n');
      utimesSync(scan, mtime, mtime);
    },
  },
  {
    what: 'a scan stamp that holds garbage',
    change: ({ paths }) => {
      const scan = join(paths.run, 'scan');
      const { mtime } = statSync(scan);
      writeFileSync(scan, '\0\u0001garbage');
      utimesSync(scan, mtime, mtime);
    },
  },
  { what: 'no scan stamp', change: ({ paths }) => rmSync(join(paths.run, 'scan')) },
  { what: 'no next_due', change: ({ paths }) => rmSync(join(paths.run, 'next_due')) },
  { what: 'no run directory', change: ({ paths }) => rmSync(paths.run, { recursive: true }) },
  {
    what: 'a file in the place of the run directory',
    change: ({ paths }) => {
      rmSync(paths.run, { recursive: true });
      writeFileSync(paths.run, '');
    },
  },
];

test.each(ways)('the guard starts the full tick after: $what', async ({ change }) => {
  const root = await settled();
  expect(await starts(root.directory)).toBe(0);
  change(root);
  expect(await starts(root.directory)).toBe(1);
});

test.skipIf(lacks('root', 'mount'))(
  'the guard starts the full tick when the run directory is read-only',
  async () => {
    const root = await settled();
    const script = `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && NODEMGR_NODE=/bin/echo "$2"`;
    const { stdout, stderr, code } = await runIn(root.directory, [
      'unshare',
      '-m',
      'sh',
      '-c',
      script,
      'sh',
      root.paths.run,
      guard,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/schedulers$/m);
  },
);

test('an edit is seen by the guard, done by the tick, and then it is quiet again', async () => {
  const root = await settled();
  root.write('web.conf', '[task#1]\ncommand = /bin/true\nschedule = *\n');
  expect(await runIn(root.directory, [guard], { NODEMGR_NODE: process.execPath })).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  });
  await quiet(root.directory);
  const states = query<{ state: string }>(root.paths, 'SELECT state FROM run');
  expect(states).toEqual([{ state: 'ok' }]);
  // Once more for the end of the worker, then nothing is left to do.
  await tickIn(root.directory);
  expect(await starts(root.directory)).toBe(0);
});
