/** run, print runs, show run, logs. */
import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lacks } from '../support/can.js';
import { cronEnvironment, runProgram, waitFor } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';
import { distProgram, shell } from './edge.js';
import { quietNode } from './programs.js';

interface Run {
  id: number;
  object: string;
  section: string;
  state: string;
  origin: string;
  exit_code: number | null;
  reason: string | null;
}

const nodemgr = (root: TestRoot, ...argv: string[]) =>
  runProgram('nodemgr', argv, { root: root.directory });
const svcmgr = (root: TestRoot, ...argv: string[]) =>
  runProgram('svcmgr', argv, { root: root.directory });
async function runsOf(root: TestRoot, ...argv: string[]): Promise<Run[]> {
  const { stdout } = await nodemgr(root, 'print', 'runs', '--format', 'json', ...argv);
  return JSON.parse(stdout) as Run[];
}

const shop = `[task#ok]
command = /bin/echo fine
[task#three]
command = /bin/sh -c "echo out; echo err >&2; exit 3"
[task#off]
command = /bin/echo never
disable = true
`;

describe('run', () => {
  test('every task that is not disabled, one after the other; the worst exit code; all are recorded', async () => {
    const root = createRoot({ 'shop.conf': shop });
    const { stdout, stderr, code } = await svcmgr(root, 'shop', 'run');
    expect(code).toBe(3);
    expect(stdout).toBe('fine\nout\n');
    expect(stderr).toBe('err\nshop task#three: failed (run 2): exit code 3\n');
    expect(await runsOf(root)).toMatchObject([
      { section: 'task#three', state: 'failed', exit_code: 3, origin: 'manual' },
      { section: 'task#ok', state: 'ok', exit_code: 0, origin: 'manual' },
    ]);
  });

  test('--rid selects, also a disabled one and the whole group; an unknown one names its tasks', async () => {
    const root = createRoot({ 'shop.conf': shop });
    expect(await svcmgr(root, '-s', 'shop', 'run', '--rid', 'task#ok')).toEqual({
      code: 0,
      stdout: 'fine\n',
      stderr: '',
    });
    expect((await svcmgr(root, '-s', 'shop', 'run', '--rid', 'task#off')).stdout).toBe('never\n');
    expect((await svcmgr(root, '-s', 'shop', 'run', '--rid', 'task')).stdout).toBe(
      'fine\nout\nnever\n',
    );
    expect(await svcmgr(root, '-s', 'shop', 'run', '--rid', 'task#nope')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /there is no task task#nope\n +its tasks are task#ok, task#three, task#off/,
      ),
    });
  });

  test('what is disabled by the service, a reference or a list of nodes is left out', async () => {
    const root = createRoot({
      'off.conf': '[DEFAULT]\ndisable = true\n[task#1]\ncommand = /bin/echo off\n',
      'ref.conf':
        '[env]\noff = true\n[task#1]\ncommand = /bin/echo one\ndisable = {env.off}\n' +
        '[task#2]\ncommand = /bin/echo two\ndisable_on = nodes\n[task#3]\ncommand = /bin/echo three\n',
    });
    expect((await svcmgr(root, 'off', 'run')).stdout).toBe('');
    expect((await svcmgr(root, 'ref', 'run')).stdout).toBe('three\n');
  });

  test('--rid that names nothing is no success', async () => {
    const root = createRoot({ 'shop.conf': shop });
    for (const line of [['run'], ['delete']]) {
      expect(await svcmgr(root, '-s', 'shop', ...line, '--rid', ' ,')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("--rid: ' ,' names nothing"),
      });
    }
  });

  test('one broken section is no reason to leave out the others', async () => {
    const root = createRoot({
      'shop.conf': `[task#a]\ncommand = /bin/true\ntimeout = soon\n[task#b]\ntype = nonsense\n${shop}`,
    });
    const { stdout, stderr, code } = await svcmgr(root, 'shop', 'run');
    expect(stdout).toBe('fine\nout\n');
    expect(stderr).toMatch(/task#a: .*timeout/);
    expect(stderr).toMatch(/task#b: .*task\.nonsense/);
    expect(code).toBe(78);
  });

  test('exit 75 while it runs already, and a task that runs does not keep others from running', async () => {
    const root = createRoot();
    const go = join(root.directory, 'go');
    root.write(
      'shop.conf',
      `[task#long]\ncommand = /bin/sh -c "echo up; until [ -e ${go} ]; do sleep 0.05; done"\n[task#b]\ncommand = /bin/echo other\n`,
    );
    const first = svcmgr(root, 'shop', 'run', '--rid', 'task#long');
    await waitFor(
      async () =>
        existsSync(root.paths.store) && (await runsOf(root, '--state', 'running')).length === 1
          ? true
          : undefined,
      'the first run',
    );
    const second = await svcmgr(root, 'shop', 'run', '--rid', 'task#long');
    expect(second).toMatchObject({
      code: 75,
      stdout: '',
      stderr: expect.stringMatching(/shop task#long is running already \(run 1, process \d+\)/),
    });
    const both = await svcmgr(root, 'shop', 'run');
    expect(both).toMatchObject({ code: 75, stdout: 'other\n' });
    writeFileSync(go, '');
    expect(await first).toMatchObject({ code: 0, stdout: 'up\n' });
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends the whole tree, records it, exits with 128 + signal and starts nothing else',
    async (signal) => {
      const root = createRoot();
      const pids = join(root.directory, 'pids');
      const script = join(root.directory, 'tree.sh');
      writeFileSync(
        script,
        `sleep 300 &
echo $! >> ${pids}
setsid sleep 301 &
echo $! >> ${pids}
wait
`,
      );
      root.write(
        'shop.conf',
        `[task#1]
command = /bin/sh ${script}
[task#2]
command = /bin/echo second
`,
      );
      const child = spawn(process.execPath, [distProgram('svcmgr'), 'shop', 'run'], {
        env: { ...cronEnvironment, NODEMGR_ROOT: root.directory },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text: Buffer) => {
          output += text.toString();
        });
      const started = await waitFor(() => {
        const found = existsSync(pids) ? readFileSync(pids, 'utf8').trim().split('\n') : [];
        return found.length === 2 ? found : undefined;
      }, 'both sleeps');
      child.kill(signal);
      const code = await new Promise((resolve) => child.once('close', resolve));
      expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(output).toMatch(/^shop task#1: failed \(run 1\): interrupted\n$/);
      await waitFor(
        () => (started.every((pid) => !existsSync(`/proc/${pid}`)) ? true : undefined),
        'the tree gone',
      );
      expect(await runsOf(root)).toMatchObject([
        { section: 'task#1', state: 'failed', reason: 'interrupted' },
      ]);
    },
    40_000,
  );

  test('--cron runs what is due in the background and not again in the same period', async () => {
    const root = createRoot({ 'node.conf': quietNode });
    root.write(
      'shop.conf',
      '[task#due]\ncommand = /bin/echo x\nschedule = @1h\n[task#not]\ncommand = /bin/echo y\n[task#ask]\ncommand = /bin/echo z\nschedule = @1\nconfirmation = true\n',
    );
    root.write('other.conf', '[task#due]\ncommand = /bin/echo x\nschedule = @1h\n');
    for (let n = 0; n < 2; n++) {
      expect(await svcmgr(root, 'shop', 'run', '--cron')).toEqual({
        code: 0,
        stdout: '',
        stderr: '',
      });
      await waitFor(
        async () => ((await runsOf(root, '--state', 'ok')).length === 1 ? true : undefined),
        'the run',
      );
    }
    expect(await runsOf(root)).toMatchObject([
      { object: 'shop', section: 'task#due', state: 'ok', origin: 'cron' },
    ]);
  });
});

describe('print runs and show run', () => {
  test('filters: task, state, failed, since, limit, object; a list whatever the number', async () => {
    const root = createRoot({ 'shop.conf': shop, 'node.conf': quietNode });
    expect(await runsOf(root)).toEqual([]);
    await svcmgr(root, 'shop', 'run');
    expect(await runsOf(root, '--limit', '1')).toHaveLength(1);
    await nodemgr(root, 'collect', 'stats');
    expect((await runsOf(root)).map(({ id }) => id)).toEqual([3, 2, 1]);
    expect((await runsOf(root, '--task', 'task#ok')).map(({ id }) => id)).toEqual([1]);
    expect((await runsOf(root, '--task', 'collect_stats')).map(({ id }) => id)).toEqual([3]);
    expect((await runsOf(root, '--object', 'node')).map(({ id }) => id)).toEqual([3]);
    expect((await runsOf(root, '--object', 'shop')).map(({ id }) => id)).toEqual([2, 1]);
    expect((await runsOf(root, '--failed')).map(({ id }) => id)).toEqual([2]);
    expect(
      (await runsOf(root, '--state', 'ok,failed', '--state', 'lost')).map(({ id }) => id),
    ).toEqual([3, 2, 1]);
    expect((await runsOf(root, '--since', '1h')).map(({ id }) => id)).toEqual([3, 2, 1]);
    expect(await runsOf(root, '--since', '2100-01-01')).toEqual([]);
    expect((await runsOf(root, '--since', '2020-01-01 10:00')).length).toBe(3);
    expect(await runsOf(root, '--since', '2100-01-01T00:00:00Z')).toEqual([]);
    for (const since of ['lately', '2026-13-01', '2026-02-30', '2026-01-01 25:00']) {
      expect(await nodemgr(root, 'print', 'runs', '--since', since)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`--since: "${since}" is neither a duration nor a time`),
      });
    }
    expect(await nodemgr(root, 'print', 'runs', '--state', 'happy')).toMatchObject({ code: 2 });
    const own = JSON.parse(
      (await svcmgr(root, 'shop', 'print', 'runs', '--format', 'json')).stdout,
    ) as Run[];
    expect(own.map(({ id }) => id)).toEqual([2, 1]);
  });

  test('svcmgr print runs without a selector has services only', async () => {
    const root = createRoot({ 'shop.conf': shop, 'node.conf': quietNode });
    await nodemgr(root, 'collect', 'stats');
    await svcmgr(root, 'shop', 'run', '--rid', 'task#ok');
    const { stdout } = await svcmgr(root, 'print', 'runs', '--format', 'json');
    expect((JSON.parse(stdout) as Run[]).map(({ object }) => object)).toEqual(['shop']);
  });

  test('svcmgr print runs takes a selector of several services', async () => {
    const one = '[task#1]\ncommand = /bin/true\n';
    const root = createRoot({ 'web1.conf': one, 'web2.conf': one, 'db.conf': one });
    for (const name of ['web1', 'db', 'web2']) await svcmgr(root, name, 'run');
    const objects = async (selector: string): Promise<string[]> => {
      const words = ['-s', selector, 'print', 'runs', '--format', 'json'];
      return (JSON.parse((await svcmgr(root, ...words)).stdout) as Run[]).map(
        ({ object }) => object,
      );
    };
    expect(await objects('web*')).toEqual(['web2', 'web1']);
    expect(await objects('db,web1')).toEqual(['db', 'web1']);
    expect(await svcmgr(root, '-s', 'mail*', 'print', 'runs')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("no service matches 'mail*'"),
    });
  });

  test('show run has the tails of both streams; an unknown run says so', async () => {
    const root = createRoot({ 'shop.conf': shop });
    await svcmgr(root, 'shop', 'run', '--rid', 'task#three');
    const { stdout } = await nodemgr(root, 'show', 'run', '1');
    expect(stdout).toMatch(/^run +1\ntask +shop task#three/);
    expect(stdout).toMatch(/exit code +3\n[\s\S]*--- stdout\nout\n--- stderr\nerr\n$/);
    expect(
      JSON.parse((await nodemgr(root, 'show', 'run', '1', '--format', 'json')).stdout),
    ).toMatchObject({ id: 1, stdout: 'out\n', stderr: 'err\n', exit_code: 3 });
    for (const id of ['2', 'x', '-1', '1.5', '1e3', '0x1']) {
      expect(await nodemgr(root, 'show', 'run', '--', id)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining(`no run ${id}`),
      });
    }
  });
});

describe('logs', () => {
  const lines = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, n) => `line ${from + n}\n`).join('');

  test('--backlog gives the last lines, also across the rotated file', async () => {
    const root = createRoot();
    mkdirSync(root.paths.log, { recursive: true });
    const file = join(root.paths.log, 'node.log');
    writeFileSync(`${file}.1`, lines(0, 5));
    writeFileSync(file, lines(5, 8));
    expect((await nodemgr(root, 'logs')).stdout).toBe(lines(0, 8));
    expect((await nodemgr(root, 'logs', '--backlog', '4')).stdout).toBe(lines(4, 8));
    expect((await nodemgr(root, 'logs', '--backlog', '0')).stdout).toBe('');
    expect((await nodemgr(root, 'logs', '--backlog', '100')).stdout).toBe(lines(0, 8));
  });

  const records = [
    '2024-03-01 10:00:00,001 - n1.web - INFO - do it',
    '2024-03-01 10:00:00,002 - n1.web.fs#1 - WARNING - a - b - c',
    'no record',
    '2024-03-02 10:00:00,003 - n1.web - ERROR - ',
    '2024-03-02 10:00:00,004 - n1.web - INFO - half a li',
  ];

  test('lines lose their date, names are padded, the level is coloured when asked for', async () => {
    const root = createRoot({ 'web.conf': '' });
    mkdirSync(root.paths.log, { recursive: true });
    writeFileSync(join(root.paths.log, 'web.log'), records.join('\n'));
    const { stdout } = await svcmgr(root, 'web', 'logs');
    expect(stdout.split('\n')).toEqual([
      '10:00:00,001 n1.web      INFO    do it',
      '10:00:00,002 n1.web.fs#1 WARNING a - b - c',
      'no record',
      '10:00:00,003 n1.web      ERROR',
      '10:00:00,004 n1.web      INFO    half a li',
      '',
    ]);
    const last = await svcmgr(root, 'web', 'logs', '--backlog', '2', '--color', 'always');
    expect(last.stdout.split('\n')).toEqual([
      '10:00:00,003 \x1b[1mn1.web\x1b[22m \x1b[31mERROR  \x1b[39m',
      '10:00:00,004 \x1b[1mn1.web\x1b[22m INFO    half a li',
      '',
    ]);
  });

  test.skipIf(lacks('script'))(
    'on a terminal: colours, a line for each day that is not today, and a pager',
    async () => {
      const root = createRoot({ 'web.conf': '' });
      mkdirSync(root.paths.log, { recursive: true });
      writeFileSync(join(root.paths.log, 'web.log'), records.join('\n'));
      const onTerminal = async (...words: string[]): Promise<string> => {
        const line = [process.execPath, distProgram('svcmgr'), 'web', 'logs', ...words].join(' ');
        const env = { ...cronEnvironment, TERM: 'xterm', NODEMGR_ROOT: root.directory };
        const argv = ['-qec', `stty rows 4 cols 80; ${line}`, '/dev/null'];
        return execFileSync('script', argv, { env, encoding: 'utf8', input: 'q' }).replaceAll(
          '\r',
          '',
        );
      };
      const lines = await onTerminal('--backlog', '3');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is looked at
      expect(lines).toMatch(/no record\n\x1b\[2m2024-03-02\x1b\[22m\n10:00:00,003 \x1b\[1mn1\.web/);
      const paged = await onTerminal(); // six lines do not fit: the pager waits for a key
      expect(paged).toContain('do it');
      expect(paged).not.toContain('half a li');
    },
  );

  test('--follow shows a line when it is whole', async () => {
    const root = createRoot({ 'web.conf': '' });
    mkdirSync(root.paths.log, { recursive: true });
    const file = join(root.paths.log, 'web.log');
    writeFileSync(file, records.join('\n'));
    const child = spawn(
      process.execPath,
      [distProgram('svcmgr'), 'web', 'logs', '--follow', '--backlog', '1'],
      {
        env: { ...cronEnvironment, NODEMGR_ROOT: root.directory },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
    });
    const wait = (text: string) => waitFor(() => (output.endsWith(text) ? true : undefined), text);
    await wait('ERROR\n');
    appendFileSync(file, 'ne\n');
    await wait('10:00:00,004 n1.web INFO    half a line\n');
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  });

  test('the output of a task is in the log of its service', async () => {
    const root = createRoot({ 'shop.conf': shop });
    await svcmgr(root, 'shop', 'run', '--rid', 'task#three');
    const { stdout } = await svcmgr(root, 'shop', 'logs');
    expect(stdout).toMatch(/INFO {4}\| out/);
    expect(stdout).toMatch(/ERROR {3}\| err/);
  });

  test('--follow loses no line across rotations, and a signal ends it with exit 0', async () => {
    const root = createRoot();
    mkdirSync(root.paths.log, { recursive: true });
    const file = join(root.paths.log, 'node.log');
    writeFileSync(file, lines(0, 3));
    const child = spawn(
      process.execPath,
      [distProgram('nodemgr'), 'logs', '--follow', '--backlog', '1'],
      {
        env: { ...cronEnvironment, NODEMGR_ROOT: root.directory },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let output = '';
    let errors = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
    });
    child.stderr.on('data', (text: Buffer) => {
      errors += text.toString();
    });
    const wait = (text: string) => waitFor(() => (output.endsWith(text) ? true : undefined), text);
    await wait('line 2\n');
    for (let n = 3; n < 300; n++) {
      appendFileSync(file, `line ${n}\n`);
      // The last lines before a rotation are the ones that get lost.
      if (n % 100 === 99) {
        renameSync(file, `${file}.1`);
        writeFileSync(file, '');
        await wait(`line ${n}\n`);
      }
    }
    await wait('line 299\n');
    expect(output).toBe(lines(2, 300));
    child.kill('SIGINT');
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    expect(errors).toBe('');
  });

  test('--follow ends silently when the reader goes; without a log directory it says so', async () => {
    const root = createRoot();
    const missing = await nodemgr(root, 'logs', '--follow');
    expect(missing).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('nothing was logged yet'),
    });
    mkdirSync(root.paths.log, { recursive: true });
    const file = join(root.paths.log, 'node.log');
    writeFileSync(file, 'first\n');
    const reading = shell(`nodemgr logs --follow | head -2; echo "\${PIPESTATUS[0]}"`, {
      root: root.directory,
    });
    let over = false;
    void reading.then(() => {
      over = true;
    });
    await waitFor(() => {
      appendFileSync(file, 'more\n');
      return over || undefined;
    }, 'the end of the reader');
    expect(await reading).toEqual({ code: 0, stdout: 'first\nmore\n0\n', stderr: '' });
  });
});

test('a root given as a relative path is the same for the worker and its tasks', async () => {
  const root = createRoot({
    'node.conf': quietNode,
    'shop.conf': '[task#1]\ncommand = printenv NODEMGR_ROOT\nschedule = *\n',
  });
  const options = { root: basename(root.directory), cwd: dirname(root.directory) };
  expect(await runProgram('nodemgr', ['schedulers'], options)).toMatchObject({ code: 0 });
  const ended = await waitFor(
    async () =>
      (await runsOf(root)).find(({ section, state }) => section === 'task#1' && state === 'ok'),
    'the end of the run',
  );
  const { stdout } = await nodemgr(root, 'show', 'run', String(ended.id), '--format', 'json');
  expect(JSON.parse(stdout)).toMatchObject({ stdout: `${root.directory}\n` });
});
