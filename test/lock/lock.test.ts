import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { createRunner } from '../../lib/exec/run.js';
import { acquireLock, holderOf, LockBusyError, withLock } from '../../lib/lock/lock.js';
import { bundled, can, temporary, until } from '../exec/probe.js';

const source = await bundled('lib/lock/lock.ts');

/** A process of its own that runs `code` with the lock module at hand. */
function other(code: string): ChildProcess & { lines: AsyncIterator<string> } {
  const text = `
    import { acquireLock, endHolder, withLock, holderOf } from ${JSON.stringify(source)};
    import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
    const say = (text) => process.stdout.write(text + '\\n');
    ${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return Object.assign(child, { lines });
}

const options = { intent: 'start', waitMs: 0 };

test('taken, named, given back', async () => {
  const path = join(temporary(), 'a', 'b', 'lock.generic');
  const lock = await acquireLock(path, { ...options, now: () => 1_700_000_000_000 });
  expect(holderOf(path)).toMatchObject({
    pid: process.pid,
    intent: 'start',
    since: 1_700_000_000_000,
  });
  lock.progress('fs#1');
  expect(holderOf(path)).toMatchObject({ progress: 'fs#1', intent: 'start' });
  lock.release();
  lock.release();
  expect(holderOf(path)).toBeUndefined();
  expect(existsSync(`${path}.holder`)).toBe(false);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  (await acquireLock(path, options)).release();
});

test('the message names the holder; the process that is killed frees the lock', async () => {
  const path = join(temporary(), 'lock');
  const child = other(`
    const lock = await acquireLock(${JSON.stringify(path)}, { intent: 'stop', now: () => new Date(2024, 1, 2, 12, 0, 1).getTime() });
    lock.progress('app#1');
    say('locked'); setInterval(() => {}, 1000);`);
  expect((await child.lines.next()).value).toBe('locked');
  const busy = await acquireLock(path, { ...options, object: 'svc1' }).catch((error) => error);
  expect(busy).toBeInstanceOf(LockBusyError);
  expect(busy).toMatchObject({ code: 'E_LOCK_BUSY', exitCode: 75 });
  expect(busy.message).toBe(`svc1 is locked by pid ${child.pid} (stop app#1, since 12:00:01)`);
  expect(busy.holder.pid).toBe(child.pid);

  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(existsSync(`${path}.holder`)).toBe(true);
  expect(holderOf(path)).toBeUndefined();
  const lock = await acquireLock(path, options);
  expect(holderOf(path)?.pid).toBe(process.pid);
  lock.release();
});

test('waiting ends when the holder lets go', async () => {
  const path = join(temporary(), 'lock');
  const child = other(`
    const lock = await acquireLock(${JSON.stringify(path)}, { intent: 'sync_nodes' });
    say('locked'); process.stdin.once('data', () => { lock.release(); process.stdin.unref(); });`);
  await child.lines.next();
  const waiting = acquireLock(path, { ...options, waitMs: 10_000 });
  child.stdin?.write('go\n');
  (await waiting).release();
  await expect(
    withLock(path, options, async () => acquireLock(`${path}2`, options).then((l) => l.release())),
  ).resolves.toBeUndefined();
});

test('a wait of its length, then an error', async () => {
  const path = join(temporary(), 'lock');
  const child = other(
    `await acquireLock(${JSON.stringify(path)}, { intent: 'x' }); say('locked'); setInterval(() => {}, 1000);`,
  );
  await child.lines.next();
  const began = performance.now();
  await expect(acquireLock(path, { ...options, waitMs: 300 })).rejects.toThrow('is locked by pid');
  expect(performance.now() - began).toBeGreaterThanOrEqual(299);
  const once0 = performance.now();
  await expect(acquireLock(path, options)).rejects.toThrow(LockBusyError);
  expect(performance.now() - once0).toBeLessThan(1000);
});

test('one flow takes it again, another flow of the same process does not', async () => {
  const path = join(temporary(), 'lock');
  await withLock(path, options, async () => {
    await withLock(path, options, async () => (await acquireLock(path, options)).release());
    expect(holderOf(path)).toBeDefined();
    await expect(acquireLock(path, options)).resolves.toMatchObject({ path });
  });
  // The inner lock above was never released: it keeps the outer one alive until it is.
  expect(holderOf(path)).toBeDefined();
});

test('two flows of one process exclude each other', async () => {
  const path = join(temporary(), 'lock');
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 8 }, () =>
      withLock(path, { ...options, waitMs: 10_000 }, async () => {
        most = Math.max(most, ++inside);
        await new Promise(setImmediate);
        inside--;
      }),
    ),
  );
  expect(most).toBe(1);
  await withLock(path, options, async () => undefined);
});

test('without a flow the process is the owner', async () => {
  const path = join(temporary(), 'lock');
  const first = await acquireLock(path, options);
  const second = await acquireLock(path, options);
  first.release();
  expect(holderOf(path)).toBeDefined();
  second.release();
  expect(holderOf(path)).toBeUndefined();
});

test('work that throws gives the lock back', async () => {
  const path = join(temporary(), 'lock');
  await expect(
    withLock(path, options, () => {
      throw new Error('in the work');
    }),
  ).rejects.toThrow('in the work');
  (await acquireLock(path, options)).release();
});

test('50 processes: one at a time, and each gets its turn', async () => {
  const directory = temporary();
  const path = join(directory, 'lock');
  const counter = join(directory, 'counter');
  const inside = join(directory, 'inside');
  writeFileSync(counter, '0');
  const code = `
    await withLock(${JSON.stringify(path)}, { intent: 'count', waitMs: 30000 }, async () => {
      writeFileSync(${JSON.stringify(inside)}, '', { flag: 'wx' });
      const n = Number(readFileSync(${JSON.stringify(counter)}));
      await new Promise((resolve) => setTimeout(resolve, 1));
      writeFileSync(${JSON.stringify(counter)}, String(n + 1));
      (await import('node:fs')).unlinkSync(${JSON.stringify(inside)});
    });`;
  const exits = await Promise.all(
    Array.from({ length: 50 }, async () => ((await once(other(code), 'exit')) as [number])[0]),
  );
  expect(exits.filter((exit) => exit !== 0)).toEqual([]);
  expect(readFileSync(counter, 'utf8')).toBe('50');
}, 60_000);

test('one try among many: exactly one wins', async () => {
  const directory = temporary();
  const path = join(directory, 'lock');
  const go = join(directory, 'go');
  const code = `
    const { existsSync } = await import('node:fs');
    say('ready');
    while (!existsSync(${JSON.stringify(go)}));
    try { await acquireLock(${JSON.stringify(path)}, { intent: 'race' }); say('won'); }
    catch (error) { say(error.code + (error.holder ? '' : ' nameless')); }
    process.stdin.once('data', () => process.exit());`;
  const children = Array.from({ length: 6 }, () => other(code));
  for (const child of children) await child.lines.next();
  writeFileSync(go, '');
  const said = await Promise.all(children.map(async ({ lines }) => (await lines.next()).value));
  for (const child of children) child.stdin?.write('\n');
  expect(said.sort()).toEqual([...Array(5).fill('E_LOCK_BUSY'), 'won']);
});

test('children do not inherit the descriptor', async () => {
  const path = join(temporary(), 'lock');
  const lock = await acquireLock(path, options);
  const { stdout } = await createRunner()(['sh', '-c', 'ls -l /proc/$$/fd']);
  expect(stdout).not.toContain(path);
  const opened = readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false;
    }
  });
  expect(opened).toHaveLength(1);
  lock.release();
});

test('reading the holder does not drop the lock', async () => {
  const path = join(temporary(), 'lock');
  const lock = await acquireLock(path, options);
  holderOf(path);
  const child = other(`
    try { await acquireLock(${JSON.stringify(path)}, { intent: 'x' }); say('taken'); }
    catch (error) { say(error.code); }`);
  expect((await child.lines.next()).value).toBe('E_LOCK_BUSY');
  lock.release();
});

test.skipIf(!can.root)('a holder that is not ours to end is an error, not nobody', async () => {
  const path = join(temporary(), 'lock');
  chmodSync(join(path, '..'), 0o755);
  const lock = await acquireLock(path, options);
  const child = other(`
    holderOf(${JSON.stringify(path)});
    process.setuid(65534);
    try { say('holder ' + endHolder(${JSON.stringify(path)})?.pid); }
    catch (error) { say(error.code + ' ' + error.exitCode + ' ' + error.message); }`);
  expect((await child.lines.next()).value).toBe(
    `E_NOT_PERMITTED 77 process ${process.pid} (start) is not ours to end`,
  );
  lock.release();
});

test('a directory that cannot be made is a typed error', async () => {
  const directory = temporary();
  writeFileSync(join(directory, 'file'), '');
  await expect(acquireLock(join(directory, 'file', 'lock'), options)).rejects.toMatchObject({
    code: 'E_LOCK_FILE',
    exitCode: 73,
  });
});

test('a directory or file of somebody else is a typed error', async () => {
  const directory = temporary();
  const path = join(directory, 'locks', 'lock');
  mkdirSync(join(directory, 'locks'));
  writeFileSync(path, '');
  chmodSync(path, 0o400);
  chmodSync(join(directory, 'locks'), 0o555);
  chmodSync(directory, 0o755);
  // As root: in a child that gives its privileges away once it has loaded everything.
  const child = other(`
    const lock = await acquireLock(${JSON.stringify(join(directory, 'first'))}, { intent: 'x' });
    lock.release();
    if (process.getuid() === 0) process.setuid(65534);
    for (const name of ['lock', 'another']) {
      await acquireLock(${JSON.stringify(join(directory, 'locks'))} + '/' + name, { intent: 'x' })
        .then(() => say('taken'), (error) => say(error.code + ' ' + error.exitCode));
    }`);
  expect((await child.lines.next()).value).toBe('E_LOCK_FILE 77');
  expect((await child.lines.next()).value).toBe('E_LOCK_FILE 77');
});

test.skipIf(!can.mount)(
  'read-only and full file systems; the name may be lost, never the lock',
  async () => {
    const directory = temporary();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k,nr_inodes=4', 'none', directory]);
    try {
      const path = join(directory, 'lock');
      (await acquireLock(path, options)).release();
      try {
        writeFileSync(join(directory, 'filler'), Buffer.alloc(1 << 20));
      } catch {
        // full now
      }
      const lock = await acquireLock(path, options);
      const child = other(`
      try { await acquireLock(${JSON.stringify(path)}, { intent: 'x' }); say('taken'); }
      catch (error) { say(error.code); }`);
      expect((await child.lines.next()).value).toBe('E_LOCK_BUSY');
      lock.release();
      writeFileSync(join(directory, 'last-inode'), '');
      await expect(acquireLock(join(directory, 'another'), options)).rejects.toMatchObject({
        code: 'E_LOCK_FILE',
        exitCode: 73,
      });
      execFileSync('mount', ['-o', 'remount,ro', directory]);
      await expect(acquireLock(path, options)).rejects.toMatchObject({ code: 'E_LOCK_FILE' });
    } finally {
      await until('unmounted', () => {
        execFileSync('umount', ['-l', directory]);
        return true;
      });
    }
  },
);
