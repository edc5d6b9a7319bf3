import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  identityOf,
  isAlive,
  readProcessStat,
  selfIdentity,
} from '../../lib/env/process-identity.js';
import { findCgroup } from '../../lib/exec/cgroup.js';
import { startDetached } from '../../lib/exec/detach.js';
import type { ProcessTree } from '../../lib/exec/run.js';
import { killTree } from '../../lib/exec/tree.js';
import { bundled, can, pidsWith, places, readIfThere, until } from './probe.js';

const runModule = await bundled('lib/exec/run.ts');
const script = `(setsid sleep 300 &); setsid sh -c 'trap "" TERM; while :; do sleep 0.1; done' & sleep 300`;

for (const { name, able, cgroups } of places) {
  test.skipIf(!able)(`another process ends the tree of a killed runner: ${name}`, async () => {
    // The runner is a process of its own that is killed without warning.
    const runner = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `
        const { createRunner } = await import(${JSON.stringify(runModule)});
        const run = createRunner({ cgroups: ${JSON.stringify(cgroups)} });
        await run(['sh', '-c', ${JSON.stringify(script)}], {
          timeoutMs: 0, onStart: (tree) => console.log(JSON.stringify(tree)),
        });`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(runner.stdout, 'data')) as [Buffer];
    const tree = JSON.parse(line.toString()) as ProcessTree;
    const marker = tree.marker ?? '?';
    await until('the whole tree runs', () => pidsWith(marker).length >= 4);
    runner.kill('SIGKILL');
    await once(runner, 'exit');
    expect(pidsWith(marker).length).toBeGreaterThanOrEqual(4);

    const result = await killTree(tree, { graceMs: 100 });
    expect(result.stuckPids).toEqual([]);
    expect(result.survivorsKilled).toBeGreaterThanOrEqual(3);
    expect(pidsWith(marker)).toEqual([]);
    // Once more: nothing to do.
    expect(await killTree(tree)).toEqual({ survivorsKilled: 0, stuckPids: [] });
  });
}

test('a reused pid, another boot and a foreign cgroup end nobody', async () => {
  const child = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
  const identity = await until('it runs', () => identityOf(child.pid ?? 0));
  const wrong: ProcessTree[] = [
    { ...identity, startTime: identity.startTime + 1 },
    { ...identity, bootId: 'another' },
    { pid: -1, startTime: -1, cgroup: '/sys/fs/cgroup' },
    { pid: 0, startTime: 0, marker: '' },
    { pid: process.pid, startTime: 0 },
  ];
  for (const tree of wrong) {
    expect(await killTree(tree, { graceMs: 0 })).toEqual({ survivorsKilled: 0, stuckPids: [] });
  }
  expect(isAlive(identity)).toBe(true);
  expect(await killTree(identity, { graceMs: 0 })).toEqual({ survivorsKilled: 0, stuckPids: [] });
  expect(isAlive(identity)).toBe(false);
});

test('a tree never includes the process that ends it', async () => {
  const self = selfIdentity();
  expect(
    await killTree({ ...self, pgid: process.pid }, { graceMs: 0, vanishMs: 50 }),
  ).toMatchObject({
    stuckPids: [],
  });
}, 10_000);

test('detached: own session, no stream of ours, alive after us', async () => {
  const tree = await startDetached(['sleep', '300'], { env: { PATH: '/usr/bin:/bin', A: 'b' } });
  const stat = await until('it is asleep', () => {
    const now = readProcessStat(tree.pid);
    return now?.comm === 'sleep' ? now : undefined;
  });
  expect(stat).toMatchObject({ session: tree.pid, pgid: tree.pid, startTime: tree.startTime });
  const streams = [0, 1, 2].map((fd) => readlinkSync(`/proc/${tree.pid}/fd/${fd}`));
  expect(streams).toEqual(['/dev/null', '/dev/null', '/dev/null']);
  expect(readIfThere(`/proc/${tree.pid}/environ`)).toContain('A=b');
  expect(await killTree(tree, { graceMs: 1000 })).toEqual({ survivorsKilled: 0, stuckPids: [] });
  expect(identityOf(tree.pid)).toBeUndefined();
});

test('detached: what cannot be started is an error', async () => {
  await expect(startDetached(['/no/such'], { env: {} })).rejects.toMatchObject({ code: 'E_START' });
  const env = { LONG: 'x'.repeat(200_000) };
  await expect(startDetached(['true'], { env })).rejects.toMatchObject({ code: 'E_START' });
});

test.skipIf(!can.cgroup2 && !can.cgroup1)('detached in its own cgroup', async () => {
  const parent = join(findCgroup()?.directory ?? '', 'detached');
  const left = join(parent, 'r.1.1.1'); // of a process that is gone
  mkdirSync(left, { recursive: true });
  const tree = await startDetached(['sleep', '300'], { env: { PATH: '/bin' }, cgroup: 'detached' });
  expect(existsSync(left)).toBe(false);
  expect(tree.cgroup).toMatch(/\/nodemgr\/detached\/r\./);
  await until('it joined', () => readIfThere(join(tree.cgroup ?? '', 'cgroup.procs'))?.trim());
  expect(await killTree(tree, { graceMs: 0 })).toMatchObject({ stuckPids: [] });
  expect(readIfThere(join(tree.cgroup ?? '', 'cgroup.procs'))).toBe('');
});

test.skipIf(!can.cgroup2 && !can.cgroup1)('detached: a failed start leaves no cgroup', async () => {
  const name = `detached-not-${process.pid}`;
  const options = { env: {}, cgroup: name };
  await expect(startDetached(['/no/such'], options)).rejects.toMatchObject({ code: 'E_START' });
  expect(existsSync(join(findCgroup()?.directory ?? '', name))).toBe(false);
});
