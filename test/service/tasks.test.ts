/** Task resources of services, through the built svcmgr and real ticks. */
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lacks } from '../support/can.js';
import { runProgram, waitFor } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';

const quietNode = [
  'checks',
  'stats_collection',
  'asset',
  'packages',
  'push_service_status',
  'resource_monitor',
]
  .map((name) => `[${name}]\nschedule =\n`)
  .join('');

const svcmgr = (root: TestRoot, ...argv: string[]) =>
  runProgram('svcmgr', argv, { root: root.directory });
const nodemgr = (root: TestRoot, ...argv: string[]) =>
  runProgram('nodemgr', argv, { root: root.directory });

interface Run {
  section: string;
  state: string;
  reason: string | null;
  exit_code: number | null;
  origin: string;
}
const runs = async (root: TestRoot, ...argv: string[]): Promise<Run[]> =>
  JSON.parse((await nodemgr(root, 'print', 'runs', '--format', 'json', ...argv)).stdout) as Run[];

/** Runs the only task of a service that has these lines, and gives its output. */
async function taskOutput(
  lines: string,
  head = '',
): Promise<{ stdout: string; stderr: string; code: number | string }> {
  const root = createRoot({ 'web.conf': `${head}\n[task#1]\n${lines}\n` });
  return svcmgr(root, 'web', 'run');
}

describe('keywords of a task', () => {
  test('without any: our account, cwd /, a small environment, no standard input, LANG=C', async () => {
    const { stdout, code } = await taskOutput(
      'command = /bin/sh -c "pwd && id -un && wc -c && echo $LANG" | cat',
    );
    expect({ stdout, code }).toEqual({
      stdout: `/\n${userInfo().username}\n0\nC\n`,
      code: 0,
    });
  });

  test.skipIf(lacks('root'))(
    'user and group: the account, its groups, HOME and LOGNAME',
    async () => {
      const { stdout } = await taskOutput(
        'command = /bin/sh -c "id -un; id -gn; echo $HOME $LOGNAME $USER"\nuser = daemon',
      );
      expect(stdout).toBe('daemon\ndaemon\n/usr/sbin daemon daemon\n');
      const both = await taskOutput(
        'command = /bin/sh -c "id -un; id -gn"\nuser = daemon\ngroup = games',
      );
      expect(both.stdout).toBe('daemon\ngames\n');
      const group = await taskOutput('command = /usr/bin/id -gn\ngroup = games');
      expect(group.stdout).toBe('games\n');
    },
  );

  test('an unknown user fails with its name, and nothing runs', async () => {
    const { stdout, stderr, code } = await taskOutput(
      'command = /bin/echo ran\nuser = nobody-of-that-name',
    );
    expect(stdout).toBe('');
    expect(code).not.toBe(0);
    expect(stderr).toContain('nobody-of-that-name');
    expect(stderr).not.toContain('this is a bug');
  });

  test('limits', async () => {
    const { stdout } = await taskOutput(
      'command = ulimit -n; ulimit -Hn; ulimit -f\nlimit_nofile = 99\nlimit_fsize = 1m',
    );
    expect(stdout).toBe('99\n99\n2048\n');
  });

  test('cwd, environment and umask', async () => {
    const root = createRoot();
    mkdirSync(join(root.directory, 'work dir'));
    root.write(
      'web.conf',
      `[task#1]\ncommand = /bin/sh -c "pwd; umask; touch made; echo $A-$B-$C"\ncwd = ${root.directory}/work dir\numask = 027\nenvironment = A=1 "B=two words" C=\n`,
    );
    const { stdout, code } = await svcmgr(root, 'web', 'run');
    expect(code).toBe(0);
    expect(stdout).toBe(`${root.directory}/work dir\n0027\n1-two words-\n`);
    expect(statSync(join(root.directory, 'work dir', 'made')).mode & 0o777).toBe(0o640);
  });

  test('cwd that does not exist, a command that does not exist or is not executable: failed, no stack', async () => {
    for (const lines of [
      'command = /bin/echo x\ncwd = /nowhere',
      'command = /nowhere/prog',
      'command = /etc/passwd',
    ]) {
      const { stdout, stderr, code } = await taskOutput(lines);
      expect(stdout, lines).toBe('');
      expect(code, lines).not.toBe(0);
      expect(stderr, lines).toMatch(/^web task#1: failed \(run 1\): /);
      expect(stderr, lines).not.toMatch(/this is a bug|\n +at /);
    }
  });

  test('no shell: words are executed without any expansion; a shell when there is |, && or ;', async () => {
    expect((await taskOutput('command = /bin/echo $HOME * "a  b" > /tmp/x')).stdout).toBe(
      '$HOME * a  b > /tmp/x\n',
    );
    expect((await taskOutput('command = echo one && echo two | tr a-z A-Z')).stdout).toBe(
      'one\nTWO\n',
    );
    expect((await taskOutput('command = echo a; echo $((1+1))')).stdout).toBe('a\n2\n');
    expect((await taskOutput('command = echo a ; echo cut off as a comment')).stdout).toBe('a\n');
  });

  test('timeout: 124, state timeout, also for what ignores TERM and for what was left behind', async () => {
    const root = createRoot();
    const marker = join(root.directory, 'pid');
    root.write(
      'web.conf',
      `[task#1]\ncommand = echo before; setsid sleep 300 & echo $! > ${marker}; wait\ntimeout = 1s\n`,
    );
    const { stdout, stderr, code } = await svcmgr(root, 'web', 'run');
    expect({ stdout, code }).toEqual({ stdout: 'before\n', code: 124 });
    expect(stderr).toMatch(/timeout \(run 1\): longer than 1s/);
    const pid = readFileSync(marker, 'utf8').trim();
    await waitFor(() => (existsSync(`/proc/${pid}`) ? undefined : true), 'its child gone');
    expect(await runs(root)).toMatchObject([{ state: 'timeout', exit_code: 124 }]);
  });

  test('on_error runs when the command fails, with the same environment, and the code stays that of the command', async () => {
    const root = createRoot();
    const file = join(root.directory, 'said');
    root.write(
      'web.conf',
      `[task#1]\ncommand = /bin/false\non_error = echo "$OPENSVC_SVCNAME $OPENSVC_RID" > ${file}; exit 9\n[task#2]\ncommand = /bin/true\non_error = touch ${file}.never; true\n`,
    );
    const { code } = await svcmgr(root, 'web', 'run');
    expect(code).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe('web task#1\n');
    expect(existsSync(`${file}.never`)).toBe(false);
    expect((await svcmgr(root, 'web', 'logs')).stdout).toContain('on_error failed');
  });

  test('log = false keeps the output out of the log, not out of the ledger', async () => {
    const root = createRoot({
      'web.conf':
        '[task#1]\ncommand = /bin/echo loud\n[task#2]\ncommand = /bin/echo quiet\nlog = false\n',
    });
    expect((await svcmgr(root, 'web', 'run')).stdout).toBe('loud\nquiet\n');
    const { stdout } = await svcmgr(root, 'web', 'logs');
    expect(stdout).toContain('| loud');
    expect(stdout).not.toContain('quiet');
    expect((await nodemgr(root, 'show', 'run', '2')).stdout).toContain('--- stdout\nquiet\n');
  });

  test('ended by a signal: the signal is recorded', async () => {
    const { stderr, code } = await taskOutput('command = kill -9 $$; true');
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/failed \(run 1\): .*(SIGKILL|137)/);
  });
});

describe('references, scoping, exported variables', () => {
  const node = hostname().toLowerCase().split('.')[0] ?? '';
  const head = `[DEFAULT]\nid = 1f0c\nnodes = ${node} other\n[env]\nport = 8080\nport@other = 1\nurl = http://{svcname}:{env.port}/`;

  test('{svcname}, {rid}, {env.x} through other references, {nodename}', async () => {
    expect(
      (await taskOutput('command = /bin/echo {svcname} {rid} {env.url} {nodename}', head)).stdout,
    ).toBe(`web task#1 http://web:8080/ ${node}\n`);
  });

  test('a missing reference in a command stays as it is written or is named', async () => {
    const { stdout, stderr } = await taskOutput('command = /bin/echo {env.nope}', head);
    expect(stdout + stderr).toContain('env.nope');
    expect(stderr).not.toContain('this is a bug');
  });

  test('@node wins over @nodes and the plain key, a foreign scope does not count', async () => {
    expect(
      (
        await taskOutput(
          `command = /bin/echo plain\ncommand@nodes = /bin/echo nodes\ncommand@${node} = /bin/echo node`,
          head,
        )
      ).stdout,
    ).toBe('node\n');
    expect(
      (await taskOutput('command = /bin/echo plain\ncommand@nodes = /bin/echo nodes', head)).stdout,
    ).toBe('nodes\n');
    expect(
      (await taskOutput('command = /bin/echo plain\ncommand@other = /bin/echo other', head)).stdout,
    ).toBe('plain\n');
  });

  test('OPENSVC_* of the service and of the run; nothing of the caller leaks', async () => {
    const root = createRoot({
      'web.conf': `${head}\n[task#1]\ncommand = env | sort\n`,
      'namespaces/test/svc/app.conf': '[task#1]\ncommand = env | sort\n',
    });
    const variables = async (service: string) => {
      const { stdout } = await runProgram('svcmgr', [service, 'run'], {
        root: root.directory,
        env: { SECRET_OF_CALLER: 'x', BASH_ENV: '/nowhere' },
      });
      return Object.fromEntries(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );
    };
    const web = await variables('web');
    expect(web).toMatchObject({
      OPENSVC_SVCNAME: 'web',
      OPENSVC_NAME: 'web',
      OPENSVC_SVCPATH: 'web',
      OPENSVC_KIND: 'svc',
      OPENSVC_ID: '1f0c',
      OPENSVC_SVC_ID: '1f0c',
      OPENSVC_ACTION: 'run',
      OPENSVC_RID: 'task#1',
      OPENSVC_LEADER: '0',
      OPENSVC_RUN_ID: '1',
      OPENSVC_RUN_ORIGIN: 'manual',
      LANG: 'C',
    });
    expect(web['PATH']).toBe('/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
    expect(Object.keys(web)).not.toContain('OPENSVC_NAMESPACE');
    expect(Object.keys(web)).not.toContain('OPENSVC_SLOT_BEGIN');
    expect(Object.keys(web).filter((name) => /SECRET|BASH_ENV/.test(name))).toEqual([]);
    expect(await variables('test/svc/app')).toMatchObject({
      OPENSVC_NAMESPACE: 'test',
      OPENSVC_SVCPATH: 'test/svc/app',
      OPENSVC_NAME: 'app',
    });
  });
});

describe('schedules', () => {
  test('native, cron, run_schedule of DEFAULT, own over inherited, none; a real tick runs what is due, once', async () => {
    const root = createRoot({
      'node.conf': quietNode,
      'web.conf': `[DEFAULT]
run_schedule = @1h
[task#inherited]
command = echo $OPENSVC_RUN_ORIGIN $OPENSVC_SLOT_BEGIN; true
[task#native]
command = /bin/true
schedule = *@5
[task#cron]
command = /bin/true
schedule = * * * * *
[task#empty]
command = /bin/true
schedule =
[task#disabled]
command = /bin/true
disable = true
[task#asks]
command = /bin/true
confirmation = true
[task#broken]
command = /bin/true
schedule = 99:00
[task#nothing]
schedule = @1
`,
    });
    for (let n = 0; n < 2; n++) {
      const tick = await nodemgr(root, 'schedulers');
      expect(tick.code).toBe(0);
      expect(tick.stdout).toBe('');
    }
    const ok = await waitFor(async () => {
      const found = await runs(root, '--state', 'ok');
      return new Set(found.map(({ section }) => section)).size === 3 ? found : undefined;
    }, 'three runs');
    expect(
      ok
        .filter(({ section }) => section !== 'task#cron')
        .map(({ section, origin }) => [section, origin])
        .sort(),
    ).toEqual([
      ['task#inherited', 'cron'],
      ['task#native', 'cron'],
    ]);
    const id = (
      JSON.parse(
        (await nodemgr(root, 'print', 'runs', '--task', 'task#inherited', '--format', 'json'))
          .stdout,
      ) as { id: number }[]
    )[0]?.id;
    expect((await nodemgr(root, 'show', 'run', String(id))).stdout).toMatch(
      /--- stdout\ncron \d{4}-\d\d-\d\dT[\d:.]+Z\n/,
    );

    const { stdout, stderr } = await svcmgr(root, 'web', 'print', 'schedule', '--format', 'json');
    const rows = JSON.parse(stdout) as {
      action: string;
      config_parameter: string;
      schedule_definition: string;
      next_run: string | null;
      error: string | null;
    }[];
    expect(
      rows.map(({ action, config_parameter, schedule_definition }) => [
        action,
        config_parameter,
        schedule_definition,
      ]),
    ).toEqual([
      ['push_service_status', 'DEFAULT.mon_schedule', '-'],
      ['task#broken', 'task#broken.schedule', 'malformed: 99:00'],
      ['task#cron', 'task#cron.schedule', '* * * * *'],
      ['task#empty', 'task#empty.schedule', '-'],
      ['task#inherited', 'DEFAULT.run_schedule', '@1h'],
      ['task#native', 'task#native.schedule', '*@5'],
      ['task#nothing', 'task#nothing.schedule', 'malformed: @1'],
    ]);
    expect(rows.filter(({ next_run }) => next_run === null).map(({ action }) => action)).toEqual([
      'push_service_status',
      'task#broken',
      'task#empty',
      'task#nothing',
    ]);
    expect(stderr).toMatch(/task#broken\.schedule: .*99:00/);
    expect(stderr).toMatch(/task#nothing\.schedule: command is required/);
  });

  test('DEFAULT.disable takes every task off the schedule; a broken service file does not hide another one', async () => {
    const root = createRoot({
      'node.conf': quietNode,
      'off.conf': '[DEFAULT]\ndisable = true\n[task#1]\ncommand = /bin/true\nschedule = @1\n',
      'bad.conf': '\u0000\u0001 garbage [\n=',
      'good.conf': '[task#1]\ncommand = /bin/true\nschedule = @1\n',
    });
    await svcmgr(root, '-s', 'good', 'scheduler');
    await waitFor(
      async () => ((await runs(root, '--state', 'ok')).length === 1 ? true : undefined),
      'the good one',
    );
    const { stdout, stderr } = await svcmgr(root, 'print', 'schedule', '--format', 'json');
    expect((JSON.parse(stdout) as { object: string }[]).map(({ object }) => object)).toContain(
      'good',
    );
    expect(stdout).not.toContain('"off"');
    expect(stderr).not.toMatch(/this is a bug|\n +at /);
  });
});

describe('what keeps a task from running', () => {
  const marks = (root: TestRoot): string[] => {
    const file = join(root.directory, 'marks');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  };
  const mark = (root: TestRoot, word: string): string =>
    `/bin/sh -c 'echo ${word} >> ${root.directory}/marks'`;

  test('run_requires: by hand an error that says why, by schedule a skipped run; then it runs', async () => {
    const root = createRoot({ 'node.conf': quietNode });
    root.write(
      'web.conf',
      `[fs#1]\ntype = flag\n[task#1]\ncommand = ${mark(root, 'ran')}\nschedule = *\nrun_requires = fs#1(up) gone#1\n`,
    );
    expect(await svcmgr(root, 'web', 'run')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('requires fs#1 in state up, it is down'),
    });
    await nodemgr(root, 'schedulers');
    await waitFor(
      async () => (await runs(root)).some(({ state }) => state === 'skipped') || undefined,
      'the skipped run',
    );
    expect((await runs(root))[0]).toMatchObject({
      origin: 'cron',
      reason: 'requires fs#1 in state up, it is down',
    });
    expect(marks(root)).toEqual([]);
    await svcmgr(root, 'web', 'start');
    expect((await svcmgr(root, 'web', 'run')).code).toBe(0);
    expect(marks(root)).toEqual(['ran']);
  });

  test('triggers stand around the run; a blocking one that fails is the failure, a failure has no post', async () => {
    const root = createRoot({ 'node.conf': quietNode });
    const write = (command: string, more = ''): void =>
      void root.write(
        'web.conf',
        `[task#1]\ncommand = ${command}\npre_run = ${mark(root, 'pre')}\npost_run = ${mark(root, 'post')}\n${more}`,
      );
    write(mark(root, 'ran'));
    expect((await svcmgr(root, 'web', 'run')).code).toBe(0);
    expect(marks(root)).toEqual(['pre', 'ran', 'post']);
    write('/bin/false');
    expect((await svcmgr(root, 'web', 'run')).code).toBe(1);
    expect(marks(root).slice(3)).toEqual(['pre']);
    write(mark(root, 'ran'), 'blocking_pre_run = /bin/false\n');
    expect(await svcmgr(root, 'web', 'run')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('blocking_pre_run: /bin/false exited with 1'),
    });
    expect(marks(root).slice(4)).toEqual(['pre']);
  });

  test('a frozen service, another node: refused by hand; --force runs the frozen one', async () => {
    const root = createRoot({ 'node.conf': quietNode });
    root.write('web.conf', `[task#1]\ncommand = ${mark(root, 'ran')}\nschedule = *\n`);
    await svcmgr(root, 'web', 'freeze');
    expect(await svcmgr(root, 'web', 'run')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('web: it is frozen; run is refused'),
    });
    expect((await svcmgr(root, 'web', 'run', '--force')).code).toBe(0);
    expect(marks(root)).toEqual(['ran']);
    root.write(
      'else.conf',
      '[DEFAULT]\nnodes = elsewhere\n[task#1]\ncommand = /bin/true\nschedule = *\n',
    );
    expect((await svcmgr(root, 'else', 'run')).stderr).toContain('is not one of its nodes');
    const table = await svcmgr(root, 'else', 'print', 'schedule', '--format', 'json');
    expect(JSON.parse(table.stdout)).toEqual([]);
  });

  test('disable_on and enable_on of the first generation decide about the schedule too', async () => {
    const root = createRoot({ 'node.conf': quietNode });
    const task = (id: number, more: string): string =>
      `[task#${id}]\ncommand = /bin/true\nschedule = *\n${more}\n`;
    root.write(
      'web.conf',
      task(1, 'disable_on = nodes') + task(2, 'disable = true\nenable_on = nodes') + task(3, ''),
    );
    const { stdout } = await svcmgr(root, 'web', 'print', 'schedule', '--format', 'json');
    const rows = JSON.parse(stdout) as { action: string }[];
    const tasks = rows.map(({ action }) => action).filter((name) => name.startsWith('task#'));
    expect(tasks).toEqual(['task#2', 'task#3']);
  });

  test('--dry-run says what would run, and runs nothing', async () => {
    const root = createRoot({ 'node.conf': quietNode });
    root.write(
      'web.conf',
      `[task#1]\ncommand = ${mark(root, 'ran')}\n[task#2]\ncommand = /bin/true\n`,
    );
    const { code, stderr } = await svcmgr(root, 'web', 'run', '--dry-run');
    expect(code).toBe(0);
    expect(stderr.split('\n')[1]).toBe(`${hostname()}.web.task#2 run /bin/true`);
    expect(marks(root)).toEqual([]);
    expect(await runs(root)).toEqual([]);
  });
});

test('a service without tasks, and one without other nodes, say so', async () => {
  const root = createRoot({ 'node.conf': quietNode, 'web.conf': '[fs#1]\ntype = flag\n' });
  expect(await svcmgr(root, 'web', 'run')).toMatchObject({
    code: 0,
    stderr: 'there is no task to run\n',
  });
  expect(await svcmgr(root, 'web', 'switch', '--node', 'n2')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/it has no other node: add one to `nodes`/),
  });
});

test('check = last_run: never run, up, down with the reason, never run again after stop and boot; other tasks are n/a', async () => {
  const root = createRoot({ 'node.conf': quietNode });
  const write = (command: string): void =>
    void root.write(
      'web.conf',
      `[task#1]\ncommand = ${command}\ncheck = last_run\n[task#2]\ncommand = /bin/true\n`,
    );
  const status = async (): Promise<unknown> => {
    const { stdout } = await svcmgr(
      root,
      'web',
      'print',
      'status',
      '--refresh',
      '--format',
      'json',
    );
    const { resources } = JSON.parse(stdout) as {
      resources: Record<string, { status: string; log: string[] }>;
    };
    expect(resources['task#2']?.status).toBe('n/a');
    return [resources['task#1']?.status, resources['task#1']?.log];
  };
  write('/bin/true');
  expect(await status()).toEqual(['n/a', ['info: never run']]);
  await svcmgr(root, 'web', 'run');
  expect(await status()).toEqual(['up', []]);
  write('/bin/sh -c "exit 3"');
  await svcmgr(root, 'web', 'run');
  expect(await status()).toEqual(['down', ['error: last run failed: exit code 3']]);
  for (const action of ['stop', 'boot']) {
    await svcmgr(root, 'web', action);
    expect(await status(), action).toEqual(['n/a', ['info: never run']]);
    await svcmgr(root, 'web', 'run');
    expect(await status()).toEqual(['down', ['error: last run failed: exit code 3']]);
  }
  await svcmgr(root, 'web', 'start');
  expect(await status()).toEqual(['down', ['error: last run failed: exit code 3']]);
});
