/** The walk of an action: order, triggers, requirements, subsets, standby, optional, rollback. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRig, type Rig } from '../drivers/rig.js';
import { runProgram } from '../support/program.js';
import { createRoot } from '../support/root.js';

/** Which flags were made and removed, in order. */
const steps = ({ lines }: Rig): string[] =>
  lines.flatMap((line) => {
    const [, rid, verb] = /^(\S+) (create|remove) /.exec(line) ?? [];
    return rid ? [`${verb === 'create' ? '+' : '-'}${rid}`] : [];
  });
const flag = (rid: string, more = ''): string => `[${rid}]\ntype = flag\n${more}\n`;
const fails = (rid: string, more = ''): string => `[${rid}]\ntype = test-fails\n${more}\n`;
const isUp = (rig: Rig, rid: string): boolean =>
  existsSync(join(rig.paths.run, `flag/svc/svc1/${rid}.flag`));

test('sets in order of their names, rids as text; a stop goes the other way', async () => {
  const rig = createRig(
    ['fs#2', 'fs#10', 'fs#1'].map((rid) => flag(rid)).join('') +
      flag('fs#0', 'subset = b') +
      flag('fs#9', 'subset = a'),
  );
  await rig.act('start');
  expect(steps(rig)).toEqual(['+fs#1', '+fs#10', '+fs#2', '+fs#9', '+fs#0']);
  rig.lines.length = 0;
  await rig.act('stop');
  expect(steps(rig)).toEqual(['-fs#0', '-fs#9', '-fs#2', '-fs#10', '-fs#1']);
});

test('mount points come by path, whatever their rid', async () => {
  const directory = (rid: string, path: string): string =>
    `[${rid}]\ntype = directory\npath = ${path}\n`;
  const rig = createRig(
    (place) => directory('fs#1', `${place}/a/b`) + directory('fs#2', `${place}/a`),
  );
  await rig.act('start');
  expect(rig.lines.map((line) => line.replace(rig.place, ''))).toEqual([
    'fs#2 mkdir -p /a',
    'fs#1 mkdir -p /a/b',
  ]);
});

test('--rid takes rids, groups and driver types; tags and subsets narrow it down', async () => {
  const rig = createRig(
    flag('fs#1', 'tags = a b') + flag('fs#2', 'tags = b') + flag('fs#3', 'subset = s'),
  );
  const chosen = async (filter: Parameters<Rig['act']>[1]): Promise<string[]> => {
    rig.lines.length = 0;
    await rig.act('start', filter);
    const done = steps(rig);
    await rig.act('stop');
    return done;
  };
  expect(await chosen({ rid: 'fs#1' })).toEqual(['+fs#1']);
  expect(await chosen({ rid: 'fs#1,fs#3' })).toEqual(['+fs#1', '+fs#3']);
  expect(await chosen({ rid: 'fs' })).toHaveLength(3);
  expect(await chosen({ rid: 'fs.flag' })).toHaveLength(3);
  expect(await chosen({ tags: 'a+b' })).toEqual(['+fs#1']);
  expect(await chosen({ tags: 'a+b,b' })).toEqual(['+fs#1', '+fs#2']);
  expect(await chosen({ subsets: 's' })).toEqual(['+fs#3']);
  expect(await chosen({ rid: 'fs', tags: 'b' })).toEqual(['+fs#1', '+fs#2']);
  await expect(rig.act('start', { rid: 'fs#1', subsets: 's' })).rejects.toMatchObject({
    code: 'E_NO_RESOURCE',
    message: 'svc1: no resource selected by --rid/--tags/--subsets',
  });
});

test('--upto ends a walk after a resource or a group', async () => {
  const rig = createRig(flag('fs#1') + flag('fs#2') + fails('app#1'));
  await rig.act('start', { last: 'fs#1' });
  expect(steps(rig)).toEqual(['+fs#1']);
  await rig.act('start', { last: 'fs' });
  expect(steps(rig)).toEqual(['+fs#1', '+fs#2']);
});

test('--upto of something that does not exist does nothing at all', async () => {
  const rig = createRig(flag('fs#1'));
  await expect(rig.act('start', { last: 'fs#9' })).rejects.toThrow(
    'svc1: no resource or group is named fs#9',
  );
  expect(steps(rig)).toEqual([]);
});

test('a failure takes back what was started, last first, and nothing else', async () => {
  const rig = createRig(flag('fs#1') + flag('fs#2') + flag('fs#3') + fails('share#1'));
  await rig.act('start', { rid: 'fs#2' });
  rig.lines.length = 0;
  await expect(rig.act('start')).rejects.toMatchObject({ code: 'E_RESOURCE', rid: 'share#1' });
  expect(steps(rig)).toEqual(['+fs#1', '+fs#3', '-fs#3', '-fs#1']);
  expect(isUp(rig, 'fs#2')).toBe(true);
  expect(rig.lines).toContain('roll back fs#1, fs#3');
});

test('rollback = false and --disable-rollback leave what was started', async () => {
  const resources = flag('fs#1') + fails('share#1');
  const rig = createRig(`[DEFAULT]\nrollback = false\n${resources}`);
  await expect(rig.act('start')).rejects.toThrow();
  expect(isUp(rig, 'fs#1')).toBe(true);
  const other = createRig(resources, { name: 'svc2' });
  await expect(other.act('start', { disableRollback: true })).rejects.toThrow();
  expect(existsSync(join(other.paths.run, 'flag/svc/svc2/fs#1.flag'))).toBe(true);
});

test('an optional resource that fails is told and ignored', async () => {
  const rig = createRig(fails('disk#1', 'optional = true') + flag('fs#1'));
  await rig.act('start');
  expect(isUp(rig, 'fs#1')).toBe(true);
  expect(rig.lines).toEqual(
    expect.arrayContaining([
      'disk#1 ERROR there is no driver disk.test-fails',
      'disk#1 the resource is optional: its error is ignored',
    ]),
  );
});

test('disabled, noaction and encap resources are left alone', async () => {
  const rig = createRig(
    flag('fs#1', 'disable = true') +
      flag('fs#2', 'tags = noaction') +
      flag('fs#3', 'encap = true') +
      flag('fs#4', 'disable_on = node1') +
      flag('fs#5', 'disable_on = node1\nenable_on = nodes') +
      flag('fs#6', 'disable@node1 = true'),
  );
  await rig.act('start');
  expect(steps(rig)).toEqual(['+fs#5']);
  expect((await rig.status('fs#1')).status).toBe('n/a');
});

test('standby: it stays up at a stop unless forced, and shows so', async () => {
  const rig = createRig(
    flag('fs#1', 'standby = true') + flag('fs#2', 'always_on = nodes') + flag('fs#3'),
  );
  await rig.act('startstandby');
  expect(steps(rig)).toEqual(['+fs#1', '+fs#2']);
  expect((await rig.status('fs#1')).status).toBe('stdby up');
  await rig.act('start');
  rig.lines.length = 0;
  await rig.act('stop');
  expect(rig.lines).toEqual([
    expect.stringMatching(/^fs#3 remove /),
    "fs#2 skip 'stop' on standby resource (--force to override)",
    "fs#1 skip 'stop' on standby resource (--force to override)",
  ]);
  await rig.act('shutdown');
  expect((await rig.status('fs#1')).status).toBe('stdby down');
});

test('requirements: unmet ones are an error, with --cron the resource is skipped', async () => {
  const rig = createRig(
    flag('fs#1', 'start_requires = fs#2') + flag('fs#2') + flag('fs#3', 'start_requires = fs#9'),
  );
  await expect(rig.act('start')).rejects.toThrow(
    'requires fs#2 in state up or stdby up, it is down',
  );
  rig.lines.length = 0;
  await rig.act('start', { cron: true });
  expect(steps(rig)).toEqual(['+fs#2', '+fs#3']);
  expect(rig.lines).toContain('fs#3 WARNING start_requires names fs#9, which does not exist');
  rig.configure(flag('fs#1', 'start_requires = fs#2(down,stdby up)') + flag('fs#2'));
  await rig.act('stop');
  await rig.act('start');
  expect(isUp(rig, 'fs#1')).toBe(true);
  rig.configure(flag('fs#1', 'stop_requires = impossible'));
  await expect(rig.act('stop')).rejects.toThrow('impossible');
});

test('triggers run around the resource and the service, with their environment', async () => {
  const say = (word: string): string =>
    `/bin/sh -c "echo ${word} $OPENSVC_ACTION $OPENSVC_RID $OPENSVC_SVCNAME >> {env.out}"`;
  const rig = createRig(
    (place) => `[DEFAULT]
pre_start = ${say('service-pre')}
post_start = ${say('service-post')}
[env]
out = ${place}/out
[fs#1]
type = flag
pre_start = ${say('pre')}
blocking_pre_start = ${say('blocking')}
post_start = ${say('post')} ; echo never
pre_stop = ${say('down')}
`,
  );
  await rig.act('start');
  await rig.act('shutdown');
  expect(readFileSync(join(rig.place, 'out'), 'utf8').split('\n')).toEqual([
    'service-pre start svc1',
    'pre start fs#1 svc1',
    'blocking start fs#1 svc1',
    'post start fs#1 svc1',
    'service-post start svc1',
    'down shutdown fs#1 svc1',
    '',
  ]);
});

test('a trigger that fails is told; a blocking one ends the action and is rolled back', async () => {
  const rig = createRig(
    flag('fs#1', 'pre_start = /bin/false\npost_start = /no/such/program') +
      flag('fs#2', 'blocking_pre_start = /bin/sh -c "echo why >&2; exit 3"'),
  );
  await expect(rig.act('start')).rejects.toThrow('blocking_pre_start');
  expect(rig.lines).toEqual(
    expect.arrayContaining([
      'fs#1 ERROR pre_start: /bin/false exited with 1',
      'fs#1 ERROR post_start: /no/such/program failed: /no/such/program is not installed',
      'fs#2 ERROR | why',
    ]),
  );
  expect(isUp(rig, 'fs#1')).toBe(false);
});

test('a dry run says the same and does nothing', async () => {
  const rig = createRig(
    `${flag('fs#1', 'pre_start = /bin/touch {env.out}')}[env]\nout = /no/such/x\n`,
  );
  await rig.act('start', { dryRun: true });
  expect(rig.lines).toEqual([
    'fs#1 exec trigger /bin/touch /no/such/x',
    expect.stringMatching(/^fs#1 create /),
  ]);
  expect(isUp(rig, 'fs#1')).toBe(false);
});

test('a subset acts in parallel when it says so', async () => {
  const slow = 'pre_start = /bin/sleep 0.5';
  const set = ['fs#1', 'fs#2', 'fs#3'].map((rid) => flag(rid, `subset = s\n${slow}`)).join('');
  const parallel = createRig(`[subset#fs:s]\nparallel = true\n${set}`);
  const began = performance.now();
  await parallel.act('start');
  const together = performance.now() - began;
  const inTurn = createRig(set, { name: 'svc2' });
  const again = performance.now();
  await inTurn.act('start');
  expect(together * 2).toBeLessThan(performance.now() - again);
  expect(steps(parallel)).toHaveLength(3);
});

test('a parallel subset: all end before the failure of one is told', async () => {
  const rig = createRig(
    `[subset#fs:s]\nparallel = true\n${flag('fs#1', 'subset = s\npre_start = /bin/sleep 0.3')}${fails('fs#2', 'subset = s')}`,
  );
  await expect(rig.act('start', { disableRollback: true })).rejects.toMatchObject({ rid: 'fs#2' });
  expect(isUp(rig, 'fs#1')).toBe(true);
});

test('a section that cannot be used fails its own action and says where', async () => {
  const rig = createRig(`[fs#1]\ntype = directory\n${flag('fs#2')}`);
  expect(await rig.status('fs#1')).toMatchObject({
    status: 'undef',
    notes: [{ level: 'error', text: 'path: it is required' }],
  });
  await rig.act('start', { rid: 'fs#2' });
  await expect(rig.act('start')).rejects.toMatchObject({ rid: 'fs#1' });
});

test('--env adds variables for programs of the service', async () => {
  const rig = createRig((place) =>
    flag('fs#1', `pre_start = /bin/sh -c "echo $COLOUR > ${place}/out"`),
  );
  await rig.act('start', { env: { colour: 'blue' } });
  expect(readFileSync(join(rig.place, 'out'), 'utf8')).toBe('blue\n');
});

test('an action that is interrupted is taken back', async () => {
  const rig = createRig(flag('fs#1') + flag('fs#2', 'blocking_pre_start = /bin/sleep 60'));
  const abort = new AbortController();
  const action = rig.act('start', { signal: abort.signal });
  while (!rig.lines.some((line) => line.includes('sleep 60'))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  abort.abort('SIGTERM');
  await expect(action).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
  expect(isUp(rig, 'fs#1')).toBe(false);
});

test('provision marks and starts, unprovision stops and marks', async () => {
  const rig = createRig((place) => `[fs#1]\ntype = directory\npath = ${place}/a\n${flag('fs#2')}`);
  await rig.act('provision');
  expect(existsSync(join(rig.place, 'a'))).toBe(true);
  expect(isUp(rig, 'fs#2')).toBe(true);
  await rig.act('unprovision');
  expect(isUp(rig, 'fs#2')).toBe(false);
});

test('the start of one group is no start of the instance: the rest may be down, and nothing is remembered', async () => {
  const root = createRoot({
    'web.conf':
      '[fs#1]\ntype = flag\n[app#1]\ntype = simple\nstart = /bin/sleep 1000\n[fs#2]\ntype = ext4\ndev = /nowhere\nmnt = {var}/mnt\nsubset = z\n',
  });
  const svcmgr = (...argv: string[]) =>
    runProgram('svcmgr', ['web', ...argv], { root: root.directory });
  expect(await svcmgr('startfs', '--upto', 'fs#1')).toMatchObject({ code: 0, stderr: '' });
  expect((await svcmgr('startfs')).code).toBe(1);
  expect((await svcmgr('print', 'status')).stdout).not.toContain('start failed');
  expect((await svcmgr('start')).code).toBe(1);
  expect((await svcmgr('print', 'status')).stdout).toContain('start failed');
  expect((await svcmgr('stopapp')).code).toBe(0);
  expect((await svcmgr('print', 'status')).stdout).toContain('start failed');
  expect((await svcmgr('stop')).code).toBe(0);
  expect((await svcmgr('print', 'status')).stdout).not.toContain('start failed');
});
