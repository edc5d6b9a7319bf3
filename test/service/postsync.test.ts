/** What goes around the copies of a service, between two nodes over a real sshd. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withLock } from '../../lib/lock/lock.js';
import { actionLock } from '../../lib/service/action-lock.js';
import { lacks } from '../support/can.js';
import { createRoot } from '../support/root.js';
import { type Nodes, onN2, twoNodes } from './two-nodes.js';

const slow = { timeout: 120_000 };
const head = '[DEFAULT]\nnodes = n1 n2\n[sync#i0]\ndisable = true\n';

/** What n1 called there. */
function callsOn({ n2 }: Nodes): string[] {
  const file = join(n2.directory, 'calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

/** Copies a file into a directory that n2 has. */
async function withCopy(more = ''): Promise<Nodes & { copy: string }> {
  const { directory } = createRoot();
  const copy = join(directory, 'copy');
  mkdirSync(copy);
  const source = join(directory, 'file');
  writeFileSync(source, 'text');
  const nodes = await twoNodes(
    `${head}[sync#1]\ntype = rsync\nsrc = ${source}\ndst = ${copy}/\ntarget = nodes\n${more}`,
  );
  return { ...nodes, copy };
}

const postsync = '-s web postsync --waitlock 3600';

describe.skipIf(lacks('root', 'netns', 'sshd', 'rsync'))('postsync', slow, () => {
  test.each(['all', 'nodes'])('after sync %s, on each node that got a copy', async (word) => {
    const nodes = await withCopy();
    const { code, stdout } = nodes.svcmgr('sync', word);
    expect(code).toBe(0);
    expect(existsSync(join(nodes.copy, 'file'))).toBe(true);
    expect(stdout.indexOf('rsync ')).toBeLessThan(stdout.indexOf('run svcmgr postsync on n2'));
    expect(callsOn(nodes)).toEqual([postsync]);
  });

  test('not where nothing was copied, not in a dry run', async () => {
    const nodes = await withCopy('dstfs = /nowhere\n');
    nodes.svcmgr('sync', 'all');
    expect(callsOn(nodes)).toEqual([]);
    const others = await withCopy();
    const { stdout } = others.svcmgr('sync', 'all', '--dry-run');
    expect(stdout).toContain('run svcmgr postsync on n2');
    expect(callsOn(others)).toEqual([]);
    expect(existsSync(join(others.copy, 'file'))).toBe(false);
  });

  test('the lock of the copies is free while it runs', async () => {
    const nodes = await withCopy();
    const seen = join(nodes.n2.directory, 'seen');
    const hook = `ls '${nodes.n1.paths.var}/svc/web' >'${seen}'\n`;
    writeFileSync(join(nodes.n2.directory, 'hook'), hook);
    expect(nodes.svcmgr('sync', 'all').code).toBe(0);
    expect(readFileSync(seen, 'utf8')).toContain('lock.generic.sync\n');
    expect(readFileSync(seen, 'utf8')).not.toContain('.holder');
  });

  test('a node that refuses keeps its copy', async () => {
    const nodes = await withCopy();
    onN2(nodes, 'freeze');
    const { code, stdout, stderr } = nodes.svcmgr('sync', 'all');
    expect(code).toBe(0);
    expect(`${stdout}${stderr}`).toContain('n2 did not take its copy in: ');
    expect(existsSync(join(nodes.copy, 'file'))).toBe(true);
  });

  test('postsync waits for no copy that runs there', async () => {
    const nodes = await withCopy();
    const place = { directory: join(nodes.n2.paths.var, 'svc/web') };
    await withLock(actionLock(place, 'sync'), { intent: 'sync_nodes' }, async () => {
      expect(nodes.svcmgr('sync', 'all').code).toBe(0);
    });
    expect(callsOn(nodes)).toEqual([postsync]);
  });

  test('by hand: nothing to do is no error', async () => {
    const nodes = await twoNodes(head);
    expect(nodes.svcmgr('presync')).toMatchObject({ code: 0, stdout: '' });
    expect(nodes.svcmgr('postsync')).toMatchObject({ code: 0, stdout: '' });
  });
});
