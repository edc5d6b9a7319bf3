/** switch, takeover and giveback between two nodes, over a real sshd. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lacks } from '../support/can.js';
import type { TestRoot } from '../support/root.js';
import { onN2, twoNodes } from './two-nodes.js';

const service = '[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = flag\n[sync#i0]\ndisable = true\n';

const isUp = ({ paths }: TestRoot): boolean =>
  existsSync(join(paths.run, 'flag/svc/web/fs#1.flag'));
const isFrozen = ({ paths }: TestRoot): boolean => existsSync(join(paths.var, 'svc/web/frozen'));
describe.skipIf(lacks('root', 'netns', 'sshd'))('relocation', () => {
  test('switch: stopped here, started there, both thawed', async () => {
    const nodes = await twoNodes(service);
    nodes.svcmgr('start');
    expect([isUp(nodes.n1), isUp(nodes.n2)]).toEqual([true, false]);
    nodes.svcmgr('freeze');
    const { code, stdout } = nodes.svcmgr('switch', '--node', 'n2');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /n1\.web\.fs#1 remove .*\nn1\.web run svcmgr start on n2\nn1\.web \| n2\.web\.fs#1 create /,
    );
    expect([isUp(nodes.n1), isUp(nodes.n2)]).toEqual([false, true]);
    expect([isFrozen(nodes.n1), isFrozen(nodes.n2)]).toEqual([false, false]);
  }, 60_000);

  test('switch to a frozen instance works; standby resources stay; a node that is away stops nothing', async () => {
    const nodes = await twoNodes(`${service}[fs#2]\ntype = flag\nstandby = true\n`);
    const isStandbyUp = ({ paths }: TestRoot): boolean =>
      existsSync(join(paths.run, 'flag/svc/web/fs#2.flag'));
    nodes.svcmgr('start');
    nodes.svcmgr('freeze');
    onN2(nodes, 'freeze');
    expect(nodes.svcmgr('switch', '--node', 'n2')).toMatchObject({ code: 0 });
    expect([isUp(nodes.n1), isUp(nodes.n2)]).toEqual([false, true]);
    expect([isStandbyUp(nodes.n1), isStandbyUp(nodes.n2)]).toEqual([true, true]);
    expect([isFrozen(nodes.n1), isFrozen(nodes.n2)]).toEqual([false, false]);
    expect(nodes.svcmgr('takeover')).toMatchObject({ code: 0 });
    nodes.peers.stop();
    expect(nodes.svcmgr('switch', '--node', 'n2').code).not.toBe(0);
    expect(isUp(nodes.n1)).toBe(true);
  }, 60_000);

  test('takeover: stopped there, started here; giveback: to the first of its nodes', async () => {
    const nodes = await twoNodes(service);
    onN2(nodes, 'start');
    onN2(nodes, 'freeze');
    expect(nodes.svcmgr('takeover').code).toBe(1);
    onN2(nodes, 'thaw');
    expect(nodes.svcmgr('takeover').code).toBe(0);
    expect([isUp(nodes.n1), isUp(nodes.n2)]).toEqual([true, false]);
    nodes.svcmgr('stop');
    onN2(nodes, 'start');
    expect(nodes.svcmgr('giveback').code).toBe(0);
    expect([isUp(nodes.n1), isUp(nodes.n2)]).toEqual([true, false]);
  }, 60_000);

  test('a dry run moves nothing; a node that does not answer ends a takeover before the start', async () => {
    const nodes = await twoNodes(service);
    nodes.svcmgr('start');
    expect(nodes.svcmgr('switch', '--node', 'n2', '--dry-run')).toMatchObject({ code: 0 });
    expect([isUp(nodes.n1), isUp(nodes.n2)]).toEqual([true, false]);
    nodes.svcmgr('stop');
    nodes.peers.stop();
    const { code, stderr } = nodes.svcmgr('takeover');
    expect(code).toBe(69);
    expect(stderr).toMatch(/web: n2 does not tell its status/);
    expect(isUp(nodes.n1)).toBe(false);
  }, 60_000);

  test('nowhere, here, or a node that is none of its nodes: usage', async () => {
    const nodes = await twoNodes(service);
    for (const words of [[], ['--node', 'n1'], ['--to', 'n9']]) {
      const { code, stderr } = nodes.svcmgr('switch', ...words);
      expect(code, words.join(' ')).toBe(2);
      expect(stderr).toMatch(/n2/);
    }
  }, 60_000);
});
