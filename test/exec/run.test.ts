import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findCgroup } from '../../lib/exec/cgroup.js';
import {
  CommandError,
  createRunner,
  isMissingCommand,
  type ProcessTree,
  showCommand,
} from '../../lib/exec/run.js';
import type { Fields } from '../../lib/log/log.js';
import { can, pidsWith, places, readIfThere, temporary, until } from './probe.js';

const run = createRunner();
const forever = { timeoutMs: 300, graceMs: 200 };

test('output, exit code and times', async () => {
  const result = await run(['sh', '-c', 'echo out; echo err >&2; exit 3'], {});
  expect(result).toMatchObject({
    argv: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
    exitCode: 3,
    signal: null,
    timedOut: false,
    aborted: false,
    skipped: false,
    stdout: 'out\n',
    stderr: 'err\n',
    droppedBytes: 0,
    survivorsKilled: 0,
    stuckPids: [],
  });
  expect(result.endedAt).toBeGreaterThanOrEqual(result.startedAt);
  expect(result.durationMs).toBeGreaterThan(0);
});

test('a signal is not an exit code', async () => {
  const result = await run(['sh', '-c', 'kill -HUP $$']);
  expect(result).toMatchObject({ exitCode: null, signal: 'SIGHUP' });
});

test('stdin is empty, or what is given', async () => {
  expect((await run(['cat'])).stdout).toBe('');
  expect((await run(['readlink', '/proc/self/fd/0'])).stdout).toBe('/dev/null\n');
  const input = 'é'.repeat(300_000);
  expect((await run(['wc', '-c'], { input })).stdout).toBe('600000\n');
  // A program that does not read its input is not an error.
  expect((await run(['true'], { input })).exitCode).toBe(0);
});

test('only the three standard streams are open in the program', async () => {
  // Descriptors that were open before this process started stay out of it: their numbers are high.
  const fds = (await run(['sh', '-c', 'ls /proc/$$/fd'])).stdout.trim().split('\n').map(Number);
  expect(fds.filter((fd) => fd < 200)).toEqual([0, 1, 2]);
});

test('the environment is fixed, whatever ours is', async () => {
  const clean = createRunner({
    env: {
      PATH: '/evil',
      LD_PRELOAD: 'x',
      HOME: '/home/me',
      TZ: 'UTC',
      LANG: 'fr_FR',
      SECRET: 's',
    },
  });
  const { stdout } = await clean(['env'], { env: { A: '1', TZ: undefined }, marks: { M: 'm' } });
  const names = stdout.trim().split('\n').sort();
  expect(names).toEqual([
    'A=1',
    'HOME=/home/me',
    'LC_ALL=C.UTF-8',
    'M=m',
    expect.stringMatching(/^NODEMGR_RUN=/),
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'PWD=/',
  ]);
  const complete = await clean(['/usr/bin/env'], { env: { A: '1' }, completeEnv: true });
  expect(complete.stdout.trim().split('\n').sort()).toEqual([
    'A=1',
    expect.stringMatching(/^NODEMGR_RUN=/),
    'PWD=/',
  ]);
});

test('arguments reach the program byte by byte', async () => {
  const words = ['', ' a  b ', '$HOME', '`id`', "it's", '"', 'é\n', '-n', '*', '$' + '{1}'];
  const { stdout } = await run(['printf', '[%s]', ...words]);
  expect(stdout).toBe(words.map((word) => `[${word}]`).join(''));
});

test('umask and directory', async () => {
  const directory = join(temporary(), "a b'$x");
  mkdirSync(directory);
  const { stdout } = await run(['sh', '-c', 'umask; pwd; : > file'], {
    umask: 0o027,
    cwd: directory,
  });
  expect(stdout).toBe(`0027\n${directory}\n`);
  expect(statSync(join(directory, 'file')).mode & 0o777).toBe(0o640);
});

test('what cannot be started is a typed error', async () => {
  const directory = temporary();
  const file = join(directory, 'script');
  writeFileSync(file, '#!/bin/sh\n');
  const cases = [
    { argv: ['no-such-tool'], code: 'E_NO_COMMAND', exitCode: 69 },
    { argv: [join(directory, 'absent')], code: 'E_NO_COMMAND', exitCode: 69 },
    { argv: [file], code: 'E_NOT_EXECUTABLE', exitCode: 78 },
    { argv: [directory], code: 'E_NOT_EXECUTABLE', exitCode: 78 },
    { argv: [], code: 'E_BAD_COMMAND', exitCode: 78 },
    { argv: ['-x'], code: 'E_BAD_COMMAND', exitCode: 78 },
    { argv: ['true'], options: { cwd: join(directory, 'no') }, code: 'E_BAD_CWD', exitCode: 78 },
    { argv: ['true'], options: { user: 'nobody-here' }, code: 'E_NO_USER', exitCode: 78 },
    { argv: ['true'], options: { group: 'nobody-here' }, code: 'E_NO_GROUP', exitCode: 78 },
    { argv: ['true'], options: { user: '0x0' }, code: 'E_NO_USER', exitCode: 78 },
  ];
  for (const { argv, options, code, exitCode } of cases) {
    await expect(run(argv, options), code).rejects.toMatchObject({ code, exitCode });
  }
  const missing = await run(['no-such-tool']).catch((error: unknown) => error);
  expect(isMissingCommand(missing)).toBe(true);
});

test('an empty user or group is none', async () => {
  expect((await run(['true'], { user: '', group: '' })).exitCode).toBe(0);
});

test('arguments that the kernel refuses are a typed error', async () => {
  await expect(run(['true', 'x'.repeat(200_000)])).rejects.toMatchObject({
    code: 'E_START',
    message: 'cannot start true: E2BIG',
    remedy: expect.stringContaining('shorten'),
  });
});

test('a program may say what the wrapper says', async () => {
  // The report of a missing program is told from the words of a program by a secret of the run.
  const result = await run(['sh', '-c', 'echo "nodemgr:1:missing" >&2; exit 127']);
  expect(result).toMatchObject({ exitCode: 127, stderr: 'nodemgr:1:missing\n' });
});

test('accepted exit codes', async () => {
  const options = { acceptExitCodes: [0, 2] };
  expect((await run(['sh', '-c', 'exit 2'], options)).exitCode).toBe(2);
  const failed = await run(['sh', '-c', 'echo no space >&2; exit 1'], options).catch((e) => e);
  expect(failed).toBeInstanceOf(CommandError);
  expect(failed).toMatchObject({ code: 'E_COMMAND', message: 'sh exited with 1: no space' });
  expect(failed.result.stderr).toBe('no space\n');
  await expect(run(['sleep', '60'], { ...options, ...forever })).rejects.toMatchObject({
    code: 'E_TIMEOUT',
    exitCode: 124,
    message: 'sleep did not end within 0.3 s',
  });
});

test('dry run leaves out what changes the host, and nothing else', async () => {
  const file = join(temporary(), 'file');
  const dry = createRunner({ dryRun: true });
  expect(await dry(['touch', file], { changes: true })).toMatchObject({
    skipped: true,
    exitCode: 0,
    pid: 0,
  });
  expect(readIfThere(file)).toBeUndefined();
  expect((await dry(['echo', 'x'])).stdout).toBe('x\n');
});

test('commands that change the host are logged at info, others at debug', async () => {
  const seen: [string, string, Fields | undefined][] = [];
  const note = (level: string) => (message: string, fields?: Fields) =>
    void seen.push([level, message, fields]);
  const log = {
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
  };
  const logging = createRunner({ log, cgroups: null });
  await logging(['true']);
  await logging(['sh', '-c', 'exit 4'], { changes: true });
  await logging(['sleep', '60'], { timeoutMs: 50, graceMs: 0 });
  expect(seen).toEqual([
    ['debug', 'ran', expect.objectContaining({ cmd: 'true', exit: 0 })],
    ['info', 'ran', expect.objectContaining({ cmd: "sh -c 'exit 4'", exit: 4 })],
    ['warn', 'timed out', expect.objectContaining({ cmd: 'sleep 60', exit: 'SIGKILL' })],
  ]);
});

test('a command line is shown as a shell reads it', () => {
  expect(showCommand(['a', '', "b'c", '/x-1', '$d'])).toBe("a '' 'b'\\''c' /x-1 '$d'");
});

test('300 MB of output: bounded memory, head, tail and marker', async () => {
  const before = process.memoryUsage.rss();
  const { stdout, droppedBytes, exitCode } = await run(
    ['sh', '-c', 'echo first; yes 0123456789abcde | head -c 314572800; echo last'],
    { maxOutputBytes: 64 << 10 },
  );
  expect(exitCode).toBe(0);
  expect(stdout.startsWith('first\n0123')).toBe(true);
  expect(stdout.endsWith('abcde\nlast\n')).toBe(true);
  expect(stdout.length).toBeLessThan((64 << 10) + 100);
  expect(stdout).toContain(`[... ${droppedBytes} bytes dropped ...]`);
  expect(droppedBytes).toBe(314572800 + 11 - (64 << 10));
  // What the collector has not taken yet counts too; a third of the output is far from keeping it.
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 << 20);
});

test('endless output ends at the deadline', async () => {
  const result = await run(['yes'], { ...forever, maxOutputBytes: 1000 });
  expect(result).toMatchObject({ timedOut: true, signal: 'SIGTERM' });
  expect(result.stdout.length).toBeLessThan(1100);
});

test('lines are delivered while the program runs, also one of 10 MB', async () => {
  const file = join(temporary(), 'go');
  const seen: string[] = [];
  const script = `echo one; until [ -e ${file} ]; do sleep 0.01; done
    head -c 10485760 /dev/zero | tr "\\0" x; echo; echo err >&2; printf end`;
  const result = await run(['sh', '-c', script], {
    onLine: (stream, line) => {
      if (line === 'one') writeFileSync(file, '');
      seen.push(`${stream} ${line.slice(0, 4)}${line.slice(4).replace(/^x+ \[/, '')}`);
    },
    maxOutputBytes: 4096,
  });
  expect(result.exitCode).toBe(0);
  expect(seen.filter((line) => line.startsWith('stdout'))).toEqual([
    'stdout one',
    `stdout xxxx... ${10485760 - (16 << 10)} bytes dropped ...]`,
    'stdout end',
  ]);
  expect(seen).toContain('stderr err');
});

test('a callback that throws ends in an error, and the program is not blocked', async () => {
  const file = join(temporary(), 'done');
  await expect(
    run(['sh', '-c', `yes | head -c 1000000; touch ${file}`], {
      onLine: () => {
        throw new Error('from the callback');
      },
    }),
  ).rejects.toThrow('from the callback');
  expect(readIfThere(file)).toBe('');
});

test('a daemon that keeps stdout open survives a normal end and does not hold us', async () => {
  const { stdout, stderr, exitCode } = await run(
    ['sh', '-c', 'trap "" PIPE; (setsid sleep 300 &) ; echo started'],
    { env: { DAEMON: 'keeps-stdout' }, timeoutMs: 10_000 },
  );
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: 'started\n', stderr: '', exitCode: 0 });
  const pids = pidsWith('DAEMON=keeps-stdout');
  expect(pids).toHaveLength(1);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
});

for (const { name, able, cgroups } of places) {
  const here = createRunner({ cgroups });

  test.skipIf(!able)(`a child that forks twice and calls setsid is gone: ${name}`, async () => {
    let tree: ProcessTree | undefined;
    const script = `
      setsid sh -c 'setsid sh -c "trap : TERM; while :; do sleep 1; done" & echo $! > "$DIR/inner"' &
      (setsid sleep 300 & ) ; sleep 300`;
    const directory = temporary();
    const result = await here(['sh', '-c', script], {
      timeoutMs: 400,
      graceMs: 200,
      env: { DIR: directory },
      onStart: (started) => {
        tree = started;
      },
    });
    expect(result).toMatchObject({ timedOut: true, exitCode: null, stuckPids: [] });
    expect(result.survivorsKilled).toBeGreaterThanOrEqual(3);
    expect(readIfThere(join(directory, 'inner'))).toBeDefined();
    expect(pidsWith(tree?.marker ?? '?')).toEqual([]);
    if (cgroups) expect(readIfThere(join(tree?.cgroup ?? '?', 'cgroup.procs'))).toBeUndefined();
  });

  test.skipIf(!able)(`what is left at a normal end stays: ${name}`, async () => {
    const script = '(setsid sleep 300 >/dev/null 2>&1 &); (sleep 300 >/dev/null 2>&1 &)';
    const kept = await here(['sh', '-c', script], { marks: { LEFT: 'kept' } });
    expect(kept).toMatchObject({ exitCode: 0, survivorsKilled: 0 });
    expect(pidsWith('LEFT=kept')).toHaveLength(2);
    for (const pid of pidsWith('LEFT=kept')) process.kill(pid, 'SIGKILL');
  });

  test.skipIf(!able)(`usage of the whole tree: ${name}`, async () => {
    const burn = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done';
    const { usage } = await here(['sh', '-c', `(${burn}) & wait`]);
    if (cgroups) expect(usage?.userMs).toBeGreaterThan(20);
    else expect(usage).toBeNull();
  });

  test.skipIf(!able)(`the program is in its group before it starts: ${name}`, async () => {
    const { stdout } = await here(['cat', '/proc/self/cgroup'], { cgroup: 'svc1/app/app.1' });
    if (cgroups) expect(stdout).toMatch(/\/nodemgr\/svc1\/app\/app\.1\/r\.\d+\.\d+\.\d+$/m);
    else expect(stdout).not.toContain('nodemgr');
  });
}

test('a program that ignores SIGTERM gets SIGKILL after the grace', async () => {
  const result = await run(['sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done'], forever);
  expect(result).toMatchObject({ timedOut: true, signal: 'SIGKILL' });
  expect(result.durationMs).toBeGreaterThan(450);
  expect(result.durationMs).toBeLessThan(3000);
});

test('a program that cleans up on SIGTERM has the time for it', async () => {
  const script = 'trap "echo bye; exit 5" TERM; echo up; while :; do sleep 0.02; done';
  const result = await run(['sh', '-c', script], { timeoutMs: 300, graceMs: 5000 });
  expect(result).toMatchObject({ timedOut: true, exitCode: 5, stdout: 'up\nbye\n' });
  expect(result.durationMs).toBeLessThan(3000);
});

test('a stopped program is ended too', async () => {
  const result = await run(['sh', '-c', 'kill -STOP $$'], { timeoutMs: 200, graceMs: 5000 });
  expect(result).toMatchObject({ timedOut: true, signal: 'SIGTERM' });
});

test('abort ends the tree, before and during the run', async () => {
  const controller = new AbortController();
  const running = run(['sleep', '300'], {
    signal: controller.signal,
    graceMs: 1000,
    onStart: () => controller.abort(),
  });
  expect(await running).toMatchObject({ aborted: true, timedOut: false, signal: 'SIGTERM' });
  await expect(run(['true'], { signal: controller.signal })).rejects.toMatchObject({
    code: 'E_ABORTED',
  });
});

test('an error in onStart ends the program', async () => {
  await expect(
    run(['sleep', '300'], {
      marks: { BAD: 'start' },
      graceMs: 1000,
      onStart: () => {
        throw new Error('cannot record');
      },
    }),
  ).rejects.toThrow('cannot record');
  expect(pidsWith('BAD=start')).toEqual([]);
});

test.skipIf(!can.root)('another user, with the groups of that account', async () => {
  const directory = temporary();
  chmodSync(directory, 0o777);
  const script = `id -un; id -gn; id -G; echo $HOME $USER $LOGNAME; touch ${directory}/file`;
  const { stdout } = await run(['sh', '-c', script], { user: 'nobody' });
  const groups = (await run(['id', '-G', 'nobody'])).stdout;
  expect(stdout).toBe(`nobody\nnogroup\n${groups}/nonexistent nobody nobody\n`);
  expect(statSync(join(directory, 'file')).uid).toBe(65534);

  const ids = async (options: object) =>
    (await run(['sh', '-c', 'id -u; id -g; id -G'], options)).stdout.trim().split('\n');
  expect((await ids({ user: 'nobody', group: 'daemon' })).slice(0, 2)).toEqual(['65534', '1']);
  expect(await ids({ user: 12345 })).toEqual(['12345', '12345', '12345']);
  expect((await ids({ group: 'daemon' })).slice(0, 2)).toEqual(['0', '1']);
  expect((await ids({ user: 'root' }))[0]).toBe('0');
});

test.skipIf(!can.root)('another user has no privilege left, and no file of root', async () => {
  const file = join(temporary(), 'script');
  writeFileSync(file, '#!/bin/sh\n', { mode: 0o700 });
  const result = await run([file], { user: 'nobody' });
  expect(result.exitCode).not.toBe(0);
  expect(result.stderr).toContain('ermission denied');
  const { stdout } = await run(['grep', '-E', '^Cap(Prm|Eff|Amb)', '/proc/self/status'], {
    user: 'nobody',
  });
  expect(stdout.replace(/\s+/g, ' ')).toMatch(/^(Cap... 0+ ?){3}$|^(Cap\w+: 0+ ?){3}$/);
});

test.skipIf(!can.root)('a timeout ends the programs of another user', async () => {
  const result = await run(['sh', '-c', 'setsid sleep 300 & sleep 300'], {
    user: 'nobody',
    marks: { WHO: 'nobody-sleeps' },
    ...forever,
  });
  expect(result).toMatchObject({ timedOut: true, stuckPids: [] });
  expect(pidsWith('WHO=nobody-sleeps')).toEqual([]);
});

test('100 runs in a pool leave no group and no descriptor behind', async () => {
  const fds = () => readdirSync('/proc/self/fd').length;
  const place = findCgroup();
  const groups = () => (place ? readdirSync(join(place.directory, 'run')) : []);
  await run(['true']);
  const before = { fds: fds(), groups: new Set(groups()) };
  let next = 0;
  const worker = async () => {
    while (next++ < 100) expect((await run(['/bin/true'])).exitCode).toBe(0);
  };
  await Promise.all(Array.from({ length: 10 }, worker));
  await until('descriptors are closed', () => fds() <= before.fds);
  await run(['true']); // takes away what a process that was still vanishing held
  const ours = groups().filter((name) => name.startsWith(`r.${process.pid}.`));
  expect(ours.filter((name) => !before.groups.has(name))).toEqual([]);
});
