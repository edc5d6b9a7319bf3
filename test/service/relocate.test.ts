/** switch, takeover and giveback between two nodes, over a real sshd. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { distProgram } from '../cli/edge.js';
import { createSshPeers, type SshPeers } from '../drivers/ssh-peers.js';
import { quietNode } from '../scheduler/world.js';
import { lacks } from '../support/can.js';
import { createRoot, type TestRoot } from '../support/root.js';

interface Nodes {
  readonly n1: TestRoot;
  readonly n2: TestRoot;
  readonly peers: SshPeers;
  /** Runs svcmgr on n1. */
  svcmgr(...words: string[]): { code: number | null; stdout: string; stderr: string };
}

const service = '[DEFAULT]\nnodes = n1 n2\n[fs#1]\ntype = flag\n[sync#i0]\ndisable = true\n';

/** A program that believes to be on a node. */
const asNode = (node: string): string[] => [
  'unshare',
  '--uts',
  'sh',
  '-c',
  `hostname ${node} && exec "$@"`,
  'sh',
  process.execPath,
  distProgram('svcmgr'),
];

async function twoNodes(config = service): Promise<Nodes> {
  const n2 = createRoot({ 'web.conf': config, 'node.conf': quietNode });
  const bin = join(n2.directory, 'bin');
  mkdirSync(bin);
  const words = asNode('n2').map((word) => `'${word}'`);
  writeFileSync(join(bin, 'svcmgr'), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
  const peers = await createSshPeers([], {
    PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`,
    NODEMGR_ROOT: n2.directory,
  });
  const n1 = createRoot({
    'web.conf': config,
    'node.conf': `${quietNode}[node]\nrsh = ${peers.rsh}\n`,
  });
  return {
    n1,
    n2,
    peers,
    svcmgr(...argv) {
      const [program = '', ...before] = asNode('n1');
      const result = spawnSync(program, [...before, 'web', ...argv], {
        env: { PATH: process.env['PATH'] ?? '', NODEMGR_ROOT: n1.directory },
        encoding: 'utf8',
      });
      return { code: result.status, stdout: result.stdout, stderr: result.stderr };
    },
  };
}

const isUp = ({ paths }: TestRoot): boolean =>
  existsSync(join(paths.run, 'flag/svc/web/fs#1.flag'));
const isFrozen = ({ paths }: TestRoot): boolean => existsSync(join(paths.var, 'svc/web/frozen'));
function onN2({ n2 }: Nodes, ...words: string[]): void {
  const [program = '', ...before] = asNode('n2');
  execFileSync(program, [...before, 'web', ...words], {
    env: { PATH: process.env['PATH'] ?? '', NODEMGR_ROOT: n2.directory },
    stdio: 'ignore',
  });
}

describe.skipIf(lacks('root', 'netns', 'sshd'))('relocation', () => {
  test('switch: stopped here, started there, both thawed', async () => {
    const nodes = await twoNodes();
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

  test('takeover: stopped there, started here; giveback: to the first of its nodes', async () => {
    const nodes = await twoNodes();
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
    const nodes = await twoNodes();
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
    const nodes = await twoNodes();
    for (const words of [[], ['--node', 'n1'], ['--to', 'n9']]) {
      const { code, stderr } = nodes.svcmgr('switch', ...words);
      expect(code, words.join(' ')).toBe(2);
      expect(stderr).toMatch(/n2/);
    }
  }, 60_000);
});
