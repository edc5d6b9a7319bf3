import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readProcessStat } from '../../lib/env/process-identity.js';
import type { RunResult } from '../../lib/exec/run.js';
import { bundled, can, pidsWith, temporary, until } from './probe.js';

const runModule = await bundled('lib/exec/run.ts');

/** Runs `code` in a process of its own with a runner at hand; what it printed and how long it took. */
async function elsewhere(code: string): Promise<{ text: string; ms: number }> {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { createRunner } = await import(${JSON.stringify(runModule)});
       const run = createRunner();
       ${code}`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  await once(child, 'close');
  return { text, ms: performance.now() - began };
}

test('what starts processes is loaded by the first run, not before', () => {
  const text = readFileSync(new URL(runModule), 'utf8');
  expect(text).toContain('import("node:child_process")');
  expect(text).not.toContain('from "node:child_process"');
});

test.skipIf(!can.root)(
  'without privileges: no cgroup, no other user, everything else works',
  async () => {
    const { text } = await elsewhere(`
    await run(['true'], { cgroup: false }); // loads what an ordinary user might not read here
    process.setgroups([]); process.setgid(65534); process.setuid(65534);
    const plain = createRunner();
    const result = await plain(['sh', '-c', 'id -u; setsid sleep 300 & sleep 300'], {
      timeoutMs: 300, graceMs: 100, marks: { WHO: 'unprivileged' } });
    console.log(result.stdout.trim(), result.timedOut, result.usage, result.survivorsKilled > 0);
    await plain(['true'], { user: 'root' }).catch((error) => console.log(error.code, error.exitCode));
    console.log((await plain(['id', '-un'], { user: 'nobody' })).stdout.trim());`);
    expect(text).toBe('65534 true null true\nE_NOT_PERMITTED 77\nnobody\n');
    expect(pidsWith('WHO=unprivileged')).toEqual([]);
  },
);

const canFreeze = can.mount && tryFreeze();

function tryFreeze(): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v fsfreeze mkfs.ext4 losetup && losetup -f'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!canFreeze)(
  'a program that not even SIGKILL ends is reported and left behind',
  async () => {
    const directory = temporary();
    const mountPoint = join(directory, 'mnt');
    const image = join(directory, 'image');
    mkdirSync(mountPoint);
    writeFileSync(image, '');
    execFileSync('truncate', ['-s', '8M', image]);
    execFileSync('mkfs.ext4', ['-q', '-F', image]);
    execFileSync('mount', ['-o', 'loop', image, mountPoint]);
    let result: RunResult | undefined;
    try {
      execFileSync('fsfreeze', ['-f', mountPoint]);
      const { text, ms } = await elsewhere(`
      console.log(JSON.stringify(await run(['touch', ${JSON.stringify(join(mountPoint, 'file'))}], {
        timeoutMs: 300, graceMs: 100, vanishMs: 200 })));`);
      result = JSON.parse(text) as RunResult;
      expect(result).toMatchObject({ timedOut: true, exitCode: null, signal: null });
      expect(result.stuckPids).toEqual([result.pid]);
      expect(readProcessStat(result.pid)?.state).toBe('D');
      expect(ms).toBeLessThan(3000); // and the process that started it has ended
    } finally {
      execFileSync('fsfreeze', ['-u', mountPoint]);
      const pid = result?.pid;
      if (pid !== undefined) {
        await until('the killed program is gone', () => readProcessStat(pid) === undefined);
      }
      execFileSync('umount', [mountPoint]);
    }
  },
);
