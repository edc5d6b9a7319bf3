import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lacks } from '../support/can.js';
import { runProgram } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { distProgram, quiet, quietNode, runIn, tickIn } from './rig.js';

/** A root whose store exists, with services that are not due today or tomorrow. */
async function idleRoot(): Promise<TestRoot> {
  const root = createRoot({ 'node.conf': quietNode });
  for (let n = 0; n < 20; n++) {
    root.write(`s${n}.conf`, '[task#1]\ncommand = /bin/true\nschedule = * :31 * feb,apr\n');
    root.write(`t${n}.conf`, '[task#1]\ncommand = /bin/true\nschedule = 10:00-11:00 :29 * feb\n');
  }
  await tickIn(root.directory);
  await quiet(root.directory);
  return root;
}

/**
 * Everything below var and log: names, bytes, times of the last write. (SQLite run by root gives the
 * journal its owner again whenever it looks at it, which moves the change time of the inode.)
 */
function lasting(root: TestRoot): string[] {
  return [root.paths.var, root.paths.log].flatMap((directory) =>
    existsSync(directory)
      ? readdirSync(directory).map((name) => {
          const path = join(directory, name);
          const { size, mtimeNs } = statSync(path, { bigint: true });
          const content = createHash('sha256').update(readFileSync(path)).digest('hex');
          return `${path} ${size} ${mtimeNs} ${content}`;
        })
      : [],
  );
}

test('100 idle ticks: zero log bytes, zero store writes', async () => {
  const root = await idleRoot();
  const before = lasting(root);
  expect(before.length).toBeGreaterThan(0);
  for (let n = 0; n < 100; n++) {
    expect(await tickIn(root.directory)).toEqual({ code: 0, stdout: '', stderr: '' });
  }
  expect(lasting(root)).toEqual(before);
  expect(existsSync(join(root.paths.log, 'node.log'))).toBe(false);
}, 120_000);

test.skipIf(lacks('strace'))('idle tick: the kernel sees no write to var or log', async () => {
  const root = await idleRoot();
  const trace = join(root.directory, 'trace');
  const calls =
    'write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,fsync,fdatasync';
  const names = 'unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,creat,link,symlink,chmod';
  const result = await runIn(root.directory, [
    'strace',
    '-f',
    '-y',
    '-qq',
    '-o',
    trace,
    '-e',
    `trace=${calls},${names},utimensat`,
    process.execPath,
    distProgram('nodemgr'),
    'schedulers',
  ]);
  expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
  const lines = readFileSync(trace, 'utf8').split('\n');
  const touching = lines.filter((line) => line.includes(root.directory));
  // The rig sees something at all: the stamps in the run directory.
  expect(touching.some((line) => line.includes('utimensat') && line.includes('/run/scan'))).toBe(
    true,
  );
  expect(
    touching.filter((line) => line.includes(root.paths.var) || line.includes(root.paths.log)),
  ).toEqual([]);
  expect(touching.every((line) => line.includes('utimensat'))).toBe(true);
});

test('reading commands write nothing either', async () => {
  const root = await idleRoot();
  const before = lasting(root);
  for (const [program, words] of [
    ['nodemgr', 'print schedule'],
    ['nodemgr', 'print runs'],
    ['svcmgr', 'print schedule'],
    ['nodemgr', 'explain schedule checks'],
  ] as const) {
    const result = await runProgram(program, words.split(' '), { root: root.directory });
    expect(result.code, words).toBe(0);
  }
  expect(lasting(root)).toEqual(before);
});
