/** Verbs of synchronisation that no driver here has, in all their spellings. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';

const config = `[DEFAULT]
pre_sync_break = touch {etc}/triggered
[fs#1]
type = flag
[sync#1]
type = rsync
src = /etc/hostname
dst = /tmp
target = nodes
`;

const svcmgr = ({ directory }: TestRoot, ...argv: string[]) =>
  runProgram('svcmgr', ['-s', 'web', ...argv], { root: directory });

test.each([
  ['syncresume', 'resume'],
  ['syncquiesce', 'quiesce'],
  ['syncsplit', 'split'],
  ['syncestablish', 'establish'],
  ['syncrevert', 'revert'],
  ['syncbreak', 'break'],
  ['syncverify', 'verify'],
  ['syncresync', 'resync'],
  ['syncrestore', 'restore'],
  ['syncfullsync', 'full'],
  ['sync_swap', 'swap'],
  ['sync resume', 'resume'],
  ['sync break', 'break'],
])('%s: accepted, nothing is touched, and it says so', async (words, verb) => {
  const root = createRoot({ 'web.conf': config });
  const { code, stdout, stderr } = await svcmgr(root, ...words.split(' '));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    new RegExp(`\\.web no resource has a driver for sync ${verb}: nothing was changed\\n$`),
  );
  expect(existsSync(join(root.paths.etc, 'triggered'))).toBe(false);
});

test('a resource that is chosen and does not exist, a frozen service: refused all the same', async () => {
  const root = createRoot({ 'web.conf': config });
  expect((await svcmgr(root, 'sync', 'split', '--rid', 'sync#9')).code).toBe(1);
  await svcmgr(root, 'freeze');
  expect((await svcmgr(root, 'sync', 'split')).code).toBe(1);
});

test('sync all and sync nodes have drivers, and say nothing of the kind', async () => {
  const root = createRoot({ 'web.conf': config });
  for (const word of ['all', 'nodes']) {
    expect((await svcmgr(root, 'sync', word)).stdout).not.toContain('no resource has a driver');
  }
});
