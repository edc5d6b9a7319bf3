/** Process groups of services: where programs run, what they may use, `pg freeze|thaw|kill`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findCgroup, findController } from '../../lib/exec/cgroup.js';
import { freezeGroup, killGroupAt } from '../../lib/exec/named-groups.js';
import { lacks } from '../support/can.js';
import { runProgram, waitFor } from '../support/program.js';
import { createRoot } from '../support/root.js';
import { createRig } from './rig.js';

/** Other tests have services too: nobody else's group is touched. */
const name = `pg${process.pid}`;

const program = (words: string): string =>
  `type = simple\nstart = /bin/sh -c 'while :; do ${words}; sleep 0.05; done'\n`;

const app = (place: string): string => program(`echo . >> ${place}/beats`);

function beats(place: string): number {
  try {
    return readFileSync(join(place, 'beats'), 'utf8').length;
  } catch {
    return 0;
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));

async function stands(place: string): Promise<boolean> {
  const before = beats(place);
  await settle();
  return beats(place) === before;
}

test.skipIf(lacks('root', 'cgroup'))('pg freeze, thaw and kill of one app', async () => {
  const rig = createRig((place) => `[app#1]\n${app(place)}`, { name: `${name}a` });
  onTestFinished(async () => {
    freezeGroup(`${name}a`, 'thawed');
    await killGroupAt(`${name}a`);
  });
  await rig.act('start');
  await waitFor(() => beats(rig.place) > 0 || undefined, 'the app');
  expect((await rig.status('app#1')).status).toBe('up');

  await rig.act('pg_freeze', { rid: 'app#1' });
  expect(await stands(rig.place)).toBe(true);
  expect(await rig.status('app#1')).toMatchObject({
    status: 'n/a',
    notes: [{ level: 'info', text: 'its process group is frozen' }],
  });
  // A stop would wait for a program that cannot answer.
  await expect(rig.act('stop')).rejects.toThrow('app#1: its process group is frozen');

  await rig.act('pg_thaw', { rid: 'app#1' });
  expect(await stands(rig.place)).toBe(false);
  expect((await rig.status('app#1')).status).toBe('up');

  await rig.act('pg_freeze', { rid: 'app#1', dryRun: true });
  expect(await stands(rig.place)).toBe(false);
  await rig.act('pg_freeze');
  await rig.act('pg_kill');
  expect(rig.lines.at(-1)).toMatch(/^app#1 killed \d+/);
  expect(await stands(rig.place)).toBe(true);
  await rig.act('pg_thaw');
  expect((await rig.status('app#1')).status).toBe('down');
});

test.skipIf(lacks('root', 'cgroup') || findController('memory')?.version !== 1)(
  'caps of DEFAULT, subset and resource hold the programs of an app',
  async () => {
    const rig = createRig(
      (place) =>
        `[DEFAULT]\npg_cpu_shares = 400\n[subset#app:late]\npg_mem_limit = 64m\n` +
        `[app#1]\nsubset = late\npg_cpu_quota = 50%\n${app(place)}`,
      { name: `${name}b` },
    );
    onTestFinished(() => killGroupAt(`${name}b`).then(() => undefined));
    await rig.act('start');
    const file = (controller: string, group: string, key: string): string =>
      readFileSync(join(findController(controller)?.directory ?? '', group, key), 'utf8').trim();
    expect(file('cpu', `${name}b`, 'cpu.shares')).toBe('400');
    expect(file('memory', `${name}b/app.late`, 'memory.limit_in_bytes')).toBe(String(64 << 20));
    expect(file('cpu', `${name}b/app.late/app.1`, 'cpu.cfs_quota_us')).toBe('50000');
    // The program itself lives below all of them.
    const run = file('cpu', `${name}b/app.late/app.1`, 'tasks');
    expect(run).toBe('');
    const pid = /killed (\d+)/;
    await rig.act('pg_kill');
    expect(rig.lines.at(-1)).toMatch(pid);
    expect(await stands(rig.place)).toBe(true);
  },
);

test('create_pg = false: no group of the service; a cap that cannot be read is refused', async () => {
  const rig = createRig((place) => `[DEFAULT]\ncreate_pg = false\n[app#1]\n${app(place)}`, {
    name: `${name}c`,
  });
  await rig.act('start', { dryRun: true });
  await rig.act('pg_freeze');
  expect(rig.lines.join('\n')).not.toContain(`freeze ${name}c`);
  rig.configure(`[app#1]\npg_cpu_quota = half\n${app(rig.place)}`);
  await expect(rig.act('start')).rejects.toThrow(
    'app#1.pg_cpu_quota: "half" is no share of processor time',
  );
});

test.skipIf(lacks('root', 'cgroup'))(
  'svcmgr pg freeze takes the whole service, its running task too',
  async () => {
    const service = `${name}d`;
    const root = createRoot({});
    root.write(
      `${service}.conf`,
      `[task#1]\ncommand = /bin/sh -c 'while :; do echo . >> ${root.directory}/beats; sleep 0.05; done'\ntimeout = 30s\n`,
    );
    onTestFinished(async () => {
      freezeGroup(service, 'thawed');
      await killGroupAt(service);
    });
    const svcmgr = (...words: string[]) =>
      runProgram('svcmgr', ['-s', service, ...words], { root: root.directory });
    const running = svcmgr('run', '--rid', 'task#1');
    await waitFor(() => beats(root.directory) > 0 || undefined, 'the task');
    expect(await svcmgr('pg', 'freeze')).toMatchObject({ code: 0, stderr: '' });
    expect(await stands(root.directory)).toBe(true);
    expect(await svcmgr('pg', 'thaw')).toMatchObject({ code: 0, stderr: '' });
    expect(await stands(root.directory)).toBe(false);
    expect(await svcmgr('pg', 'kill')).toMatchObject({ code: 0, stderr: '' });
    expect((await running).code).toBe(1);
    expect((await svcmgr('pg', 'freez')).code).toBe(2);
    // What is deleted leaves no group behind.
    const group = join(findCgroup()?.directory ?? '', service);
    expect(existsSync(group)).toBe(true);
    await svcmgr('delete');
    expect(existsSync(group)).toBe(false);
  },
  30_000,
);
