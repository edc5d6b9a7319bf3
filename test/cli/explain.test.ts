/** explain schedule and print schedule, of the node and of services; the alias om. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runProgram } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';

const run = (root: TestRoot, program: 'nodemgr' | 'svcmgr' | 'om', ...argv: string[]) =>
  runProgram(program, argv, { root: root.directory, env: { TZ: 'Europe/Paris' } });

interface Explanation {
  schema: string;
  due: boolean;
  reason: string | null;
  error: string | null;
  spread_offset_minutes: number | null;
  next_runs: string[];
  constraints: { name: string; pass: boolean; text: string; timerange: string }[];
}

const explained = async (root: TestRoot, program: 'nodemgr' | 'svcmgr', ...argv: string[]) => {
  const { stdout, stderr, code } = await run(root, program, ...argv, '--format', 'json');
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return JSON.parse(stdout) as Explanation;
};

const shop = `[DEFAULT]
run_schedule = @1h
[task#night]
command = /bin/true
schedule = 02:00-04:00@30 mon-fri * jan-mar
timezone = America/New_York
[task#inherited]
command = /bin/true
[task#cron]
command = /bin/true
schedule = 15 3 * * 1-5
[task#list]
command = /bin/true
schedule = ["16:00-21:00@30", "! * wed"]
[task#bad]
command = /bin/true
schedule = 10:00-99:00
[task#never]
command = /bin/true
schedule =
`;

describe('explain schedule', () => {
  test('a node task: each constraint with pass or fail, the spread offset, the next five runs', async () => {
    const root = createRoot();
    const inside = await explained(
      root,
      'nodemgr',
      'explain',
      'schedule',
      'pushasset',
      '--at',
      '2026-03-03 00:00',
    );
    expect(inside.schema).toBe('nodemgr.explanation.1');
    expect(inside.constraints.map(({ name, pass }) => [name, pass])).toEqual([
      ['month', true],
      ['week', true],
      ['day', true],
      ['window', true],
      ['interval', true],
      ['spread', false],
    ]);
    expect(inside.reason).toMatch(/spread/);
    expect(inside.spread_offset_minutes).toBeGreaterThan(0);
    expect(inside.spread_offset_minutes).toBeLessThan(360);
    expect(inside.next_runs).toHaveLength(5);
    const offset = inside.spread_offset_minutes ?? 0;
    const clock = `${String(Math.floor(offset / 60)).padStart(2, '0')}:${String(offset % 60).padStart(2, '0')}`;
    expect(inside.next_runs[0]).toBe(`2026-03-03 ${clock}`);

    const outside = await explained(
      root,
      'nodemgr',
      'explain',
      'schedule',
      'asset',
      '--at',
      '2026-03-02 12:00',
    );
    expect(outside).toMatchObject({ due: false, reason: 'outside the window' });
    expect(outside.constraints.filter(({ pass }) => !pass).map(({ name }) => name)).toEqual([
      'window',
    ]);
    expect(outside.next_runs[0]).toBe(inside.next_runs[0]);
    expect(outside.spread_offset_minutes).toBe(offset);
  });

  test('text: pass and fail stand in front of each sentence', async () => {
    const root = createRoot();
    const { stdout, code } = await run(
      root,
      'nodemgr',
      'explain',
      'schedule',
      'checks',
      '--at',
      '2026-03-02 12:00',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^node checks: not due at 2026-03-02 12:00(:00)?: outside the window\n/);
    expect(stdout).toMatch(
      /^ {2}schedule +00:00-06:00@361 mon-sun \(checks\.schedule, zone [^,]+, catchup last\)$/m,
    );
    expect(stdout).toMatch(/^ {2}fail +12:00(:00)? is outside 00:00-06:00$/m);
    expect(stdout.match(/^ {2}pass /gm)).toHaveLength(3);
    expect(stdout).toMatch(/^ {2}spread +this node starts \d+ minutes into the window$/m);
    expect(stdout).toMatch(/^ {2}next +(2026-03-0\d \d\d:\d\d(, |$)){5}/m);
  });

  test('a task of a service in its own zone: month, week, day and window in that zone', async () => {
    const root = createRoot({ 'shop.conf': shop });
    const night = await explained(
      root,
      'svcmgr',
      'shop',
      'explain',
      'schedule',
      'task#night',
      '--at',
      '2026-03-03 03:10',
    );
    expect(night).toMatchObject({ due: true, reason: null, timezone: 'America/New_York' });
    const summer = await explained(
      root,
      'svcmgr',
      'shop',
      'explain',
      'schedule',
      'task#night',
      '--at',
      '2026-07-05 12:00',
    );
    expect(summer.constraints.filter(({ pass }) => !pass).map(({ name }) => name)).toEqual([
      'month',
      'day',
      'window',
    ]);
    expect(summer.next_runs[0]).toMatch(/^2027-01-01 02:00$/);
  });

  test('cron, list, inherited and empty schedules; a last run is shown and counts', async () => {
    const root = createRoot({ 'shop.conf': shop });
    const cron = await explained(
      root,
      'svcmgr',
      'shop',
      'explain',
      'schedule',
      'task#cron',
      '--at',
      '2026-03-06 04:00',
    );
    expect(cron.next_runs.slice(0, 2)).toEqual(['2026-03-09 03:15', '2026-03-10 03:15']);
    const list = await explained(
      root,
      'svcmgr',
      'shop',
      'explain',
      'schedule',
      'task#list',
      '--at',
      '2026-03-04 17:00',
    );
    expect(list.constraints[0]).toMatchObject({ name: 'exclusion', pass: false });
    expect(list.next_runs[0]).toBe('2026-03-05 16:00');
    expect(
      await explained(root, 'svcmgr', 'shop', 'explain', 'schedule', 'task#inherited'),
    ).toMatchObject({
      config_parameter: 'DEFAULT.run_schedule',
      schedule_definition: '@1h',
      due: true,
    });
    expect(
      await explained(root, 'svcmgr', 'shop', 'explain', 'schedule', 'task#never'),
    ).toMatchObject({ due: false, next_runs: [] });
    await run(root, 'svcmgr', 'shop', 'run', '--rid', 'task#inherited');
    const after = await explained(root, 'svcmgr', 'shop', 'explain', 'schedule', 'task#inherited');
    expect(after).toMatchObject({
      due: false,
      reason: 'too soon',
      last_runs: [{ id: 1, state: 'ok' }],
    });
  });

  test('a malformed schedule is explained: exit 0, the error, no next run', async () => {
    const root = createRoot({ 'shop.conf': shop, 'node.conf': '[asset]\nschedule = bogus\n' });
    const bad = await explained(root, 'svcmgr', 'shop', 'explain', 'schedule', 'task#bad');
    expect(bad).toMatchObject({
      due: false,
      next_runs: [],
      constraints: [],
      spread_offset_minutes: null,
    });
    expect(bad.error).toMatch(/99:00/);
    const { stdout } = await run(root, 'nodemgr', 'explain', 'schedule', 'pushasset');
    expect(stdout).toMatch(/^node pushasset: not due at .*: invalid time in 'bogus'\n/);
    expect(stdout).toMatch(/^ {2}next +never$/m);
  });

  test('an unknown action gives the names; --at that is no time is a usage error', async () => {
    const root = createRoot({ 'shop.conf': shop });
    expect(await run(root, 'nodemgr', 'explain', 'schedule', 'pushaset')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'nodemgr: node: no scheduled task is named pushaset\n  its tasks are checks, collect_stats, pushasset, pushpkg\n',
    });
    const { code, stderr } = await run(root, 'svcmgr', 'shop', 'explain', 'schedule', 'task#x');
    expect(code).toBe(1);
    expect(stderr).toMatch(/its tasks are push_service_status, task#bad, task#cron/);
    expect(
      await run(root, 'nodemgr', 'explain', 'schedule', 'checks', '--at', 'noon'),
    ).toMatchObject({ code: 2, stdout: '' });
    expect(await run(root, 'svcmgr', 'nope', 'explain', 'schedule', 'task#1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('service does not exist'),
    });
    expect(await run(root, 'svcmgr', 'explain', 'schedule', 'task#1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('-s NAME'),
    });
  });
});

describe('print schedule', () => {
  test("the seed's table: columns, widths, order, dashes; malformed ones explained on stderr, exit 0", async () => {
    const root = createRoot({ 'node.conf': '[asset]\nschedule = bogus\n[packages]\nschedule =\n' });
    const { stdout, stderr, code } = await run(root, 'nodemgr', 'print', 'schedule');
    expect(code).toBe(0);
    expect(stderr).toBe("schedule asset.schedule: invalid time in 'bogus'\n");
    expect(stdout.split('\n')).toEqual([
      'action                 last run               config parameter           schedule definition',
      '------                 --------               ----------------           -------------------',
      'checks                 -                      checks.schedule            00:00-06:00@361 mon-sun',
      'collect_stats          -                      stats_collection.schedule  @10',
      'pushasset              -                      asset.schedule             malformed: bogus',
      'pushpkg                -                      packages.schedule          -',
      '',
    ]);
  });

  test('--verbose adds the next run; csv and json have the same rows', async () => {
    const root = createRoot({ 'shop.conf': shop });
    const { stdout } = await run(root, 'svcmgr', 'shop', 'print', 'schedule', '-v');
    expect(stdout).toMatch(/^action +last run +next run +config parameter +schedule definition\n/);
    expect(stdout).toMatch(
      /^task#cron +- +20\d\d-\d\d-\d\d 03:15 +task#cron\.schedule +15 3 \* \* 1-5$/m,
    );
    expect(stdout).toMatch(/^task#bad +- +- +task#bad\.schedule +malformed: 10:00-99:00$/m);
    const rows = JSON.parse(
      (await run(root, 'svcmgr', 'shop', 'print', 'schedule', '--format', 'json')).stdout,
    ) as { action: string; error: string | null }[];
    expect(rows.map(({ action }) => action)).toEqual([
      'push_service_status',
      'task#bad',
      'task#cron',
      'task#inherited',
      'task#list',
      'task#never',
      'task#night',
    ]);
    expect(rows.filter(({ error }) => error !== null).map(({ action }) => action)).toEqual([
      'task#bad',
    ]);
    const csv = (await run(root, 'svcmgr', 'shop', 'print', 'schedule', '--format', 'csv')).stdout
      .trimEnd()
      .split('\n');
    expect(csv[0]).toBe("'action';'last_run';'config_parameter';'schedule_definition'");
    expect(csv).toHaveLength(8);
  });

  test('a file that cannot be used at all is named on stderr, and the others are shown', async () => {
    const root = createRoot({
      'open.conf': '[task#1]\ncommand = /bin/true\nschedule = @1\n',
      'web.conf': '[task#1]\ncommand = /bin/true\nschedule = @1\n',
      'node.conf': '',
    });
    const open = join(root.paths.etc, 'open.conf');
    chmodSync(open, 0o666);
    const { stdout, stderr, code } = await run(root, 'svcmgr', 'print', 'schedule');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^web +task#1 /m);
    expect(stdout).not.toMatch(/^open /m);
    expect(stderr).toBe(`${open}: mode 0666 lets others write it\n`);
    expect((await run(root, 'svcmgr', '-s', 'web', 'print', 'schedule')).stderr).toBe('');
    chmodSync(join(root.paths.etc, 'node.conf'), 0o666);
    expect((await run(root, 'nodemgr', 'print', 'schedule')).stderr).toBe(
      `${root.paths.nodeConf}: mode 0666 lets others write it\n`,
    );
  });

  test('several services show whose task it is', async () => {
    const root = createRoot({
      'shop.conf': shop,
      'web.conf': '[task#1]\ncommand = /bin/true\nschedule = @1\n',
    });
    const { stdout } = await run(root, 'svcmgr', 'print', 'schedule');
    expect(stdout).toMatch(/^object +action /);
    expect(stdout).toMatch(/^web +task#1 /m);
  });
});

describe('om', () => {
  test('om node print schedule is nodemgr print schedule, om web … is svcmgr -s web …', async () => {
    const root = createRoot({ 'shop.conf': shop });
    expect(await run(root, 'om', 'node', 'print', 'schedule')).toEqual(
      await run(root, 'nodemgr', 'print', 'schedule'),
    );
    expect(await run(root, 'om', 'shop', 'print', 'schedule')).toEqual(
      await run(root, 'svcmgr', '-s', 'shop', 'print', 'schedule'),
    );
    expect(await run(root, 'om', 'sh*', 'ls')).toEqual({ code: 0, stdout: 'shop\n', stderr: '' });
    expect((await run(root, 'om', '--help')).stdout).toContain('svcmgr');
  });

  test('om mon is svcmgr mon', async () => {
    const root = createRoot({ 'web.conf': '[fs#1]\ntype = flag\n' });
    const { stdout, code } = await run(root, 'om', 'mon');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Services +\S+\n web +down failover \| X\^\n$/m);
    const withoutLoad = (text: string): string => text.replace(/^ 15m.*$/m, '');
    const same = await run(root, 'svcmgr', 'mon');
    expect(withoutLoad(same.stdout)).toBe(withoutLoad(stdout));
  });

  test.each([['daemon', 'status'], []])('om %s gives a clear error for now', async (...argv) => {
    const { code, stdout, stderr } = await run(createRoot(), 'om', ...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^\w+: (unknown command: daemon|a command is missing)\n {2}see `\w+ --help`\n$/,
    );
  });
});
