/** print status, status, and the commands around actions, through the built program. */
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withLock } from '../../lib/lock/lock.js';
import { actionLock } from '../../lib/service/action-lock.js';
import { lacks } from '../support/can.js';
import { cronEnvironment, runProgram, waitFor } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { distProgram, shell } from './edge.js';

const svcmgr = (root: TestRoot, ...argv: string[]) =>
  runProgram('svcmgr', argv, { root: root.directory });

const web = `[DEFAULT]
id = 11111111-2222-4333-8444-555555555555
[fs#1]
type = flag
monitor = true
[fs#2]
type = directory
path = {private_var}/data
[disk#1]
type = veritas
optional = true
[disk#2]
type = loop
file = /no
disable = true
[task#1]
command = /bin/true
`;

interface Status {
  avail: string;
  overall: string;
  frozen: boolean;
  monitor: { status: string };
  running: string[];
  subsets: Record<string, unknown>;
  resources: Record<string, { status: string; label: string; log: string[] }>;
}
const statusOf = async (root: TestRoot, name = 'web', ...more: string[]): Promise<Status> =>
  JSON.parse(
    (await svcmgr(root, name, 'print', 'status', '--format', 'json', ...more)).stdout,
  ) as Status;

describe('print status', () => {
  test('the tree: flags at column 21, status at 26, text at 37, notes below', async () => {
    const root = createRoot({ 'web.conf': web });
    const { stdout, stderr, code } = await svcmgr(root, 'web', 'print', 'status');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replace(root.directory, 'ROOT').split('\n')).toEqual([
      'web',
      'overall                   warn',
      '|- avail                  down',
      '|  |- disk#1         ..O. undef      disk.veritas',
      '|  |                                 warn: driver disk.veritas is not supported',
      expect.stringMatching(/^\| {2}\|- disk#2 {9}\.D\.\. n\/a {8}/),
      '|  |- fs#1           M... down       fs.flag',
      "|  '- fs#2           .... down       dir ROOT/var/svc/web/data",
      "'- accessory",
      "   '- task#1         .... n/a        /bin/true",
      '',
    ]);
  });

  test('without accessory resources the first column of the children is blank', async () => {
    const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n' });
    expect((await svcmgr(root, 'web', 'print', 'status')).stdout.split('\n').slice(2)).toEqual([
      "'- avail                  down",
      "   '- fs#1           .... down       fs.flag",
      '',
    ]);
  });

  test('--verbose has eight flags, --hide-disabled leaves out, colour follows the status', async () => {
    const root = createRoot({ 'web.conf': web });
    const { stdout } = await svcmgr(root, 'web', 'print', 'status', '-v');
    expect(stdout).toContain('|  |- disk#1         ...O.... undef ');
    expect(stdout).toContain('|  |- fs#1           .M...... down ');
    const hidden = await svcmgr(root, 'web', 'print', 'status', '--hide-disabled');
    expect(hidden.stdout).not.toContain('disk#2');
    const coloured = await svcmgr(root, 'web', 'print', 'status', '--color', 'always');
    expect(coloured.stdout).toContain('\u001b[1mweb\u001b[22m');
    expect(coloured.stdout).toContain('\u001b[31mdown      \u001b[39m');
  });

  test('one service by name is an object, several are an object by path', async () => {
    const root = createRoot({ 'web.conf': web, 'db.conf': '[fs#1]\ntype = flag\n' });
    expect(await statusOf(root)).toMatchObject({
      avail: 'down',
      overall: 'warn',
      frozen: false,
      monitor: { status: 'idle', target: null },
      resources: {
        'disk#1': { status: 'undef', log: ['warn: driver disk.veritas is not supported'] },
        'fs#1': { status: 'down', label: 'fs.flag', type: 'fs.flag', monitor: true },
      },
    });
    const all = await svcmgr(root, 'print', 'status', '--format', 'json');
    expect(Object.keys(JSON.parse(all.stdout) as object)).toEqual(['db', 'schema', 'web']);
    const flat = await svcmgr(root, 'web', 'print', 'status', '--format', 'flat_json');
    expect(flat.stdout).toContain(".resources.'fs#1'.status = down\n");
    const csv = await svcmgr(root, 'web', 'print', 'status', '--format', 'csv');
    expect(csv.stdout.split('\n')[0]).toContain("'rid';'type';'status';'label'");
  });

  test('what is last known serves until the configuration changes or --refresh asks', async () => {
    const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n' });
    await svcmgr(root, 'web', 'start');
    const known = await statusOf(root);
    expect(known.avail).toBe('up');
    const { rmSync } = await import('node:fs');
    rmSync(join(root.paths.run, 'flag'), { recursive: true });
    expect((await statusOf(root)).avail).toBe('up');
    expect((await statusOf(root, 'web', '--refresh')).avail).toBe('down');
    expect((await statusOf(root)).avail).toBe('down');
    root.write('web.conf', '[fs#1]\ntype = flag\n[fs#2]\ntype = flag\n');
    expect(Object.keys((await statusOf(root)).resources)).toEqual(['fs#1', 'fs#2']);
  });

  test('a service that cannot be read is named, the others are shown', async () => {
    const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n', 'bad.conf': '\0\0[[[' });
    const { chmodSync } = await import('node:fs');
    chmodSync(join(root.paths.etc, 'bad.conf'), 0o666);
    const { stdout, stderr, code } = await svcmgr(root, 'print', 'status');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^web\n/);
    expect(stderr).toMatch(/bad\.conf: mode 0666 lets others write it/);
  });
});

test('status answers with an exit code alone', async () => {
  const root = createRoot({
    'web.conf': '[fs#1]\ntype = flag\n',
    'sby.conf': '[fs#1]\ntype = flag\nstandby = true\n',
    'warn.conf': '[fs#1]\ntype = veritas\n',
    'none.conf': '',
  });
  const codeOf = async (name: string) => {
    const { stdout, stderr, code } = await svcmgr(root, name, 'status', '--refresh');
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
    return code;
  };
  expect(await codeOf('web')).toBe(1);
  await svcmgr(root, 'web', 'start');
  expect(await codeOf('web')).toBe(0);
  expect(await codeOf('sby')).toBe(7);
  await svcmgr(root, 'sby', 'startstandby');
  expect(await codeOf('sby')).toBe(6);
  expect(await codeOf('warn')).toBe(2);
  expect(await codeOf('none')).toBe(3);
});

describe('actions', () => {
  test('lines of info on stdout, errors on stderr, everything in the log of the service', async () => {
    const root = createRoot({ 'web.conf': web });
    const { stdout, stderr, code } = await svcmgr(root, 'web', 'start');
    expect(code).toBe(0);
    const node = stdout.slice(0, stdout.indexOf('.'));
    expect(stdout).toContain(`${node}.web.fs#1 create `);
    expect(stderr).toBe(
      `${node}.web.disk#1 ERROR there is no driver disk.veritas\n${node}.web.disk#1 ERROR correct \`type\`, or disable the resource\n`,
    );
    const log = readFileSync(join(root.paths.log, 'web.log'), 'utf8');
    expect(log).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - \S+\.web\.disk#1 - ERROR - there is no driver/m,
    );
    expect(log).toMatch(/ - \S+\.web\.fs#1 - INFO - create /);
  });

  test('a failed start leaves its state until it is cleared or succeeds', async () => {
    const failing = '[fs#1]\ntype = flag\n[share#1]\ntype = no-such\n';
    const root = createRoot({ 'web.conf': failing });
    expect((await svcmgr(root, 'web', 'start')).code).toBe(1);
    expect((await statusOf(root)).monitor).toEqual({ status: 'start failed', target: 'started' });
    expect((await svcmgr(root, 'web', 'print', 'status')).stdout).toMatch(
      /^overall .* start failed$/m,
    );
    await svcmgr(root, 'web', 'clear');
    expect((await statusOf(root)).monitor.status).toBe('idle');
    await svcmgr(root, 'web', 'start');
    root.write('web.conf', '[fs#1]\ntype = flag\n');
    expect((await svcmgr(root, 'web', 'start')).code).toBe(0);
    expect((await statusOf(root)).monitor.status).toBe('idle');
  });

  test('a start of one group, of some resources, or up to one of them is no start of the instance', async () => {
    const root = createRoot({
      'web.conf':
        '[fs#1]\ntype = flag\n[share#1]\ntype = netapp\noptional = true\n[app#1]\nscript = /bin/sh\nstart = /bin/true\n[app#2]\nscript = /bin/sh\nstart = /bin/true\ncheck = /bin/false\n',
    });
    for (const words of [['startapp'], ['start', '--rid', 'app'], ['start', '--upto', 'fs']]) {
      expect(await svcmgr(root, 'web', ...words), words.join(' ')).toMatchObject({ code: 0 });
      expect((await statusOf(root)).monitor, words.join(' ')).toMatchObject({ status: 'idle' });
    }
    expect((await svcmgr(root, 'web', 'start')).code).toBe(1);
    expect((await statusOf(root)).monitor).toMatchObject({ status: 'start failed' });
    await svcmgr(root, 'web', 'stopapp');
    expect((await statusOf(root)).monitor).toMatchObject({ status: 'start failed' });
  });

  test('frozen: actions are refused and said why, --force acts, status shows it', async () => {
    const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n' });
    expect((await svcmgr(root, 'web', 'frozen')).code).toBe(0);
    await svcmgr(root, 'web', 'freeze');
    expect((await svcmgr(root, 'web', 'frozen')).code).toBe(1);
    const refused = await svcmgr(root, 'web', 'start');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/web: it is frozen; start is refused\n.*thaw/);
    expect((await svcmgr(root, 'web', 'print', 'status')).stdout).toMatch(/^overall .* frozen$/m);
    expect((await svcmgr(root, 'web', 'start', '--force')).code).toBe(0);
    await svcmgr(root, 'web', 'thaw');
    expect((await statusOf(root)).frozen).toBe(false);
    expect((await svcmgr(root, 'web', 'freeze', '--dry-run')).code).toBe(0);
    expect((await statusOf(root)).frozen).toBe(false);
  });

  test('several services: the sum of the codes, and none keeps another from acting', async () => {
    const good = '[fs#1]\ntype = flag\n';
    const bad = '[fs#1]\ntype = no-such\n';
    const root = createRoot({ 'a.conf': bad, 'b.conf': good, 'c.conf': bad });
    for (const more of [[], ['--parallel']]) {
      expect((await svcmgr(root, '-s', '*', 'start', ...more)).code).toBe(2);
      expect((await statusOf(root, 'b')).avail).toBe('up');
      await svcmgr(root, 'b', 'stop');
    }
  });

  test('a loop of links in place of a configuration costs that service alone', async () => {
    const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n' });
    symlinkSync('loop.conf', join(root.paths.etc, 'loop.conf'));
    const { code, stdout, stderr } = await svcmgr(root, 'print', 'status');
    expect(stdout).toMatch(/^web\n/);
    expect(stderr).toMatch(/loop\.conf/);
    expect(stderr).not.toMatch(/bug| {4}at /);
    expect(code).toBe(1);
  });

  test('provisioned is told by what can be provisioned: apps and directories have no say', async () => {
    const root = createRoot();
    root.write(
      'web.conf',
      `[disk#1]\ntype = raw\ndevs = /dev/null\n[sync#1]\ntype = rsync\nsrc = /none\ndst = /none\n` +
        `[fs#1]\ntype = ext4\ndev = /none\nmnt = ${root.directory}/mnt\n[app#1]\nstart = 1\n`,
    );
    const told = async (): Promise<unknown> =>
      (await statusOf(root, 'web', '--refresh')) as { provisioned?: unknown };
    expect(await told()).toMatchObject({ provisioned: true });
    await svcmgr(root, 'web', 'set_unprovisioned');
    expect(await told()).toMatchObject({ provisioned: false });
    const { stdout } = await svcmgr(root, 'web', 'print', 'status');
    expect(stdout).toMatch(/^overall +\S+ +not provisioned$/m);
  });

  test.skipIf(lacks('script'))(
    'notes are wrapped at the width of a terminal, and nowhere else',
    async () => {
      const text = 'one two three four five six seven';
      const root = createRoot({
        'web.conf': `[app#1]\ncheck = /bin/echo ${text}\nstatus_log = true\n`,
      });
      const plain = (await svcmgr(root, 'web', 'print', 'status', '--refresh')).stdout;
      expect(plain).toContain(`info: ${text}\n`);
      const line = `stty cols 60; ${process.execPath} ${distProgram('svcmgr')} web print status`;
      const env = { ...cronEnvironment, TERM: 'dumb', NODEMGR_ROOT: root.directory };
      const shown = execFileSync('script', ['-qec', line, '/dev/null'], { env, encoding: 'utf8' });
      const lines = shown.replaceAll('\r', '').split('\n').slice(4, 6);
      expect(lines).toEqual([
        `${' '.repeat(37)}info: one two three`,
        `${' '.repeat(37)}four five six seven`,
      ]);
    },
  );

  test.skipIf(lacks('script'))('--watch draws the services while an action goes on', async () => {
    const root = createRoot({
      'web.conf': '[fs#1]\ntype = flag\n[fs#2]\ntype = flag\nblocking_pre_start = /bin/sleep 1.5\n',
    });
    await svcmgr(root, 'print', 'status');
    const line = `${process.execPath} ${distProgram('svcmgr')} web start --watch --color no`;
    const env = { ...cronEnvironment, TERM: 'dumb', NODEMGR_ROOT: root.directory };
    const shown = execFileSync('script', ['-qec', line, '/dev/null'], { env, encoding: 'utf8' });
    const screens = shown.replaceAll('\r', '').split('\u001b[H\u001b[2J').slice(1);
    expect(screens.length).toBeGreaterThanOrEqual(3);
    expect(screens[0]).toMatch(/^ web +down failover \| X/m);
    expect(screens.at(-1)).toMatch(/^ web +up failover \| O/m);
    expect(shown).not.toContain('fs#1 create');
    // Without a terminal it is an action like any other.
    expect((await svcmgr(root, 'web', 'stop', '--watch')).stdout).toMatch(/fs#1 remove/);
  });

  test('prstatus: a line for each reservation, and its place in print status', async () => {
    const disk = (id: number): string =>
      `[disk#${id}]\ntype = raw\ndevs = /dev/null\nscsireserv = true\nprkey = 0x1\n`;
    const root = createRoot({ 'web.conf': `${disk(1)}${disk(2)}[fs#1]\ntype = flag\n` });
    expect(await svcmgr(root, 'web', 'prstatus')).toEqual({
      code: 0,
      stdout: 'disk#1pr n/a\ndisk#2pr n/a\n',
      stderr: '',
    });
    const { stdout } = await svcmgr(root, 'web', 'print', 'status');
    const rids = [...stdout.matchAll(/- (\w+#\S+)/g)].map(([, rid]) => rid);
    expect(rids).toEqual(['disk#1', 'disk#2', 'disk#1pr', 'disk#2pr', 'fs#1']);
  });

  test('resync stops, synchronises and starts again', async () => {
    const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n' });
    await svcmgr(root, 'web', 'start');
    const { code, stdout } = await svcmgr(root, 'web', 'resync');
    expect(code).toBe(0);
    expect([...stdout.matchAll(/fs#1 (remove|create) /g)].map(([, verb]) => verb)).toEqual([
      'remove',
      'create',
    ]);
  });

  test('what cannot be: unknown rid, a wrong duration, another node', async () => {
    const root = createRoot({ 'web.conf': '[DEFAULT]\nnodes = elsewhere\n[fs#1]\ntype = flag\n' });
    expect(await svcmgr(root, 'web', 'start')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is not one of its nodes'),
    });
    expect(await svcmgr(root, 'web', 'start', '--time', 'soon')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--time: "soon" is no duration'),
    });
    expect(await svcmgr(root, 'web', 'start', '--env', 'x')).toMatchObject({ code: 2 });
    expect(await svcmgr(root, 'web', 'strat')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean start'),
    });
  });

  test('a lock that another action holds: --waitlock 0 says who, abort ends it', async () => {
    const slow = '[fs#1]\ntype = flag\nblocking_pre_start = /bin/sleep 60\n';
    const root = createRoot({ 'web.conf': slow });
    const action = spawn(process.execPath, [distProgram('svcmgr'), 'web', 'start'], {
      env: { ...cronEnvironment, NODEMGR_ROOT: root.directory },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => action.once('exit', resolve));
    const holder = join(root.paths.var, 'svc/web/lock.generic.holder');
    while (!existsSync(holder)) await new Promise((resolve) => setTimeout(resolve, 20));
    const busy = await svcmgr(root, 'web', 'stop', '--waitlock', '0');
    expect(busy.code).toBe(75);
    expect(busy.stderr).toMatch(
      new RegExp(`web is locked by pid ${action.pid} \\(start( fs#1)?, since`),
    );
    expect((await svcmgr(root, 'web', 'print', 'status')).code).toBe(0);
    expect((await svcmgr(root, 'web', 'abort')).stderr).toMatch(/ended start of process/);
    expect(await ended).toBe(1);
    expect((await statusOf(root)).avail).toBe('down');
  });

  test('what is at work now: resources of an action, running tasks, the flag R; sets as the file has them', async () => {
    const wait = (name: string): string =>
      `while ! [ -e {private_var}/${name} ]; do sleep 0.05; done`;
    const root = createRoot({
      'web.conf':
        `[subset#fs:late]\nparallel = true\n[subset#app]\n[fs#1]\ntype = flag\n[fs#2]\ntype = flag\nsubset = late\n` +
        `[app#1]\ntype = simple\nstart = /bin/sh -c '${wait('go')}'\nblocking_pre_start = true; ${wait('started')}\n` +
        `[task#1]\ncommand = true; ${wait('done')}\n`,
    });
    const release = (name: string): void =>
      writeFileSync(join(root.paths.var, 'svc/web', name), '');
    const now = async () => {
      const { running, subsets } = await statusOf(root);
      return { running, subsets };
    };
    const subsets = { 'fs:late': { parallel: true }, app: { parallel: false } };
    await svcmgr(root, 'print', 'status');
    expect(await now()).toEqual({ running: [], subsets });
    const action = svcmgr(root, 'web', 'start');
    const run = svcmgr(root, 'web', 'run');
    await waitFor(async () => (await now()).running.length === 2 || undefined, 'both at work');
    expect(await now()).toEqual({ running: ['app#1', 'task#1'], subsets });
    const tree = (await svcmgr(root, 'web', 'print', 'status', '--verbose')).stdout;
    expect(tree).toMatch(/app#1 +R\.{7} /);
    expect(tree).toMatch(/fs#1 +\.{8} /);
    for (const name of ['started', 'go', 'done']) release(name);
    await Promise.all([action, run]);
    expect((await now()).running).toEqual([]);
  });

  test('a copy has a lock of its own: it keeps no start waiting, and other copies out', async () => {
    const copy = '[sync#1]\ntype = rsync\nsrc = /etc/hostname\ndst = /tmp/none\ntarget = nodes\n';
    const root = createRoot({ 'web.conf': `[fs#1]\ntype = flag\n${copy}` });
    const place = { directory: join(root.paths.var, 'svc/web') };
    const wait = ['--waitlock', '0'];
    await withLock(actionLock(place, 'sync'), { intent: 'sync_nodes' }, async () => {
      expect((await svcmgr(root, 'web', 'start', ...wait)).code).toBe(0);
      for (const verb of ['all', 'nodes', 'drp']) {
        expect((await svcmgr(root, 'web', 'sync', verb, ...wait)).code, verb).toBe(75);
      }
    });
    await withLock(actionLock(place), { intent: 'start' }, async () => {
      expect((await svcmgr(root, 'web', 'sync', 'nodes', ...wait)).code).toBe(0);
      expect((await svcmgr(root, 'web', 'stop', ...wait)).code).toBe(75);
    });
  });

  test.skipIf(lacks('root', 'mount'))(
    'the file system of our own state went read-only: a service is stopped all the same, nothing is a bug',
    async ({ onTestFinished }) => {
      const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n' });
      expect((await svcmgr(root, 'web', 'start')).code).toBe(0);
      const home = root.paths.var;
      execFileSync('mount', ['--bind', home, home]);
      onTestFinished(() => void execFileSync('umount', [home]));
      execFileSync('mount', ['-o', 'remount,bind,ro', home]);
      expect(await svcmgr(root, 'web', 'stop')).toMatchObject({ code: 0 });
      expect((await svcmgr(root, 'web', 'status')).code).not.toBe(70);
      for (const word of [
        'freeze',
        'set_provisioned',
        'clear',
        'print status',
        'start',
        'provision',
      ]) {
        const { stderr } = await svcmgr(root, 'web', ...word.split(' '));
        expect(stderr, word).not.toMatch(/bug|^ +at /m);
      }
      expect((await svcmgr(root, 'web', 'freeze')).stderr).toMatch(
        /frozen cannot be changed \(EROFS\)/,
      );
    },
  );

  test('a store that cannot be made, because its directory cannot, is an error with a remedy', async () => {
    const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n' });
    writeFileSync(root.paths.var, 'in the way');
    const { code, stderr } = await svcmgr(root, 'web', 'start');
    expect(code).toBe(74);
    expect(stderr).toMatch(/nodemgr.db cannot be written/);
  });

  test('--time ends an action that takes too long, and takes it back', async () => {
    const slow = '[fs#1]\ntype = flag\n[fs#2]\ntype = flag\nblocking_pre_start = /bin/sleep 60\n';
    const root = createRoot({ 'web.conf': slow });
    const began = performance.now();
    expect((await svcmgr(root, 'web', 'start', '--time', '1s')).code).toBe(1);
    expect(performance.now() - began).toBeLessThan(15_000);
    expect((await statusOf(root)).resources['fs#1']?.status).toBe('down');
  });

  test.skipIf(lacks('strace'))('a dry run writes nothing, under strace', async () => {
    const root = createRoot({ 'web.conf': web });
    await svcmgr(root, 'print', 'status');
    const before = everything(root.directory);
    const trace = join(root.directory, '..', `${process.pid}.trace`);
    const { stdout, code } = await shell(
      `strace -f -qq -o ${trace} -e trace=open,openat,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat,renameat2,mount,umount2,execve,truncate,ftruncate,chmod,fchmod,fchmodat,chown,fchownat,symlinkat,linkat ` +
        `"$NODE" ${distProgram('svcmgr')} web start --dry-run 2>/dev/null; cat ${trace}; rm -f ${trace}`,
      { root: root.directory },
    );
    expect(code).toBe(0);
    expect(stdout).toContain('web.fs#1 create ');
    const calls = stdout.split('\n').filter((line) => /^\d+ +[a-z0-9]+\(/.test(line));
    expect(calls.length).toBeGreaterThan(20);
    const writes = calls.filter(
      (call) =>
        !call.includes('= -1 ') && !/ (execve|open|openat)\(/.test(call) && !/O_RDONLY/.test(call),
    );
    expect(writes).toEqual([]);
    const opened = calls.filter(
      (call) => /O_(WRONLY|RDWR|CREAT)/.test(call) && !call.includes('= -1 '),
    );
    // SQLite opens its file for writing; that nothing is written shows below.
    expect(opened.filter((call) => !/nodemgr\.db|"\/dev\/(null|tty)"/.test(call))).toEqual([]);
    expect(calls.filter((call) => / execve\(/.test(call))).toHaveLength(1);
    expect(everything(root.directory)).toEqual(before);
  });

  test('1,000 print status calls against 50 start/stop cycles: no lock error on either side', async () => {
    const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n[fs#2]\ntype = flag\n' });
    const cycles = 50;
    const looks = 1000;
    let failures: string[] = [];
    const act = async (): Promise<void> => {
      for (let n = 0; n < cycles; n++) {
        for (const verb of ['start', 'stop']) {
          const { code, stderr } = await svcmgr(root, 'web', verb);
          if (code !== 0 || stderr !== '') failures.push(`${verb}: ${code} ${stderr}`);
        }
      }
    };
    let left = looks;
    const look = async (): Promise<void> => {
      while (left-- > 0) {
        const more = left % 4 === 0 ? ['--refresh'] : [];
        const { code, stderr, stdout } = await svcmgr(root, 'web', 'print', 'status', ...more);
        if (code !== 0 || stderr !== '' || !stdout.startsWith('web\n')) {
          failures.push(`print status: ${code} ${stderr}`);
        }
      }
    };
    await Promise.all([act(), look(), look(), look()]);
    failures = [...new Set(failures)];
    expect(failures).toEqual([]);
  }, 180_000);
});

/** Names, sizes and times of everything below a directory. */
function everything(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { size, mtimeMs, mode } = statSync(join(directory, name));
      return `${name} ${size} ${mtimeMs} ${mode}`;
    });
}
