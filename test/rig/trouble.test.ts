/** A store that is no store, spool files that are no entries, commands that run a part of the tick. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram, waitFor } from '../support/program.js';
import { createRoot } from '../support/root.js';
import { change, query, quiet, quietNode, runsOf, tickIn } from './rig.js';

const due = '[task#1]\ncommand = /bin/true\nschedule = *\n';
const done = { code: 0, stdout: '', stderr: '' };

const harms: { what: string; harm: (path: string) => void }[] = [
  { what: 'overwritten', harm: (path) => writeFileSync(path, 'x'.repeat(100_000)) },
  { what: 'cut short', harm: (path) => truncateSync(path, 20_000) },
  {
    what: 'garbled in the middle',
    harm: (path) => {
      const bytes = readFileSync(path);
      bytes.fill(0xa5, 4096, 40_000);
      writeFileSync(path, bytes);
    },
  },
];

test.each(harms)(
  'a corrupt store ($what) is said once, without a stack, and a new one is made when it is moved away',
  async ({ harm }) => {
    const root = createRoot({ 'node.conf': quietNode, 'web.conf': due });
    await tickIn(root.directory);
    await quiet(root.directory);
    harm(root.paths.store);
    root.write('db.conf', due);
    const first = await tickIn(root.directory);
    expect(first.code).not.toBe(0);
    expect(first.stderr).toMatch(/is not a usable store.*\n.*move .*nodemgr\.db away/);
    expect(first.stderr).not.toMatch(/\n\s+at /);
    expect(await tickIn(root.directory)).toEqual(done);
    for (const words of ['print runs', 'print schedule', 'show run 1']) {
      const { stderr } = await runProgram('nodemgr', words.split(' '), { root: root.directory });
      expect(stderr, words).not.toMatch(/\n\s+at |this is a bug/);
    }
    renameSync(root.paths.store, `${root.paths.store}.bad`);
    const journal = `${root.paths.store}-journal`;
    if (existsSync(journal)) renameSync(journal, `${journal}.bad`);
    expect(await tickIn(root.directory)).toEqual(done);
    await quiet(root.directory);
    expect(runsOf(root.paths).map(({ scope, state }) => `${scope} ${state}`)).toEqual([
      'db ok',
      'web ok',
    ]);
  },
);

test('spool files that are no entries are put aside and told; good ones come in', async () => {
  const root = createRoot({ 'node.conf': quietNode, 'web.conf': due });
  await tickIn(root.directory);
  await quiet(root.directory);
  const spool = join(root.paths.run, 'spool');
  mkdirSync(spool, { recursive: true });
  const [row] = query<Record<string, unknown>>(root.paths, 'SELECT * FROM run');
  const run = {
    ...Object.fromEntries(
      Object.entries(row ?? {}).map(([name, value]) => [
        name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
        value,
      ]),
    ),
    slotBegin: 86_400_000,
    token: 'spooled',
  };
  const files: Record<string, string> = {
    'run.garbage.json': '\0\x01\x02',
    'run.cut.json': JSON.stringify({ kind: 'run', row: run }).slice(0, 90),
    'run.null.json': 'null',
    'run.short.json': JSON.stringify({ kind: 'run', row: { scope: 'web' } }),
    'end.7.json': JSON.stringify({ kind: 'end', end: { id: 'x' } }),
    'end.8.json': JSON.stringify({ kind: 'end', end: { id: 4711 } }),
    'run.good.json': JSON.stringify({ kind: 'run', row: run }),
    '.tmp.half': '{',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(spool, name), text);
  mkdirSync(join(spool, 'run.directory.json'));
  root.write('db.conf', due);
  expect(await tickIn(root.directory)).toEqual(done);
  await quiet(root.directory);
  expect(query(root.paths, `SELECT state FROM run WHERE token = 'spooled'`)).toEqual([
    { state: 'ok' },
  ]);
  expect(runsOf(root.paths).filter(({ scope }) => scope === 'db')).toMatchObject([{ state: 'ok' }]);
  expect(readdirSync(spool).filter((name) => name.endsWith('.json'))).toEqual([]);
  const log = readFileSync(join(root.paths.log, 'node.log'), 'utf8');
  expect(log.match(/spooled run unusable/g)?.length).toBeGreaterThanOrEqual(5);
  const size = log.length;
  change(root.paths, 'UPDATE task SET next_due = next_due - 172800000 WHERE next_due IS NOT NULL');
  await tickIn(root.directory);
  await quiet(root.directory);
  const grown = readFileSync(join(root.paths.log, 'node.log'), 'utf8').slice(size);
  expect(grown).not.toMatch(/spooled/);
});

test('commands that run a part of the tick run only that part', async () => {
  const node = quietNode.replace('[packages]\nschedule = @0', '[packages]\nschedule = *');
  const root = createRoot({ 'node.conf': node, 'web.conf': due, 'db.conf': due });
  const ran = async (program: 'nodemgr' | 'svcmgr', words: string): Promise<string[]> => {
    const before = existsSync(root.paths.store) ? runsOf(root.paths).length : 0;
    expect(await runProgram(program, words.split(' '), { root: root.directory })).toEqual(done);
    await quiet(root.directory);
    return runsOf(root.paths)
      .slice(before)
      .map(({ scope, section }) => `${scope} ${section}`);
  };
  expect(await ran('nodemgr', 'checks --cron')).toEqual([]);
  expect(await ran('svcmgr', '-s db scheduler')).toEqual(['db task#1']);
  expect(await ran('nodemgr', 'scheduler')).toEqual(['node packages']);
  expect(await ran('nodemgr', 'pushpkg --cron')).toEqual([]);
  expect(await ran('svcmgr', '-s web run --cron --rid task#9')).toEqual([]);
  expect(await ran('svcmgr', '-s web run --cron')).toEqual(['web task#1']);
  expect(await ran('nodemgr', 'schedulers')).toEqual([]);
}, 60_000);

test('a run by hand while the task runs is refused, and a slot meanwhile is skipped with its reason', async () => {
  const root = createRoot({ 'node.conf': quietNode });
  await tickIn(root.directory);
  const gate = join(root.directory, 'gate');
  const script = root.write('wait.sh', `while [ ! -e ${gate} ]; do sleep 0.05; done\n`);
  root.write('web.conf', `[task#1]\ncommand = /bin/sh ${script}\nschedule = *\n`);
  const byHand = runProgram('svcmgr', ['-s', 'web', 'run', '--rid', 'task#1'], {
    root: root.directory,
  });
  await waitFor(() => (runsOf(root.paths)[0]?.started_at ? true : undefined), 'the run by hand');
  const second = await runProgram('svcmgr', ['-s', 'web', 'run', '--rid', 'task#1'], {
    root: root.directory,
  });
  expect(second.code).toBe(75);
  expect(await tickIn(root.directory)).toEqual(done);
  expect(runsOf(root.paths)).toMatchObject([
    { origin: 'manual', state: 'running' },
    { origin: 'cron', state: 'skipped', reason: 'run 1 has not ended yet' },
  ]);
  writeFileSync(gate, '');
  expect((await byHand).code).toBe(0);
  expect(runsOf(root.paths)[0]?.state).toBe('ok');
}, 60_000);
