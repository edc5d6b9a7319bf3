/** The node tasks find what the tools of the system say; print asset, packages, checks, stats. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AgentError } from '../../lib/errors/agent-error.js';
import { isChecked } from '../../lib/host/mounts.js';
import { hardwareOf } from '../../lib/node/asset.js';
import { runNodeTask } from '../../lib/node/run-node-task.js';
import { defineTask } from '../../lib/task/contract.js';
import { runProgram } from '../support/program.js';
import { createRoot, type TestRoot } from '../support/root.js';

const tool = (program: string, ...argv: string[]): string =>
  execFileSync(program, argv, {
    encoding: 'utf8',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  });
const nodemgr = (root: TestRoot, ...argv: string[]) =>
  runProgram('nodemgr', argv, { root: root.directory });

async function result<T>(root: TestRoot, task: string[], print: string[]): Promise<T> {
  expect(await nodemgr(root, ...task)).toEqual({ code: 0, stdout: '', stderr: '' });
  const { stdout, code } = await nodemgr(root, ...print, '--format', 'json');
  expect(code).toBe(0);
  return JSON.parse(stdout) as T;
}

describe('pushasset', () => {
  interface Asset {
    fields: Record<string, { title: string; value: string; source: string }>;
    lan: { mac: string; interface: string; family: string; address: string; mask: string }[];
    uids: { name: string; uid: number }[];
    gids: { name: string; gid: number }[];
    hardware: unknown[];
  }

  test('equals uname, hostname, /proc/meminfo, getent and ip', async () => {
    const asset = await result<Asset>(createRoot(), ['pushasset'], ['print', 'asset']);
    const value = (name: string): string | undefined => asset.fields[name]?.value;
    expect(value('nodename')).toBe(hostname().toLowerCase());
    expect(value('os_name')).toBe('Linux');
    expect(value('os_kernel')).toBe(tool('uname', '-r').trim());
    expect(value('os_arch')).toBe(tool('uname', '-m').trim());
    const [, kib = '0'] = /MemTotal: +(\d+) kB/.exec(readFileSync('/proc/meminfo', 'utf8')) ?? [];
    expect(value('mem_bytes')).toBe(String(Math.floor(Number(kib) / 1024)));
    const release = readFileSync('/etc/os-release', 'utf8');
    expect(release).toContain(value('os_release'));
    const [, model] = /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
    if (model !== undefined) expect(value('cpu_model')).toBe(model.trim());
    expect(value('tz')).toMatch(/^[+-]\d\d:\d\d$/);
    const boot = Date.parse(`${value('last_boot')?.replace(' ', 'T')}Z`);
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
    expect(Math.abs(Date.now() - uptime - boot)).toBeLessThan(10_000);
    for (const [name, field] of Object.entries(asset.fields)) {
      expect(field.value, name).toBeTypeOf('string');
      expect(['probe', 'default', 'node configuration file'], name).toContain(field.source);
    }

    const users = readFileSync('/etc/passwd', 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(':'));
    expect(asset.uids).toEqual(users.map(([name, , uid]) => ({ name, uid: Number(uid) })));
    const groups = readFileSync('/etc/group', 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(':'));
    expect(asset.hardware).toBeInstanceOf(Array);
    expect(asset.gids).toEqual(groups.map(([name, , gid]) => ({ name, gid: Number(gid) })));
  });

  test.skipIf(spawnSync('ip', ['-V']).status !== 0)(
    'the addresses equal those of ip -j addr',
    async () => {
      const asset = await result<Asset>(createRoot(), ['pushasset'], ['print', 'asset']);
      const links = JSON.parse(tool('ip', '-j', 'addr')) as {
        ifname: string;
        address?: string;
        link_type: string;
        addr_info: { local: string; family: string }[];
      }[];
      const wanted = links
        .filter((link) => link.link_type === 'ether')
        .flatMap((link) => link.addr_info.map(({ local }) => `${link.ifname} ${local}`));
      const found = asset.lan
        .filter(({ mask }) => mask !== '')
        .map((row) => `${row.interface} ${row.address}`);
      expect(found.sort()).toEqual(wanted.sort());
    },
  );

  test('hardware: what lspci and dmidecode tell, as rows of one form (captured output)', () => {
    const pci = { slot: '00:03.0', class: 'VGA', description: 'Cirrus', driver: 'cirrus' };
    const module = {
      locator: 'A1',
      size: '32 GB',
      type: 'DDR4',
      manufacturer: 'M',
      partNumber: '',
    };
    expect(hardwareOf([pci], [module])).toEqual([
      { type: 'pci', path: '00:03.0', class: 'VGA', description: 'Cirrus', driver: 'cirrus' },
      { type: 'mem', path: 'A1', class: 'DDR4', description: 'M 32 GB', driver: '' },
    ]);
  });

  test('node.conf overrides a probe and says so; what nobody knows stays at its default', async () => {
    const root = createRoot({
      'node.conf': '[node]\nserial = MINE-1\nenv = PRD\nloc_city = Lyon\ncpu_cores = 99\n',
    });
    const { fields } = await result<Asset>(root, ['pushasset'], ['print', 'asset']);
    for (const [name, text] of [
      ['serial', 'MINE-1'],
      ['node_env', 'PRD'],
      ['loc_city', 'Lyon'],
      ['cpu_cores', '99'],
    ]) {
      expect(fields[name ?? ''], name).toMatchObject({
        value: text,
        source: 'node configuration file',
      });
    }
    expect(fields['os_kernel']?.source).toBe('probe');
    expect(fields['loc_rack']).toBeUndefined();
    const { stdout } = await nodemgr(root, 'print', 'asset');
    expect(stdout).toMatch(/serial[\s\S]{0,30}MINE-1/);
    expect(stdout).toContain('node configuration file');
    const csv = (await nodemgr(root, 'print', 'asset', '--format', 'csv')).stdout;
    expect(csv).toMatch(/^'name';'value';'source'$/m);
    expect(csv).toMatch(/^'serial';'MINE-1';'node configuration file'$/m);
    expect((await nodemgr(root, 'print', 'asset', '--format', 'flat_json')).stdout).toContain(
      '.fields.serial.value = MINE-1\n',
    );
  });
});

describe.skipIf(!existsSync('/var/lib/dpkg/status'))('pushpkg', () => {
  interface Package {
    name: string;
    version: string;
    arch: string;
    type: string;
    installed_at: string | null;
  }

  test('count, names, versions and architectures equal those of dpkg-query', async () => {
    const root = createRoot();
    const packages = await result<Package[]>(root, ['pushpkg'], ['print', 'packages']);
    const wanted = tool(
      'dpkg-query',
      '-W',
      '-f',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of dpkg-query
      '${db:Status-Abbrev}|${Package}|${Version}|${Architecture}\n',
    )
      .split('\n')
      .filter((line) => line.startsWith('ii'))
      .map((line) => line.split('|').slice(1).join(' '));
    const found = packages
      .filter(({ type }) => type === 'deb')
      .map(({ name, version, arch }) => `${name} ${version} ${arch}`);
    expect(found.length).toBeGreaterThan(50);
    expect(found.sort()).toEqual(wanted.sort());
    for (const { installed_at, name } of packages) {
      expect(installed_at, name).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    }
    for (const format of ['table', 'csv']) {
      const { stdout } = await nodemgr(root, 'print', 'packages', '--format', format);
      expect(stdout.trimEnd().split('\n')).toHaveLength(
        packages.length + (format === 'table' ? 2 : 1),
      );
      expect(stdout).toContain('dpkg');
    }
  });
});

describe('checks', () => {
  interface Check {
    type: string;
    driver: string;
    instance: string;
    value: number;
    at: string;
  }

  /** `df` per mount point: total, available and percent. */
  function df(option: string): Map<string, { total: number; free: number; percent: number }> {
    const rows = spawnSync('df', [option, '-l'], {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    })
      .stdout.trimEnd()
      .split('\n')
      .slice(1);
    return new Map(
      rows.flatMap((row) => {
        const [, total, , free, percent = '', ...mount] = row.split(/\s+/);
        return percent === '-'
          ? []
          : [
              [
                mount.join(' '),
                {
                  total: Number(total),
                  free: Number(free),
                  percent: Number(percent.replace('%', '')),
                },
              ] as const,
            ];
      }),
    );
  }

  test.each([
    { type: 'fs_u', option: '-Pk' },
    { type: 'fs_i', option: '-Pi' },
  ])('$type equals df $option', async ({ type, option }) => {
    const root = createRoot();
    const rows = await result<Check[]>(root, ['checks'], ['print', 'checks']);
    const said = df(option);
    const mine = rows.filter((row) => row.type === type);
    const mounts = mine
      .map(({ instance }) => instance)
      .filter((name) => !/\.(free|size)$/.test(name))
      // Other tests mount and unmount while we look.
      .filter((name) => !/\/nodemgr-[^/]+\//.test(name));
    expect(mounts).toContain('/');
    for (const mount of mounts) {
      const of = (suffix: string): number =>
        mine.find(({ instance }) => instance === `${mount}${suffix}`)?.value ?? Number.NaN;
      const known = said.get(mount);
      expect(known, mount).toBeDefined();
      if (!known) continue;
      expect(of('.size'), mount).toBe(known.total);
      // The machine goes on while we look.
      expect(Math.abs(of('') - known.percent), mount).toBeLessThanOrEqual(1);
      expect(Math.abs(of('.free') - known.free), mount).toBeLessThan(
        Math.max(200_000, known.total / 100),
      );
    }
    const devices = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .filter((line) => /^\/dev\//.test(line));
    for (const line of devices) {
      const [device = '', mountPoint = '', fsType = ''] = line.split(' ');
      if (!isChecked({ device, mountPoint, fsType } as never))
        expect(mounts).not.toContain(mountPoint);
    }
    for (const row of mine)
      expect(row).toMatchObject({ driver: 'df', at: expect.stringMatching(/Z$/) });
  });

  test('print checks as table and csv', async () => {
    const root = createRoot();
    await result(root, ['checks'], ['print', 'checks']);
    expect((await nodemgr(root, 'print', 'checks')).stdout).toMatch(/^fs_u +df +\/ +\d+$/m);
    expect((await nodemgr(root, 'print', 'checks', '--format', 'csv')).stdout).toMatch(
      /^'fs_u';'df';'\/';'\d+'$/m,
    );
  });
});

describe('collect stats', () => {
  test('one sample gives no rate and says so, two give one row of percents, levels and rates', async () => {
    const root = createRoot();
    expect((await nodemgr(root, 'collect', 'stats')).code).toBe(0);
    const one = await nodemgr(root, 'print', 'stats', '--format', 'json');
    expect(one).toMatchObject({
      code: 0,
      stdout: '[]\n',
      stderr: expect.stringContaining('no two samples'),
    });
    // Work between the samples, which the rates have to show.
    spawnSync(process.execPath, ['-e', 'const end = Date.now() + 400; while (Date.now() < end);']);
    expect((await nodemgr(root, 'collect_stats')).code).toBe(0);
    const two = await nodemgr(root, 'print', 'stats', '--format', 'json');
    expect(two.stderr).toBe('');
    const rows = JSON.parse(two.stdout) as Record<string, number>[];
    expect(rows).toHaveLength(1);
    const [row = {}] = rows;
    const shares = ['cpu_usr', 'cpu_sys', 'cpu_iowait', 'cpu_steal', 'cpu_idle'].map(
      (name) => row[name] ?? Number.NaN,
    );
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 0);
    expect(row['cpu_usr']).toBeGreaterThan(1);
    const [load = '0'] = readFileSync('/proc/loadavg', 'utf8').split(' ');
    expect(Math.abs((row['load_1'] ?? 0) - Number(load))).toBeLessThan(2);
    const memory = readFileSync('/proc/meminfo', 'utf8');
    const of = (name: string): number => Number(new RegExp(`${name}: +(\\d+)`).exec(memory)?.[1]);
    const used = (1 - of('MemAvailable') / of('MemTotal')) * 100;
    expect(Math.abs((row['mem_used'] ?? 0) - used)).toBeLessThan(10);
    for (const name of ['disk_read', 'disk_write', 'net_rx', 'net_tx', 'swap_used'])
      expect(row[name]).toBeGreaterThanOrEqual(0);
    expect((await nodemgr(root, 'print', 'stats')).stdout.trimEnd().split('\n')).toHaveLength(3);
    expect(
      (await nodemgr(root, 'print', 'stats', '--since', '0s', '--format', 'json')).stdout,
    ).toBe('[]\n');
    expect(await nodemgr(root, 'print', 'stats', '--since', 'ever')).toMatchObject({
      code: 2,
      stdout: '',
    });
  });
});

test.each([
  ['asset', 'pushasset'],
  ['packages', 'pushpkg'],
  ['checks', 'checks'],
])('print %s without a result names the task, exit 1', async (name, task) => {
  const { code, stdout, stderr } = await nodemgr(createRoot(), 'print', name);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe(
    `nodemgr: there is no result of ${task} yet\n  run \`nodemgr ${task}\`, or wait for its schedule\n`,
  );
});

test.each([
  { why: 'its time is over', timeoutMs: 10, interrupt: false, code: 'E_TASK_TIMEOUT' },
  { why: 'a person interrupts it', timeoutMs: 60_000, interrupt: true, code: 'E_INTERRUPTED' },
])('a task that goes on after $why keeps no result', async ({ timeoutMs, interrupt, code }) => {
  const root = createRoot();
  const abort = new AbortController();
  const task = defineTask({
    name: 'half',
    section: 'half',
    describe: '',
    async run({ signal, results }) {
      if (interrupt) abort.abort(new AgentError('E_INTERRUPTED', 'half was interrupted'));
      else await once(signal, 'abort');
      results.write('half', 'of it'); // as a tool that was ended counts as not installed
    },
  });
  const entry = { ...task, command: '', detached: true, load: async () => ({ default: task }) };
  const context = { paths: root.paths } as Parameters<typeof runNodeTask>[1];
  await expect(runNodeTask(entry, context, abort, timeoutMs)).rejects.toMatchObject({ code });
  expect(existsSync(join(root.paths.var, 'node', 'half.json'))).toBe(false);
});

test.each(['not JSON', '{}', 'null'])('checks writes its result anew over %s', async (text) => {
  const root = createRoot();
  mkdirSync(join(root.paths.var, 'node'), { recursive: true });
  writeFileSync(join(root.paths.var, 'node', 'checks.json'), text);
  expect(await nodemgr(root, 'checks')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect((await nodemgr(root, 'print', 'checks')).code).toBe(0);
});

test('timeout = 0 is no limit, as for tasks of services', async () => {
  const root = createRoot({ 'node.conf': '[checks]\ntimeout = 0\n' });
  expect(await nodemgr(root, 'checks')).toEqual({ code: 0, stdout: '', stderr: '' });
});

test('each run by hand is in the ledger, and the result is a private file replaced as a whole', async () => {
  const root = createRoot();
  await nodemgr(root, 'checks');
  await nodemgr(root, 'pushpkg');
  const runs = JSON.parse((await nodemgr(root, 'print', 'runs', '--format', 'json')).stdout) as {
    action: string;
    state: string;
    origin: string;
  }[];
  expect(runs).toMatchObject([
    { action: 'pushpkg', state: 'ok', origin: 'manual' },
    { action: 'checks', state: 'ok', origin: 'manual' },
  ]);
  expect(
    JSON.parse(readFileSync(join(root.paths.var, 'node', 'checks.json'), 'utf8')),
  ).toHaveProperty('results');
});
