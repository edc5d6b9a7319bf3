/** disk.md, disk.zpool and disk.drbd: this kernel has none of them. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseMdDetail, parseMdScan } from '../../lib/host/mdadm.js';
import { lacks } from '../support/can.js';
import { type Answer, capturedRun } from './captured.js';
import { createRig, type Rig } from './rig.js';
import { sh } from './storage.js';

/** A rig whose commands are answered; `commands` has those that change something. */
function rigOf(
  config: string,
  answer: (line: string, input: string) => Answer | undefined,
): { rig: Rig; commands: string[] } {
  const commands: string[] = [];
  const run = capturedRun((line, input) => {
    commands.push(line);
    return answer(line, input);
  });
  return { rig: createRig(config, { name: 'svc1.example.com', captured: { run } }), commands };
}

const messages = (rig: Rig): string[] => rig.lines.map((line) => line.replace(/^\S+ /, ''));

const uuid = '0a1b2c3d:4e5f6071:8293a4b5:c6d7e8f9';

const detail = (state: string): string => `/dev/md127:
           Version : 1.2
     Creation Time : Fri Nov 20 10:00:00 2026
        Raid Level : raid1
        Array Size : 1046528 (1022.00 MiB 1071.64 MB)
      Raid Devices : 2
     Total Devices : 2
       Persistence : Superblock is persistent

             State : ${state} 
    Active Devices : 2

              Name : host1:svc1.disk.1
              UUID : ${uuid}
            Events : 17

    Number   Major   Minor   RaidDevice State
       0       8       16        0      active sync   /dev/sdb
`;

describe('disk.md (captured output)', () => {
  const config = `[disk#1]\ntype = md\nuuid = ${uuid}\n`;

  function md(options: { up?: boolean; state?: string; assemble?: number } = {}) {
    let up = options.up ?? false;
    return rigOf(config, (line) => {
      if (line === 'mdadm --detail --scan') {
        const row = `ARRAY /dev/md127 metadata=1.2 name=host1:svc1.disk.1 UUID=${uuid}\n`;
        return { stdout: up ? row : '' };
      }
      if (line === 'mdadm --detail /dev/md127') return { stdout: detail(options.state ?? 'clean') };
      if (line.startsWith('mdadm --assemble ')) {
        up = options.assemble !== 1;
        return options.assemble === 1
          ? { exitCode: 1, stderr: 'mdadm: no devices found for /dev/md/x\n' }
          : { exitCode: options.assemble ?? 0 };
      }
      if (line === 'mdadm --manage /dev/md127 --stop') up = false;
      else if (/^(mkdir -p|ln -sfn|rm -f) /.test(line)) sh(line);
      else return undefined;
      return {};
    });
  }

  test('start, stop, and again, with a link that stays', async () => {
    const { rig } = md();
    const link = join((await rig.service()).directory, 'dev/disk.1.0');
    expect((await rig.status('disk#1')).status).toBe('down');
    await rig.act('start');
    expect(readlinkSync(link)).toBe('/dev/md127');
    await rig.act('start');
    expect((await rig.status('disk#1')).status).toBe('up');
    await rig.act('stop');
    await rig.act('stop');
    expect((await rig.status('disk#1')).status).toBe('down');
    expect(existsSync(link)).toBe(false);
    expect(messages(rig).filter((line) => !/^(mkdir|ln|rm) /.test(line))).toEqual([
      `mdadm --assemble /dev/md/${uuid} -u ${uuid}`,
      `md ${uuid} is already up`,
      'mdadm --manage /dev/md127 --stop',
      `md ${uuid} is already down`,
    ]);
  });

  test('an array that was assembled already is no error, one that cannot be is', async () => {
    const done = md({ assemble: 2 });
    await done.rig.act('start');
    expect((await done.rig.status('disk#1')).status).toBe('up');
    const failing = md({ assemble: 1 });
    await expect(failing.rig.act('start')).rejects.toThrow('exited with 1');
  });

  test.each([
    { state: 'clean', notes: [] },
    { state: 'active', notes: [] },
    { state: 'inactive', notes: ['/dev/md127 is inactive'] },
    { state: 'clean, degraded', notes: ['/dev/md127 is degraded'] },
    { state: 'active, degraded, recovering', notes: ['/dev/md127 is degraded'] },
    { state: 'FAILED', notes: ['/dev/md127 is FAILED'] },
  ])('state $state', async ({ state, notes }) => {
    const { rig } = md({ up: true, state });
    const found = await rig.status('disk#1');
    expect(found.status).toBe('up');
    expect(found.notes.map(({ text }) => text)).toEqual(notes);
  });

  test('members that are missing are said where several nodes share them', async () => {
    const { rig } = md();
    rig.configure(`[DEFAULT]\nnodes = node1 node2\n${config}devs = /dev/nodemgr-a /dev/loop0\n`);
    expect((await rig.status('disk#1')).notes.map(({ text }) => text)).toEqual([
      '/dev/nodemgr-a does not exist',
    ]);
  });

  test.skipIf(lacks('root'))(
    'provision writes the uuid; unprovision clears the members',
    async () => {
      const first = mkdirSync('/dev/md', { recursive: true });
      const device = '/dev/md/svc1.disk.1';
      onTestFinished(() => {
        rmSync(device, { force: true });
        if (first !== undefined) rmdirSync(first);
      });
      let up = false;
      let members = false;
      let fed = '';
      const { rig, commands } = rigOf(
        '[disk#1]\ntype = md\nlevel = raid1\ndevs = /dev/sdb /dev/sdc /dev/sdd\nspares = 1\nchunk = 64k\nlayout = n2\n',
        (line, input) => {
          if (line.startsWith('blkid ')) return { exitCode: 2 };
          if (line.startsWith('mdadm --create ')) {
            fed = input;
            writeFileSync(device, '', { flag: 'wx' });
            members = true;
            up = true;
          } else if (line === `mdadm --manage ${device} --stop`) {
            up = false;
            rmSync(device);
          } else if (line.startsWith('mdadm --zero-superblock ')) members = false;
          else if (line === `mdadm --detail ${device}`) return { stdout: detail('clean') };
          else if (line === 'mdadm --detail --scan') {
            return { stdout: up ? `ARRAY ${device} metadata=1.2 UUID=${uuid}\n` : '' };
          } else if (line === 'mdadm --examine --scan') {
            return { stdout: members ? `ARRAY /dev/md/1 metadata=1.2 UUID=${uuid} name=x\n` : '' };
          } else return undefined;
          return {};
        },
      );
      await rig.act('provision');
      expect(fed).toMatch(/^(y\n)+$/);
      expect(readFileSync(join(rig.paths.etc, 'svc1.example.com.conf'), 'utf8')).toContain(
        `uuid = ${uuid}\n`,
      );
      await rig.act('provision');
      expect((await rig.status('disk#1')).status).toBe('up');
      await rig.act('unprovision');
      await rig.act('unprovision');
      expect(commands.filter((line) => /create|--stop|zero/.test(line))).toEqual([
        `mdadm --create ${device} -n 2 -l raid1 -x 1 -c 64 -p n2 /dev/sdb /dev/sdc /dev/sdd`,
        `mdadm --manage ${device} --stop`,
        'mdadm --zero-superblock /dev/sdb /dev/sdc /dev/sdd',
      ]);
    },
  );

  test('mdadm --detail and --scan', () => {
    expect(parseMdDetail(detail('clean, degraded'))).toEqual({
      states: ['clean', 'degraded'],
      uuid,
      members: ['/dev/sdb'],
    });
    expect(parseMdDetail('')).toEqual({ states: [], uuid: undefined, members: [] });
    const text = `ARRAY /dev/md/0 metadata=1.2 name=h:0 UUID=${uuid.toUpperCase()}\nINACTIVE-ARRAY /dev/md1 metadata=1.2\n`;
    expect(parseMdScan(text)).toEqual([{ device: '/dev/md/0', uuid }]);
  });
});

describe('disk.zpool (captured output)', () => {
  const config = '[disk#1]\ntype = zpool\nname = data\nvdev = mirror /dev/sdb /dev/sdc\n';
  const missing = { exitCode: 1, stderr: "cannot open 'data': no such pool\n" };

  function zpool(state: { exists: boolean; health?: string | undefined }, text = config) {
    return rigOf(text, (line) => {
      if (line === 'zpool list -H -o health data') {
        return state.health === undefined ? missing : { stdout: `${state.health}\n` };
      }
      if (line === 'zpool import') {
        return state.exists && state.health === undefined
          ? { stdout: '   pool: data\n     id: 1234\n  state: ONLINE\n' }
          : { exitCode: 1, stderr: 'no pools available to import\n' };
      }
      if (line.startsWith('zpool import ')) {
        if (line.includes(' -d ')) return { exitCode: 1, stderr: "cannot import 'data'\n" };
        if (!state.exists) return { exitCode: 1, stderr: "cannot import 'data': no such pool\n" };
        state.health = 'ONLINE';
      } else if (line === 'zpool export data') state.health = undefined;
      else if (line.startsWith('zpool create ')) {
        state.exists = true;
        state.health = 'ONLINE';
      } else if (line === 'zpool destroy -f data') {
        if (state.health === undefined) return missing;
        state.exists = false;
        state.health = undefined;
      } else if (line !== 'zpool set multihost=on data') return undefined;
      return {};
    });
  }

  test('start, stop, and again', async () => {
    const { rig } = zpool({ exists: true }, `${config}multihost = true\n`);
    expect((await rig.status('disk#1')).status).toBe('down');
    await rig.act('start');
    await rig.act('start');
    expect((await rig.status('disk#1')).status).toBe('up');
    await rig.act('stop');
    await rig.act('stop');
    expect(messages(rig)).toEqual([
      `zpool import -f -o cachefile=${rig.paths.var}/zpool.cache data`,
      'zpool set multihost=on data',
      'pool data is already up',
      'zpool export data',
      'pool data is already down',
    ]);
  });

  test('links to its devices are tried first', async () => {
    const { rig, commands } = zpool({ exists: true });
    const links = join((await rig.service()).directory, 'dev/dsk');
    mkdirSync(links, { recursive: true });
    await rig.act('start');
    const head = `zpool import -f -o cachefile=${rig.paths.var}/zpool.cache`;
    expect(commands.filter((line) => line.startsWith('zpool import -f'))).toEqual([
      `${head} -d ${links} data`,
      `${head} data`,
    ]);
  });

  test.each([
    { health: 'DEGRADED', status: 'up' },
    { health: 'FAULTED', status: 'down' },
    { health: 'SUSPENDED', status: 'down' },
  ])('$health is $status, with a warning', async ({ health, status }) => {
    const { rig } = zpool({ exists: true, health });
    expect(await rig.status('disk#1')).toMatchObject({
      status,
      notes: [{ level: 'warn', text: `pool data is ${health}` }],
    });
    const start = rig.act('start');
    if (status === 'up') await start;
    else await expect(start).rejects.toThrow(`pool data is imported and ${health}`);
  });

  test('provision and unprovision, twice each', async () => {
    const { rig, commands } = zpool({ exists: false }, `${config}create_options = -o ashift=12\n`);
    for (const action of ['provision', 'provision', 'unprovision', 'unprovision'] as const) {
      await rig.act(action);
    }
    const head = `zpool import -f -o cachefile=${rig.paths.var}/zpool.cache`;
    expect(commands.filter((line) => !/^zpool (list|import$)/.test(line))).toEqual([
      'zpool create -m legacy -o ashift=12 data mirror /dev/sdb /dev/sdc',
      'zpool export data',
      `${head} data`,
      'zpool destroy -f data',
    ]);
  });
});

describe('disk.drbd (captured output)', () => {
  const config = '[disk#1]\ntype = drbd\nres = r0\n';

  function drbd(
    state: { cstate: string; dstate: string; role: string },
    text = config,
  ): { rig: Rig; commands: string[] } {
    const made = rigOf(text, (line) => {
      if (line === 'drbdadm cstate r0') return { stdout: `${state.cstate}\n` };
      if (line === 'drbdadm dstate r0') return { stdout: `${state.dstate}\n` };
      if (line === 'drbdadm role r0') return { stdout: `${state.role}\n` };
      if (line === 'drbdadm up r0') {
        Object.assign(state, {
          cstate: 'Connected',
          dstate: 'UpToDate/UpToDate',
          role: 'Secondary/Secondary',
        });
      } else if (line === 'drbdadm down r0') {
        Object.assign(state, {
          cstate: 'Unconfigured',
          dstate: 'Unconfigured',
          role: 'Unconfigured',
        });
      } else if (line === 'drbdadm primary r0') state.role = 'Primary/Secondary';
      else if (line === 'drbdadm secondary r0') state.role = 'Secondary/Secondary';
      else if (line !== 'modprobe drbd') return undefined;
      return {};
    });
    return made;
  }
  const down = () => ({ cstate: 'Unconfigured', dstate: 'Unconfigured', role: 'Unconfigured' });
  const changes = (commands: string[]): string[] =>
    commands.filter((line) => /^drbdadm (up|down|primary|secondary)/.test(line));

  test('start, stop, and again', async () => {
    const { rig, commands } = drbd(down());
    expect((await rig.status('disk#1')).status).toBe('down');
    await rig.act('start');
    await rig.act('start');
    expect(await rig.status('disk#1')).toMatchObject({
      status: 'up',
      notes: [{ level: 'info', text: 'Primary/Secondary' }],
    });
    await rig.act('stop');
    await rig.act('stop');
    expect(changes(commands)).toEqual(['drbdadm up r0', 'drbdadm primary r0', 'drbdadm down r0']);
    expect(messages(rig)).toContain('drbd r0 is already up');
    expect(messages(rig).at(-1)).toBe('drbd r0 is already down');
  });

  test.each([
    { cstate: 'Connected', role: 'Secondary/Primary', done: ['drbdadm primary r0'] },
    { cstate: 'WFConnection', role: 'Primary/Unknown', done: [] },
    {
      cstate: 'StandAlone',
      role: 'Secondary/Unknown',
      done: ['drbdadm down r0', 'drbdadm up r0', 'drbdadm primary r0'],
    },
  ])('start from $cstate, $role', async ({ cstate, role, done }) => {
    const { rig, commands } = drbd({ cstate, role, dstate: 'UpToDate/DUnknown' });
    await rig.act('start');
    expect(changes(commands)).toEqual(done);
  });

  test('a disk that is not up to date is a warning', async () => {
    const { rig } = drbd({
      cstate: 'SyncTarget',
      role: 'Secondary/Primary',
      dstate: 'Inconsistent/UpToDate',
    });
    expect(await rig.status('disk#1')).toMatchObject({
      status: 'warn',
      notes: [
        { level: 'info', text: 'Secondary/Primary' },
        { text: 'unexpected drbd resource r0 state: Inconsistent/UpToDate' },
      ],
    });
  });

  test('a standby instance is connected and secondary, started and stopped', async () => {
    const { rig, commands } = drbd(down(), `${config}standby = true\n`);
    await rig.act('startstandby');
    expect(changes(commands)).toEqual(['drbdadm up r0']);
    expect((await rig.status('disk#1')).status).toBe('stdby up');
    await rig.act('start');
    await rig.act('stop');
    expect((await rig.status('disk#1')).status).toBe('stdby up');
    await rig.act('stop');
    await rig.act('shutdown');
    expect(changes(commands)).toEqual([
      'drbdadm up r0',
      'drbdadm primary r0',
      'drbdadm secondary r0',
      'drbdadm down r0',
    ]);
  });

  test('a resource that drbd does not know, without its module', async () => {
    const { rig } = rigOf(config, () => ({
      exitCode: 10,
      stderr: "'r0' not defined in your config (for this host).\n",
    }));
    expect((await rig.status('disk#1')).status).toBe('down');
  });
});
