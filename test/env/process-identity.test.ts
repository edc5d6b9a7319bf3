import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bootId } from '../../lib/env/host.js';
import {
  identityOf,
  isAlive,
  parseProcessStat,
  readProcessStat,
  selfIdentity,
} from '../../lib/env/process-identity.js';
import { bundled, can, temporary, until } from '../exec/probe.js';

const source = await bundled('lib/env/process-identity.ts');

test('a command name with blanks and parentheses does not shift the fields', () => {
  const rest = Array.from({ length: 48 }, (_, i) => i + 5).join(' ');
  expect(parseProcessStat(`42 (a) b (c)) S 7 ${rest}`)).toEqual({
    pid: 42,
    comm: 'a) b (c)',
    state: 'S',
    ppid: 7,
    pgid: 5,
    session: 6,
    startTime: 22,
  });
});

test('a cut line is no process', () => {
  expect(parseProcessStat('42 (sleep) S 1 2')).toBeUndefined();
  expect(parseProcessStat('')).toBeUndefined();
});

test('we are alive, and are not with another start time or another boot', () => {
  const self = selfIdentity();
  expect(self.pid).toBe(process.pid);
  expect(isAlive(self)).toBe(true);
  expect(isAlive({ ...self, startTime: self.startTime + 1 })).toBe(false);
  expect(isAlive({ ...self, bootId: '00000000-0000-0000-0000-000000000000' })).toBe(false);
});

test('a process with an odd name is known, and gone after its end', async () => {
  const program = join(temporary(), 'a) b (c');
  copyFileSync('/bin/sleep', program);
  const child = spawn(program, ['60']);
  const pid = child.pid ?? 0;
  const identity = await until('the program runs', () =>
    readProcessStat(pid)?.comm === 'a) b (c' ? identityOf(pid) : undefined,
  );
  expect(identity).toMatchObject({ pid, bootId: bootId() });
  expect(isAlive(identity)).toBe(true);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  expect(isAlive(identity)).toBe(false);
  expect(identityOf(pid)).toBeUndefined();
});

test('a zombie is not alive', async () => {
  // The program that cat(1) became the parent of ends, and cat never waits for it.
  const inner = 'until [ "$(cat /proc/$PPID/comm)" = cat ]; do :; done';
  const child = spawn('sh', ['-c', `sh -c '${inner}' & echo $!; exec cat`]);
  const pid = await new Promise<number>((resolve) => {
    child.stdout.once('data', (data) => resolve(Number(data)));
  });
  await until('a zombie', () => readProcessStat(pid)?.state === 'Z');
  expect(identityOf(pid)).toBeUndefined();
  const stat = readProcessStat(pid);
  expect(isAlive({ pid, startTime: stat?.startTime ?? 0, bootId: bootId() })).toBe(false);
  child.stdin.end();
});

test.skipIf(!can.mount)('processes that hidepid hides: no facts, alive', () => {
  const script = `
    const { identityOf, isAlive, readProcessStat, selfIdentity } = await import(process.argv[1]);
    const init = { ...selfIdentity(), pid: 1 };
    console.log(readProcessStat(1), identityOf(1), isAlive(init), isAlive({ ...init, pid: 99999 }));`;
  const hidden = (mode: number) =>
    execFileSync(
      'unshare',
      [
        ...['--pid', '--fork', '--mount-proc', 'sh', '-c'],
        `mount -o remount,hidepid=${mode} /proc &&
          setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"`,
        ...['sh', process.execPath, '--input-type=module', '-e', script, source],
      ],
      { encoding: 'utf8' },
    );
  expect(hidden(1)).toBe('undefined undefined true false\n');
  expect(hidden(2)).toBe('undefined undefined true false\n');
});
