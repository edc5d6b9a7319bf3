/** Affinities between the services of one node (spec service 6.5), through the built program. */
import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';

const svcmgr = (root: TestRoot, ...argv: string[]) =>
  runProgram('svcmgr', argv, { root: root.directory });
const flag = '[fs#1]\ntype = flag\n';
const two = '[fs#1]\ntype = flag\n[fs#2]\ntype = flag\n';
const flagOf = ({ paths }: TestRoot, name: string, rid = 'fs#1') =>
  join(paths.run, `flag/svc/${name}/${rid}.flag`);
const isUp = (root: TestRoot, name: string): boolean => existsSync(flagOf(root, name));

test('hard_anti_affinity: refused while the other one is up or half up, whatever was last known', async () => {
  const root = createRoot({
    'web.conf': `[DEFAULT]\nhard_anti_affinity = db\n${flag}`,
    'db.conf': two,
  });
  expect((await svcmgr(root, 'web', 'start')).code).toBe(0);
  await svcmgr(root, 'web', 'stop');
  await svcmgr(root, 'db', 'start');
  const refused = await svcmgr(root, 'web', 'start');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/web ERROR hard_anti_affinity db: it is up\n/);
  expect(refused.stderr).toContain('--ignore-affinity');
  expect(isUp(root, 'web')).toBe(false);
  rmSync(flagOf(root, 'db')); // nobody refreshed since
  expect((await svcmgr(root, 'web', 'start')).stderr).toContain('it is warn');
  rmSync(flagOf(root, 'db', 'fs#2'));
  expect((await svcmgr(root, 'web', 'start')).code).toBe(0);
});

test('hard_affinity: refused while the other one is not up, is not here or does not exist', async () => {
  const root = createRoot({
    'web.conf': `[DEFAULT]\naffinity = db\n${flag}`,
    'db.conf': flag,
    'shop.conf': `[DEFAULT]\nhard_affinity = far none root/svc/db\n${flag}`,
    'far.conf': `[DEFAULT]\nnodes = elsewhere\n${flag}`,
  });
  const refused = await svcmgr(root, 'web', 'start');
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('db: it is down'),
  });
  await svcmgr(root, 'db', 'start');
  expect((await svcmgr(root, 'web', 'start')).code).toBe(0);
  const { stderr } = await svcmgr(root, 'shop', 'start');
  expect(stderr).toContain('far: it is not on this node');
  expect(stderr).toContain('none: it is not installed');
  expect(stderr).not.toContain('root/svc/db');
});

test.each(['--ignore-affinity', '--force'])(
  '%s starts all the same, with an error line',
  async (option) => {
    const root = createRoot({
      'web.conf': `[DEFAULT]\nhard_affinity = db\n${flag}`,
      'db.conf': flag,
    });
    const { code, stderr } = await svcmgr(root, 'web', 'start', option);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^\S+\.web ERROR hard_affinity db: it is down; started all the same\n$/);
    expect(isUp(root, 'web')).toBe(true);
    expect(readFileSync(join(root.paths.log, 'web.log'), 'utf8')).toContain(
      `start ${option} (user origin)`,
    );
  },
);

test('the soft forms warn; a service without any says nothing; other actions are not concerned', async () => {
  const root = createRoot({
    'web.conf': `[DEFAULT]\nsoft_affinity = db\nsoft_anti_affinity = app\n${flag}`,
    'db.conf': `[DEFAULT]\nhard_affinity = none\n${flag}`,
    'app.conf': flag,
  });
  expect(await svcmgr(root, 'app', 'start')).toMatchObject({ code: 0, stderr: '' });
  const { code, stderr } = await svcmgr(root, 'web', 'start');
  expect(code).toBe(0);
  expect(stderr).toMatch(/WARNING soft_affinity db: it is down/);
  expect(stderr).toMatch(/WARNING soft_anti_affinity app: it is up/);
  expect(await svcmgr(root, 'db', 'stop')).toMatchObject({ code: 0, stderr: '' });
  expect(await svcmgr(root, 'db', 'startfs')).toMatchObject({ code: 0, stderr: '' });
  expect((await svcmgr(root, 'db', 'provision')).code).toBe(1);
});

test('another service whose file cannot be read is told', async () => {
  const root = createRoot({
    'web.conf': `[DEFAULT]\nhard_anti_affinity = db\n${flag}`,
    'db.conf': flag,
  });
  chmodSync(join(root.paths.etc, 'db.conf'), 0o666);
  const { code, stderr } = await svcmgr(root, 'web', 'start');
  expect(code).toBe(0);
  expect(stderr).toMatch(/WARNING hard_anti_affinity db: it is unusable \(.*db\.conf/);
});

test('in a namespace names are of that namespace', async () => {
  const root = createRoot({
    'namespaces/ns1/svc/web.conf': `[DEFAULT]\nhard_affinity = db\n${flag}`,
    'db.conf': flag,
  });
  await svcmgr(root, 'db', 'start');
  expect((await svcmgr(root, 'ns1/svc/web', 'start')).stderr).toContain('db: it is not installed');
  root.write('namespaces/ns1/svc/db.conf', flag);
  await svcmgr(root, 'ns1/svc/db', 'start');
  expect((await svcmgr(root, 'ns1/svc/web', 'start')).code).toBe(0);
});
