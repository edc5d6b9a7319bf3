/** Actions that are typed where they take the ground away: in a mounted directory, at a terminal. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { detachAll, sh } from '../drivers/storage.js';
import { lacks } from '../support/can.js';
import { cronEnvironment, runProgram, waitFor } from '../support/program.js';
import { createRoot } from '../support/root.js';
import { distProgram } from './edge.js';

test.skipIf(lacks('root', 'loop'))(
  'a stop that is typed in the directory that it unmounts ends well, though its shell does not',
  async ({ onTestFinished }) => {
    const root = createRoot();
    const place = root.directory;
    onTestFinished(() => detachAll({ place }));
    const [image, mnt] = [join(place, 'image'), join(place, 'mnt')];
    sh(`truncate -s 8M ${image} && mkfs.ext4 -q ${image}`);
    root.write(
      'web.conf',
      `[disk#1]\ntype = loop\nfile = ${image}\n[fs#1]\ntype = ext4\ndev = ${image}\nmnt = ${mnt}\n`,
    );
    expect(await runProgram('svcmgr', ['web', 'start'], { root: place })).toMatchObject({
      code: 0,
    });
    // As at a login: the shell leads the session, and its end is told to everybody in it.
    const script = `"$0" "$1" web stop; echo shell $?`;
    const shell = spawn('/bin/sh', ['-c', script, process.execPath, distProgram('svcmgr')], {
      cwd: mnt,
      env: { ...cronEnvironment, NODEMGR_ROOT: place },
      stdio: 'ignore',
      detached: true,
    });
    await new Promise((resolve) => shell.once('exit', resolve));
    expect(shell.signalCode).toBe('SIGKILL');
    await waitFor(
      () =>
        readFileSync(join(root.paths.log, 'web.log'), 'utf8').includes('stop done') || undefined,
      'the end of the stop',
    );
    expect(readFileSync(join(root.paths.log, 'web.log'), 'utf8')).toMatch(/stop done in .* ret 0/);
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(mnt);
  },
);

test('a terminal that goes away ends a start, which is taken back, and no stop', async () => {
  const root = createRoot({
    'web.conf':
      '[fs#1]\ntype = flag\n[app#1]\nscript = /bin/sh\nstart = /bin/sleep 1\nstop = /bin/sleep 1\n',
  });
  const flag = join(root.paths.run, 'flag/svc/web/fs#1.flag');
  const hangUp = async (action: string): Promise<number | null> => {
    const child = spawn(process.execPath, [distProgram('svcmgr'), 'web', action], {
      env: { ...cronEnvironment, NODEMGR_ROOT: root.directory },
      stdio: 'ignore',
    });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const holder = join(root.paths.var, 'svc/web/lock.generic.holder');
    await waitFor(
      () => (existsSync(holder) && readFileSync(holder, 'utf8').includes('app#1')) || undefined,
      `${action} at its app`,
    );
    child.kill('SIGHUP');
    return ended;
  };
  expect(await hangUp('start')).toBe(1);
  expect(existsSync(flag)).toBe(false);
  await runProgram('svcmgr', ['web', 'start'], { root: root.directory });
  expect(existsSync(flag)).toBe(true);
  expect(await hangUp('stop')).toBe(0);
  expect(existsSync(flag)).toBe(false);
});
