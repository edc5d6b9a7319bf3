/** Encapsulation: a node and its containers, the real program in each, only the tools of LXC are scripts. */
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lacks } from '../support/can.js';
import { waitFor } from '../support/program.js';
import { container, type Levels, type Result, twoLevels } from './two-levels.js';

const head = '[DEFAULT]\nid = 7d5f\nnodes = n1\nencapnodes = vm1\n';
const flag = (rid: string, ...lines: string[]): string =>
  `[${rid}]\ntype = flag\n${lines.join('\n')}\n`;
const inner = 'encap = true';
const usual = (place: string): string =>
  head +
  flag('fs#1') +
  container(place, 'vm1') +
  flag('fs#2', inner) +
  flag('fs#3', 'tags = encap');

interface StatusJson {
  avail: string;
  overall: string;
  resources: Record<string, { status: string; encap: boolean }>;
  encap: Record<
    string,
    {
      hostname: string;
      avail: string;
      overall: string;
      frozen: boolean;
      log: string[];
      resources: Record<string, { status: string }>;
    }
  >;
}
const statusOf = ({ svcmgr }: Levels, ...options: string[]): StatusJson =>
  JSON.parse(svcmgr('print', 'status', '--format', 'json', ...options).stdout) as StatusJson;

const ok = (result: Result): Result => {
  expect(result.code, result.stdout + result.stderr).toBe(0);
  return result;
};
/** The commands that change something inside. */
const acts = ({ vm1 }: Levels): string[] =>
  vm1.calls().filter((call) => !/ print | create /.test(call));

describe.skipIf(lacks('root', 'mount'))('encapsulation', () => {
  test('a start walks here, waits for the container and starts inside; a stop goes the other way', () => {
    const levels = twoLevels(usual);
    const started = ok(levels.svcmgr('start'));
    expect(started.stdout).toMatch(
      /n1\.web\.fs#1 create .*\nn1\.web\.container#1 lxc-start .*\nn1\.web\.container#1 send the configuration to vm1\nn1\.web\.container#1 run svcmgr start in vm1\nn1\.web\.container#1 \| vm1\.web\.fs#2 create .*\nn1\.web\.container#1 \| vm1\.web\.fs#3 create /,
    );
    // Each level has its own resources, and none of the other one.
    expect(['fs#1', 'fs#2', 'fs#3'].map(levels.has)).toEqual([true, false, false]);
    expect(['fs#1', 'fs#2', 'fs#3'].map(levels.vm1.has)).toEqual([false, true, true]);
    expect(acts(levels)).toEqual(['svcmgr -s web start']);

    const stopped = ok(levels.svcmgr('stop'));
    expect(stopped.stdout).toMatch(
      /run svcmgr stop in vm1\nn1\.web\.container#1 \| vm1\.web\.fs#3 remove .*\nn1\.web\.container#1 \| vm1\.web\.fs#2 remove .*\nn1\.web\.container#1 lxc-stop .*\nn1\.web\.fs#1 remove /,
    );
    expect(levels.vm1.isRunning()).toBe(false);
    expect([levels.has('fs#1'), levels.vm1.has('fs#2')]).toEqual([false, false]);
  }, 60_000);

  test('inside, the agent lists and drives the encap resources alone', () => {
    const levels = twoLevels(usual);
    ok(levels.svcmgr('start'));
    const there = JSON.parse(
      levels.vm1.svcmgr('print', 'status', '--format', 'json').stdout,
    ) as StatusJson;
    expect(Object.keys(there.resources)).toEqual(['fs#2', 'fs#3']);
    expect(there).toMatchObject({ avail: 'up', encap: {} });
    // It is asked for by the node that the container runs on.
    expect(levels.vm1.svcmgr('print', 'schedule').stdout).not.toContain('push_service_status');
    expect(levels.svcmgr('print', 'schedule').stdout).toContain('push_service_status');
  }, 60_000);

  test('what is inside is part of the status, below its container, and not asked without --refresh', () => {
    const levels = twoLevels(usual);
    ok(levels.svcmgr('start'));
    levels.vm1.forgetCalls();
    const kept = statusOf(levels);
    expect(kept).toMatchObject({
      avail: 'up',
      resources: { 'fs#2': { status: 'up', encap: true } },
      encap: { 'container#1': { hostname: 'vm1', avail: 'up', frozen: false } },
    });
    expect(kept.encap['container#1']?.resources['fs#3']).toMatchObject({ status: 'up' });
    expect(levels.svcmgr('print', 'status').stdout).toBe(
      `web
overall                   up
'- avail                  up
   |- fs#1           .... up         fs.flag
   '- container#1    .... up         vm1
      |- fs#2        ...E up         fs.flag
      '- fs#3        ...E up         fs.flag
`,
    );
    expect(levels.svcmgr('svcmon').stdout.split('\n').slice(2)).toEqual([
      expect.stringMatching(/^web {5}default .* lxc {7}\| no {5}no {7}\| up {9}up/),
      expect.stringMatching(/^ @vm1 {3}- .* \| no {5}- {8}\| up {9}up/),
      '',
    ]);
    expect(levels.vm1.calls()).toEqual([]);
    // It changes inside, and nobody asks.
    levels.vm1.svcmgr('stop', '--rid', 'fs#3');
    expect(statusOf(levels).avail).toBe('up');
    expect(statusOf(levels, '--refresh')).toMatchObject({
      avail: 'warn',
      overall: 'warn',
      resources: { 'fs#3': { status: 'down' } },
      encap: { 'container#1': { avail: 'warn' } },
    });
    expect(levels.vm1.calls()).toEqual(['svcmgr -s web print status --refresh --format json']);
  }, 60_000);

  test('a changed configuration is looked at again without a call into the container', () => {
    const levels = twoLevels(usual);
    ok(levels.svcmgr('start'));
    levels.vm1.forgetCalls();
    ok(levels.svcmgr('set', '--kw', 'comment=other'));
    expect(statusOf(levels).encap['container#1']).toMatchObject({ avail: 'up' });
    expect(levels.vm1.calls()).toEqual([]);
    // Nothing is kept: it says so.
    ok(levels.svcmgr('set', '--kw', 'comment=third'));
    const cache = join(levels.n1.paths.var, 'svc/web/encap.status.container#1');
    expect(JSON.parse(readFileSync(cache, 'utf8'))).toMatchObject({ hostname: 'vm1' });
    writeFileSync(cache, 'half a');
    const unknown = statusOf(levels).encap['container#1'];
    expect(unknown?.resources['fs#2']).toMatchObject({ status: 'undef' });
    expect(unknown?.log).toEqual(['info: not asked yet what is inside: --refresh']);
    expect(levels.vm1.calls()).toEqual([]);
  }, 60_000);

  test('a container that is down: what is inside is down, apps and copies are n/a', () => {
    const levels = twoLevels(
      (place) =>
        `${usual(place)}[app#1]\nencap = true\nstart = /bin/true\n[sync#1]\nencap = true\ntype = rsync\nsrc = /srv\ndst = /srv\ntarget = nodes\n`,
    );
    const found = statusOf(levels, '--refresh').encap['container#1'];
    expect(found).toMatchObject({ hostname: 'vm1', avail: 'down', overall: 'down' });
    expect(
      Object.entries(found?.resources ?? {}).map(([rid, { status }]) => `${rid} ${status}`),
    ).toEqual(['app#1 n/a', 'fs#2 down', 'fs#3 down', 'sync#1 n/a']);
    expect(levels.vm1.calls()).toEqual([]);
  }, 60_000);

  test('an agent that does not answer is a warning of its container', () => {
    const levels = twoLevels(usual);
    ok(levels.svcmgr('start'));
    levels.vm1.deafen(true);
    expect(statusOf(levels, '--refresh')).toMatchObject({
      overall: 'warn',
      encap: { 'container#1': { overall: 'warn', resources: { 'fs#2': { status: 'undef' } } } },
    });
    expect(levels.svcmgr('print', 'status').stdout).toMatch(
      /container#1 .* vm1\n +warn: the agent inside does not answer/,
    );
  }, 60_000);

  test('levels: --master, --slaves and --slave by rid, host name or name', () => {
    const levels = twoLevels(usual);
    ok(levels.svcmgr('start', '--master'));
    expect([levels.vm1.isRunning(), levels.vm1.has('fs#2')]).toEqual([true, false]);
    ok(levels.svcmgr('start', '--slaves'));
    expect(levels.vm1.has('fs#2')).toBe(true);
    ok(levels.svcmgr('stop', '--slave', 'container#1'));
    expect([levels.vm1.isRunning(), levels.vm1.has('fs#2')]).toEqual([true, false]);
    ok(levels.svcmgr('start', '--slave', 'vm1'));
    expect(levels.vm1.has('fs#2')).toBe(true);
    const unknown = levels.svcmgr('stop', '--slave', 'vm1,vm9');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('web: vm9 is no container of it with an agent');
    levels.vm1.forgetCalls();
    ok(levels.svcmgr('stop', '--master'));
    expect(acts(levels)).toEqual([]);
  }, 60_000);

  test('an action that is not for both levels has to be told which', () => {
    const levels = twoLevels(usual);
    ok(levels.svcmgr('start'));
    levels.vm1.forgetCalls();
    const refused = levels.svcmgr('stopfs');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('web: stopfs can act on this node or inside containers');
    expect([levels.has('fs#1'), levels.vm1.has('fs#2')]).toEqual([true, true]);
    ok(levels.svcmgr('stopfs', '--slaves'));
    expect(acts(levels)).toEqual(['svcmgr -s web stopfs']);
    expect([levels.has('fs#1'), levels.vm1.has('fs#2')]).toEqual([true, false]);
    ok(levels.svcmgr('stopfs', '--rid', 'fs#1'));
    expect([levels.has('fs#1'), acts(levels).length]).toEqual([false, 1]);
  }, 60_000);

  test('a filter goes inside when it selects something there, and only there when it selects nothing here', () => {
    const levels = twoLevels((place) => `${usual(place)}[DEFAULT]\npre_stop = /bin/echo here\n`);
    ok(levels.svcmgr('start'));
    levels.vm1.forgetCalls();
    ok(levels.svcmgr('stop', '--rid', 'fs#1'));
    expect(acts(levels)).toEqual([]);
    const only = ok(levels.svcmgr('stop', '--rid', 'fs#3'));
    expect(acts(levels)).toEqual(['svcmgr -s web stop --rid fs#3']);
    expect(only.stdout).not.toMatch(/^n1\.web pre_stop/m);
    expect([levels.vm1.has('fs#2'), levels.vm1.has('fs#3')]).toEqual([true, false]);
    ok(levels.svcmgr('start', '--tags', 'encap', '--disable-rollback', '--force'));
    expect(acts(levels).at(-1)).toBe('svcmgr -s web start --force --disable-rollback --tags encap');
    expect(levels.has('fs#1')).toBe(false);
  }, 60_000);

  test('a dry run asks inside for a dry run, and changes nothing on either side', () => {
    const levels = twoLevels(usual);
    const plan = ok(levels.svcmgr('start', '--dry-run'));
    expect(plan.stdout).toContain('n1.web.container#1 start in vm1 once it runs');
    ok(levels.svcmgr('start'));
    levels.vm1.forgetCalls();
    const stop = ok(levels.svcmgr('stop', '--dry-run'));
    expect(levels.vm1.calls()).toEqual(['svcmgr -s web stop --dry-run']);
    expect(stop.stdout).toMatch(/\| vm1\.web\.fs#2 remove /);
    expect([levels.has('fs#1'), levels.vm1.has('fs#2')]).toEqual([true, true]);
  }, 60_000);

  test('a start that fails inside fails here, and is taken back on both levels', () => {
    const levels = twoLevels(
      (place) => `${usual(place)}[app#1]\nencap = true\nstart = /bin/false\n`,
    );
    const failed = levels.svcmgr('start');
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/\| vm1\.web roll back fs#2, fs#3/);
    expect(failed.stdout).toMatch(/n1\.web roll back fs#1, container#1/);
    expect([levels.has('fs#1'), levels.vm1.isRunning(), levels.vm1.has('fs#2')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(levels.svcmgr('print', 'status').stdout).toContain('start failed');
  }, 60_000);

  test('a failure after the start inside takes back inside what was not up before', () => {
    const levels = twoLevels(
      (place) => `${usual(place)}[DEFAULT]\nblocking_post_start@n1 = /bin/false\n`,
    );
    expect(levels.svcmgr('start', '--master', '--disable-rollback').code).toBe(1);
    ok(levels.svcmgr('start', '--slave', 'vm1', '--rid', 'fs#2'));
    statusOf(levels, '--refresh');
    const failed = levels.svcmgr('start');
    expect(failed.code).toBe(1);
    expect([levels.vm1.has('fs#2'), levels.vm1.has('fs#3')]).toEqual([true, false]);
    expect(acts(levels).at(-1)).toBe('svcmgr -s web stop --rid fs#3');
  }, 60_000);

  test('a container that never runs commands fails the start within its start timeout', () => {
    const levels = twoLevels(usual);
    ok(levels.svcmgr('start', '--rid', 'container#1'));
    levels.vm1.deafen(true);
    const failed = levels.svcmgr('start', '--disable-rollback');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('vm1 (container#1) runs no command 3s after its start');
  }, 60_000);

  test('a stop warns of a container that cannot be reached, and stops it all the same', () => {
    const levels = twoLevels(usual);
    ok(levels.svcmgr('start'));
    levels.vm1.deafen(true);
    const stopped = ok(levels.svcmgr('stop'));
    expect(stopped.stderr).toContain('WARNING vm1 (container#1) runs no command');
    expect([levels.has('fs#1'), levels.vm1.isRunning()]).toEqual([false, false]);
  }, 60_000);

  test('a stop that fails inside leaves the container up; a shutdown goes on', () => {
    const levels = twoLevels(
      (place) =>
        `${usual(place)}[app#1]\nencap = true\nstart = /bin/true\nstop = /bin/false\ncheck = /bin/true\n`,
    );
    ok(levels.svcmgr('start'));
    expect(levels.svcmgr('stop').code).toBe(1);
    expect([levels.has('fs#1'), levels.vm1.isRunning()]).toEqual([true, true]);
    const off = ok(levels.svcmgr('shutdown'));
    expect(off.stderr).toContain('WARNING run svcmgr shutdown in vm1 exited with 1');
    expect(levels.vm1.isRunning()).toBe(false);
  }, 60_000);

  test('startstandby goes inside of containers that are up, with that command', () => {
    const levels = twoLevels(
      (place) =>
        head +
        container(place, 'vm1', 'standby = true') +
        flag('fs#2', inner, 'standby = true') +
        flag('fs#3', inner),
    );
    ok(levels.svcmgr('startstandby'));
    expect(acts(levels)).toEqual(['svcmgr -s web startstandby']);
    expect([levels.vm1.has('fs#2'), levels.vm1.has('fs#3')]).toEqual([true, false]);
    expect(statusOf(levels).encap['container#1']?.resources['fs#2']?.status).toBe('stdby up');
  }, 60_000);

  test('restart, boot, provision and unprovision act on both levels, in their direction', () => {
    const levels = twoLevels((place) => `${usual(place)}[DEFAULT]\nautostart_node = n1\n`);
    const done = (...words: string[]): [string[], boolean, boolean] => {
      levels.vm1.forgetCalls();
      ok(levels.svcmgr(...words));
      return [acts(levels), levels.vm1.isRunning(), levels.vm1.has('fs#2')];
    };
    expect(done('boot')).toEqual([['svcmgr -s web start'], true, true]);
    expect(done('restart')).toEqual([['svcmgr -s web stop', 'svcmgr -s web start'], true, true]);
    expect(done('startcontainer', '--master')).toEqual([[], true, true]);
    expect(done('provision')).toEqual([['svcmgr -s web provision'], true, true]);
    expect(done('unprovision')[0]).toEqual(['svcmgr -s web unprovision']);
    expect(levels.vm1.has('fs#2')).toBe(false);
  }, 60_000);

  test('an interrupted action tells the agent inside to end its own', async () => {
    const levels = twoLevels(
      (place) => `${usual(place)}[app#1]\nencap = true\nstart = /bin/sleep 30\n`,
    );
    ok(levels.svcmgr('start', '--master'));
    const ended = levels.svcmgr('start', '--time', '2s');
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('web: start was interrupted');
    expect(acts(levels)).toEqual(['svcmgr -s web start', 'svcmgr -s web abort']);
    await waitFor(() => (levels.vm1.has('fs#2') ? undefined : true), 'the rollback inside');
  }, 60_000);

  test('a container whose boot starts its instance is left alone by start, not by --slaves', () => {
    const levels = twoLevels((place) => `${usual(place)}[DEFAULT]\nautostart_node = encapnodes\n`);
    const started = ok(levels.svcmgr('start'));
    expect(started.stdout).toContain('vm1 starts its instance itself (autostart_node)');
    expect(acts(levels)).toEqual([]);
    ok(levels.svcmgr('start', '--slaves'));
    expect(levels.vm1.has('fs#2')).toBe(true);
    levels.vm1.svcmgr('stop');
    ok(levels.vm1.svcmgr('boot'));
    expect(levels.vm1.has('fs#2')).toBe(true);
  }, 60_000);

  test('freeze and thaw go inside; a frozen instance shows at its container', () => {
    const levels = twoLevels(usual);
    ok(levels.svcmgr('start'));
    ok(levels.svcmgr('freeze'));
    expect(levels.vm1.svcmgr('frozen').code).toBe(1);
    ok(levels.svcmgr('thaw', '--master'));
    statusOf(levels, '--refresh');
    expect(levels.svcmgr('print', 'status').stdout).toMatch(/container#1 .* vm1, frozen\n/);
    ok(levels.svcmgr('thaw'));
    expect(levels.vm1.svcmgr('frozen').code).toBe(0);
  }, 60_000);

  test('tasks inside are run inside, and scheduled there alone', () => {
    const levels = twoLevels(
      (place) =>
        `${usual(place)}[task#1]\ncommand = /bin/echo one\nschedule = @1h\n[task#2]\nencap = true\ncommand = /bin/echo two\nschedule = @1h\n`,
    );
    ok(levels.svcmgr('start'));
    levels.vm1.forgetCalls();
    const all = ok(levels.svcmgr('run'));
    expect(all.stdout).toMatch(/^one$/m);
    expect(all.stdout).toMatch(/n1\.web\.container#1 \| two/);
    ok(levels.svcmgr('run', '--rid', 'task#1'));
    ok(levels.svcmgr('run', '--rid', 'task#2'));
    expect(acts(levels)).toEqual(['svcmgr -s web run', 'svcmgr -s web run --rid task#2']);
    const rows = ({ stdout }: Result): string[] => stdout.match(/^task#\d/gm) ?? [];
    expect(rows(levels.svcmgr('print', 'schedule'))).toEqual(['task#1']);
    expect(rows(levels.vm1.svcmgr('print', 'schedule'))).toEqual(['task#2']);
  }, 60_000);

  test('two containers are started in order and stopped in reverse; what both have is of both', () => {
    const levels = twoLevels(
      (place) =>
        `${head.replace('vm1', 'vm1 vm2')}${container(place, 'vm1')}${container(place, 'vm2')}${flag('fs#2', inner)}`,
    );
    const order = ({ stdout }: Result): string[] =>
      stdout.match(/(?<=run svcmgr )\S+ in vm\d/g) ?? [];
    expect(order(ok(levels.svcmgr('start')))).toEqual(['start in vm1', 'start in vm2']);
    ok(levels.svcmgr('stop', '--slave', 'vm2'));
    expect(statusOf(levels).resources['fs#2']?.status).toBe('warn');
    expect(order(ok(levels.svcmgr('stop')))).toEqual(['stop in vm2', 'stop in vm1']);
  }, 60_000);

  test('enter is for our containers, not for one inside; the log has what was said inside', () => {
    const levels = twoLevels(
      (place) =>
        `${usual(place)}[container#9]\ntype = lxc\nname = deeper\nencap = true\ndisable = true\n`,
    );
    ok(levels.svcmgr('start'));
    expect(ok(levels.svcmgr('enter')).stdout).toBe('a shell: -n vm1\n');
    expect(levels.svcmgr('enter', '--rid', 'container#9').code).toBe(1);
    const log = ok(levels.svcmgr('logs')).stdout;
    expect(log).toMatch(
      /container#1 .*run svcmgr start in vm1\n.*container#1 .*\| vm1\.web\.fs#2 create /,
    );
  }, 60_000);

  test('without encap resources nothing is run inside, and no container can be chosen', () => {
    const levels = twoLevels((place) => head + flag('fs#1') + container(place, 'vm1'));
    ok(levels.svcmgr('start'));
    ok(levels.svcmgr('stopfs', '--master'));
    expect(levels.vm1.calls()).toEqual([]);
    expect(statusOf(levels).encap).toEqual({});
    const other = twoLevels(() => head.replace('encapnodes = vm1\n', '') + flag('fs#1'));
    expect(other.svcmgr('stop', '--slaves')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('web: it has no container with an agent'),
    });
  }, 60_000);
});

describe.skipIf(lacks('root', 'mount'))('the configuration of both levels', () => {
  const seconds = (file: string): number => Math.floor(statSync(file).mtimeMs / 1000);
  const files = ({ n1, vm1 }: Levels): [string, string] => [
    join(n1.paths.etc, 'web.conf'),
    join(vm1.root.paths.etc, 'web.conf'),
  ];

  test('a container without the service gets it, byte for byte and with its time', () => {
    const levels = twoLevels((place) => `# not valid everywhere\n${usual(place)}[odd]\nx = 1\n`);
    const [here, there] = files(levels);
    utimesSync(here, 1_700_000_000.5, 1_700_000_000.5);
    ok(levels.svcmgr('start'));
    expect(readFileSync(there)).toEqual(readFileSync(here));
    expect([seconds(here), seconds(there)]).toEqual([1_700_000_000, 1_700_000_000]);
    levels.vm1.forgetCalls();
    ok(levels.svcmgr('stop'));
    expect(levels.vm1.calls()).toEqual(['svcmgr -s web print config mtime', 'svcmgr -s web stop']);
  }, 60_000);

  test('a newer file here goes there, a newer one there comes here, secrets and all', () => {
    const levels = twoLevels(usual);
    const [here, there] = files(levels);
    ok(levels.svcmgr('start'));
    ok(levels.svcmgr('set', '--kw', 'env.password=secret1'));
    utimesSync(here, seconds(there) + 5, seconds(there) + 5);
    ok(levels.svcmgr('stop', '--slaves'));
    expect(readFileSync(there, 'utf8')).toContain('password = secret1');
    expect(seconds(there)).toBe(seconds(here));

    ok(levels.vm1.svcmgr('set', '--kw', 'env.password=secret2', '--kw', 'fs#9.type=flag'));
    utimesSync(there, seconds(here) + 5, seconds(here) + 5);
    const taken = ok(levels.svcmgr('start'));
    expect(taken.stdout).toContain('take the newer configuration of vm1');
    expect(readFileSync(here, 'utf8')).toContain('password = secret2');
    expect([seconds(here), statSync(here).mode & 0o777]).toEqual([seconds(there), 0o600]);
    // The action went by the old one: what it knows of the instance is of yesterday.
    expect(Object.keys(statusOf(levels).resources)).toContain('fs#9');
  }, 60_000);

  test.each([
    { text: '[DEFAULT]\nid = 9999\nencapnodes = vm1\n', why: 'it has another id' },
    { text: '[DEFAULT]\nid = 7d5f\nencapnodes = vm1\nno equals sign\n', why: 'line 4: ' },
  ])(
    'what comes from a container is refused: $why',
    ({ text, why }) => {
      const levels = twoLevels(usual);
      const [here, there] = files(levels);
      ok(levels.svcmgr('start'));
      const before = readFileSync(here, 'utf8');
      writeFileSync(there, text);
      utimesSync(there, seconds(here) + 5, seconds(here) + 5);
      const refused = levels.svcmgr('restart');
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain(why);
      expect(readFileSync(here, 'utf8')).toBe(before);
    },
    60_000,
  );

  test('create takes a copy in the place of an older file, and refuses it in that of a newer one', () => {
    const levels = twoLevels(usual);
    const [here, there] = files(levels);
    ok(levels.vm1.svcmgr('create', '--config', here, '--mtime', '1000000000', '--force'));
    expect(seconds(there)).toBe(1_000_000_000);
    ok(levels.vm1.svcmgr('create', '--config', here, '--mtime', '1000000001', '--force'));
    const older = levels.vm1.svcmgr('create', '--config', here, '--mtime', '1000000000', '--force');
    expect(older).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('web: service exists already, and is newer'),
    });
    expect(levels.vm1.svcmgr('create', '--config', here).code).toBe(1);
    expect(levels.vm1.svcmgr('create', '--mtime', 'soon').code).toBe(2);
    expect(existsSync(there)).toBe(true);
  }, 60_000);
});
