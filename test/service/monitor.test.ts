/** The resource monitor, status refreshes by the tick, and frozen services. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { change } from '../rig/rig.js';

import { runProgram, waitFor } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';

/** Nothing of the node's own runs. */
const quietTasks = ['checks', 'stats_collection', 'asset', 'packages']
  .map((name) => `[${name}]\nschedule = @0\n`)
  .join('');

const svcmgr = (root: TestRoot, ...argv: string[]) =>
  runProgram('svcmgr', argv, { root: root.directory });
const nodemgr = (root: TestRoot, ...argv: string[]) =>
  runProgram('nodemgr', argv, { root: root.directory });

interface Run {
  action: string;
  state: string;
  reason: string | null;
}
const runsOf = async (root: TestRoot, action: string): Promise<Run[]> =>
  (JSON.parse((await nodemgr(root, 'print', 'runs', '--format', 'json')).stdout) as Run[]).filter(
    (run) => run.action === action,
  );

/** A tick in which everything is due. */
async function tick(root: TestRoot): Promise<void> {
  change(
    root.paths,
    'DELETE FROM run; DELETE FROM last_run; UPDATE task SET next_due = 60000 * (unixepoch() / 60) WHERE next_due IS NOT NULL',
  );
  const { stdout, stderr, code } = await nodemgr(root, 'schedulers');
  expect({ stdout, stderr, code }).toEqual({ stdout: '', stderr: '', code: 0 });
}

const flagOf = (root: TestRoot, rid = 'fs#1'): string =>
  join(root.paths.run, `flag/svc/web/${rid}.flag`);
const lose = (root: TestRoot): void => rmSync(flagOf(root));
const logOf = (root: TestRoot): string => readFileSync(join(root.paths.log, 'web.log'), 'utf8');

async function started(config: string): Promise<TestRoot> {
  const root = createRoot({ 'node.conf': quietTasks, 'web.conf': config });
  expect((await svcmgr(root, 'web', 'start')).code).toBe(0);
  await nodemgr(root, 'schedulers');
  return root;
}

describe('print schedule', () => {
  test('a service has its status, and the monitor when something is monitored', async () => {
    const root = createRoot({
      'web.conf': '[fs#1]\ntype = flag\nrestart = 1\n',
      'db.conf': '[DEFAULT]\nstatus_schedule = @30\n[fs#1]\ntype = flag\n',
    });
    const { stdout } = await svcmgr(root, 'print', 'schedule');
    expect(
      stdout
        .split('\n')
        .slice(2, -1)
        .map((line) => line.replace(/ +/g, ' ')),
    ).toEqual([
      'db push_service_status - DEFAULT.status_schedule @30',
      'web push_service_status - DEFAULT.mon_schedule @10',
      'web resource_monitor - DEFAULT.monitor_schedule @1',
    ]);
  });

  test('a service of several nodes copies its configuration, and each copy has its row', async () => {
    const root = createRoot({
      'web.conf':
        '[DEFAULT]\nnodes = {nodename} other\nstatus_schedule = @0\n[sync#1]\ntype = rsync\nsrc = /x\ndst = /y\ntarget = nodes\nschedule = 02:00\n[sync#2]\ntype = netapp\n[sync#3]\ndisable = true\n',
    });
    const { stdout } = await svcmgr(root, 'web', 'print', 'schedule');
    const rows = stdout.split('\n').slice(2, -1);
    expect(rows.map((line) => line.replace(/ +/g, ' '))).toEqual([
      'push_service_status - DEFAULT.status_schedule @0',
      'sync_all - sync#1.schedule 02:00',
      'sync_all - sync#i0.schedule 04:00-06:00@121',
    ]);
  });
});

test('the tick refreshes the status of services, frozen ones too', async () => {
  const root = await started('[fs#1]\ntype = flag\n');
  lose(root);
  await svcmgr(root, 'web', 'freeze');
  await tick(root);
  expect(await runsOf(root, 'push_service_status')).toMatchObject([{ state: 'ok' }]);
  expect((await svcmgr(root, 'web', 'status')).code).toBe(1);
});

test('a failed resource is started again, and its tries are forgotten when it is up', async () => {
  const root = await started('[fs#1]\ntype = flag\nrestart = 2\n');
  lose(root);
  await tick(root);
  expect(existsSync(flagOf(root))).toBe(true);
  expect(logOf(root)).toContain('web.fs#1 - INFO - down: start it again, try 1/2');
  await tick(root);
  lose(root);
  await tick(root);
  expect(logOf(root).match(/try 1\/2/g)).toHaveLength(2);
});

/** The monitor alone: its own run, started by hand. */
const monitor = (root: TestRoot) => svcmgr(root, 'web', 'resource', 'monitor');

test('a failed resource is started again although somebody else saw the failure first', async () => {
  const root = await started('[fs#1]\ntype = flag\nrestart = 2\n');
  lose(root);
  await svcmgr(root, 'web', 'print', 'status', '--refresh');
  await svcmgr(root, 'web', 'print', 'status', '--refresh');
  await monitor(root);
  expect(existsSync(flagOf(root))).toBe(true);
  lose(root);
  await svcmgr(root, 'web', 'print', 'status', '--refresh');
  await svcmgr(root, 'web', 'stop');
  await monitor(root);
  expect(existsSync(flagOf(root))).toBe(false);
});

test('what was seen before the node was booted is not shown as what is', async () => {
  const root = await started('[fs#1]\ntype = flag\n');
  lose(root);
  expect((await svcmgr(root, 'web', 'print', 'status')).stdout).toMatch(/^overall +up/m);
  change(root.paths, "UPDATE instance SET document = json_set(document, '$.boot', 'before')");
  expect((await svcmgr(root, 'web', 'print', 'status')).stdout).toMatch(/^overall +down/m);
  expect((await svcmgr(root, 'web', 'status')).code).toBe(1);
});

test('monitor_action is taken, once, although somebody else saw the failure first', async () => {
  const root = await started(
    '[DEFAULT]\npre_monitor_action = /bin/echo lost it\nmonitor_action = freezestop\n[fs#1]\ntype = flag\nmonitor = true\n',
  );
  lose(root);
  await svcmgr(root, 'web', 'print', 'status', '--refresh');
  await monitor(root);
  await svcmgr(root, 'web', 'thaw');
  await monitor(root);
  expect(logOf(root).match(/\| lost it/g)).toHaveLength(1);
});

test('what was up before the node was booted is not started again: it may be up elsewhere', async () => {
  const root = await started('[fs#1]\ntype = flag\nrestart = 2\nmonitor = true\n');
  lose(root);
  await svcmgr(root, 'web', 'print', 'status', '--refresh');
  change(root.paths, "UPDATE instance SET document = json_set(document, '$.boot', 'before')");
  await monitor(root);
  await svcmgr(root, 'web', 'print', 'status', '--refresh');
  await monitor(root);
  expect(existsSync(flagOf(root))).toBe(false);
});

test('what a stop took down stays down, also when the stop failed elsewhere', async () => {
  const root = await started(
    '[fs#1]\ntype = flag\nrestart = 2\n[app#1]\nscript = /bin/sh\nstart = /bin/true\nstop = /bin/false\n',
  );
  expect((await svcmgr(root, 'web', 'stop')).code).toBe(1);
  expect(existsSync(flagOf(root))).toBe(false);
  await monitor(root);
  expect(existsSync(flagOf(root))).toBe(false);
});

test('a stop leaves standby resources alone, also those that are lost', async () => {
  const root = await started(
    '[fs#1]\ntype = flag\nstandby = true\nrestart = 2\n[fs#2]\ntype = flag\n',
  );
  lose(root);
  await svcmgr(root, 'web', 'print', 'status', '--refresh');
  await svcmgr(root, 'web', 'stop');
  await monitor(root);
  expect([existsSync(flagOf(root)), existsSync(flagOf(root, 'fs#2'))]).toEqual([true, false]);
});

test('a look that began before an action does not overwrite what the action recorded', async () => {
  const root = createRoot();
  const slow = join(root.directory, 'slow');
  root.write('node.conf', quietTasks);
  root.write(
    'web.conf',
    `[fs#1]\ntype = flag\n[app#1]\nscript = /bin/sh\ncheck = /bin/sh -c "rm ${slow} && sleep 2; true"\n`,
  );
  await svcmgr(root, 'web', 'start');
  writeFileSync(slow, '');
  const look = svcmgr(root, 'web', 'print', 'status', '--refresh');
  await waitFor(() => !existsSync(slow) || undefined, 'the look under way');
  await svcmgr(root, 'web', 'stop');
  await look;
  const { stdout } = await svcmgr(root, 'web', 'print', 'status', '--format', 'json');
  expect(JSON.parse(stdout)).toMatchObject({ resources: { 'fs#1': { status: 'down' } } });
});

test('tries are counted, delayed and limited; clear lets it try again', async () => {
  const config = (path: string): string =>
    `[fs#1]\ntype = flag\nrestart = 2\nblocking_pre_start = ${path}\n`;
  const root = await started(config('/bin/true'));
  lose(root);
  root.write('web.conf', config('/bin/false'));
  for (let n = 0; n < 4; n++) await tick(root);
  expect(logOf(root).match(/start it again, try \d\/2/g)).toEqual([
    'start it again, try 1/2',
    'start it again, try 2/2',
  ]);
  await svcmgr(root, 'web', 'clear');
  root.write('web.conf', config('/bin/true').replace('[fs#1]', '[fs#1]\nrestart_delay = 1h'));
  await tick(root);
  expect(existsSync(flagOf(root))).toBe(false);
});

test('what somebody stopped, froze or left after a failed start stays as it is', async () => {
  const root = await started('[fs#1]\ntype = flag\nrestart = 2\nmonitor = true\n');
  await svcmgr(root, 'web', 'stop');
  await tick(root);
  expect(existsSync(flagOf(root))).toBe(false);
  await svcmgr(root, 'web', 'start');
  lose(root);
  await svcmgr(root, 'web', 'freeze');
  await tick(root);
  expect(existsSync(flagOf(root))).toBe(false);
  expect(await runsOf(root, 'resource_monitor')).toMatchObject([
    { state: 'skipped', reason: 'it is frozen' },
  ]);
});

test('monitor_action freezestop: a monitored resource that stays down takes the instance down', async () => {
  const root = await started(
    '[DEFAULT]\nmonitor_action = freezestop\n[fs#1]\ntype = flag\nmonitor = true\n[fs#2]\ntype = flag\n',
  );
  lose(root);
  await tick(root);
  expect(existsSync(flagOf(root, 'fs#2'))).toBe(false);
  expect((await svcmgr(root, 'web', 'frozen')).code).toBe(1);
  expect(logOf(root)).toMatch(
    /monitored and not up: fs#1 down\n.*do svcmgr -s web toc \(monitor origin\)\n.*take monitor_action freezestop/,
  );
});

test('a copy that is due is made as sync all', async () => {
  const root = await started(
    '[DEFAULT]\nnodes = {nodename} other\n[fs#1]\ntype = flag\n[sync#i0]\nschedule = @1\n',
  );
  root.write('node.conf', `${quietTasks}[node]\nrsh = /bin/false\n`);
  await tick(root);
  const deadline = Date.now() + 20_000;
  let runs: Run[] = [];
  while (Date.now() < deadline && !runs.some(({ state }) => state !== 'running')) {
    runs = await runsOf(root, 'sync_all');
  }
  expect(runs).toMatchObject([{ state: 'failed', reason: 'not synchronised: other' }]);
  expect(logOf(root)).toMatch(/sync#i0 - ERROR - not synchronised: other/);
});

test('a frozen service runs no task of its schedule', async () => {
  const root = await started('[fs#1]\ntype = flag\n[task#1]\ncommand = /bin/true\nschedule = @1\n');
  await svcmgr(root, 'web', 'freeze');
  await tick(root);
  const deadline = Date.now() + 20_000;
  let runs: Run[] = [];
  while (Date.now() < deadline && !runs.some(({ state }) => state !== 'running')) {
    runs = await runsOf(root, 'task#1');
  }
  expect(runs).toMatchObject([{ state: 'skipped', reason: 'the service is frozen' }]);
});
