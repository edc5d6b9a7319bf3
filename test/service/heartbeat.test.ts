/** Services of a cluster manager (hb), and what takes nodes off (stonith). */
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';

const svcmgr = (root: TestRoot, ...argv: string[]) =>
  runProgram('svcmgr', argv, { root: root.directory });
const service = '[hb#1]\ntype = openha\nname = web1\n[fs#1]\ntype = flag\n';
const isUp = async (root: TestRoot): Promise<boolean> =>
  (await svcmgr(root, 'web', 'print', 'resource', 'status', '--rid', 'fs#1')).stdout === 'up\n';

test('a cluster manager starts and stops the service: people only with --cluster or a filter', async () => {
  const root = createRoot({ 'web.conf': service });
  for (const action of ['start', 'stop', 'restart', 'provision', 'startfs']) {
    expect(await svcmgr(root, 'web', action), action).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^svcmgr: web: OpenHA web1 \(hb#1\) has to \w+ it\n/),
    });
  }
  expect((await svcmgr(root, 'web', 'start', '--cluster')).code).toBe(0);
  expect(await isUp(root)).toBe(true);
  expect((await svcmgr(root, 'web', 'stop', '--rid', 'fs#1')).code).toBe(0);
  expect(await isUp(root)).toBe(false);
  expect((await svcmgr(root, 'web', 'startstandby')).code).toBe(0);
  const { stdout } = await svcmgr(root, 'web', 'print', 'status');
  expect(stdout).toMatch(/hb#1 +\.{4} n\/a +OpenHA web1\n.*info: OpenHA is not asked/);
});

test('boot starts standby resources alone, shutdown leaves the service to its manager', async () => {
  const root = createRoot({
    'web.conf': `[DEFAULT]\nautostart_node = ${hostname()}\n${service}[fs#2]\ntype = flag\nstandby = true\n`,
  });
  expect((await svcmgr(root, 'web', 'boot')).code).toBe(0);
  expect(await isUp(root)).toBe(false);
  expect((await svcmgr(root, 'web', 'print', 'resource', 'status', '--rid', 'fs#2')).stdout).toBe(
    'stdby up\n',
  );
  const shutdown = await svcmgr(root, 'web', 'shutdown');
  expect(shutdown).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('hb#1: its cluster manager stops the service'),
  });
});

test('a disabled one decides nothing, and nodes for disaster recovery have none', async () => {
  const root = createRoot({ 'web.conf': service.replace('name', 'disable = true\nname') });
  expect((await svcmgr(root, 'web', 'start')).code).toBe(0);
  const drp = createRoot({
    'web.conf': `[DEFAULT]\nnodes = elsewhere\ndrpnode = ${hostname()}\n${service}`,
  });
  expect((await svcmgr(drp, 'web', 'start')).code).toBe(0);
});

test('stonith runs the command of each node that is not this one', async () => {
  const root = createRoot();
  const callout = (id: number, target: string): string =>
    `[stonith#${id}]\ntype = callout\ntarget = ${target}\ncmd = /bin/sh -c 'echo ${target} >> ${root.directory}/off'\n`;
  root.write('web.conf', callout(1, 'other') + callout(2, hostname()));
  const { stderr } = await svcmgr(root, 'web', 'stonith');
  expect(stderr).toContain(`stonith#2: ${hostname()} is this node`);
  expect(readFileSync(join(root.directory, 'off'), 'utf8')).toBe('other\n');
  const dry = createRoot({
    'web.conf': `[stonith#1]\ntype = callout\ncmd = /bin/touch /nowhere/x\n`,
  });
  expect((await svcmgr(dry, 'web', 'stonith', '--dry-run')).stdout).toContain(
    'stonith#1 /bin/touch /nowhere/x',
  );
  expect(existsSync('/nowhere')).toBe(false);
});
