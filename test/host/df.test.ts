import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemClock } from '../../lib/env/clock.js';
import { createRunner, type Run } from '../../lib/exec/run.js';
import { type MountProbe, parseStatfs, probeMounts } from '../../lib/host/df.js';
import { askPlaces } from '../../lib/host/hanging.js';
import {
  distinctMounts,
  isChecked,
  isRemote,
  type Mount,
  readMounts,
} from '../../lib/host/mounts.js';
import { bundled, can, temporary } from '../exec/probe.js';
import { hostTree } from './tree.js';

const runModule = await bundled('lib/exec/run.ts');
const dfModule = await bundled('lib/host/df.ts');
const hangingModule = await bundled('lib/host/hanging.ts');
const run = createRunner({ cgroups: null });
const asking = (runner: Run) =>
  askPlaces({ run: runner, clock: systemClock, directory: temporary() });

function mount(mountPoint: string, device = '/dev/sda1', type = 'ext4', n = 1): Mount {
  return { mountPoint, device, type, options: ['rw'], deviceNumber: `8:${n}`, root: '/' };
}

test('statfs: reserved blocks are neither used nor free; percent rounded up', () => {
  // 1000 blocks of 4 KiB, 300 free, 200 of them for ordinary users; 100 inodes, 1 used
  expect(parseStatfs('4096 1000 300 200 100 99\n')).toEqual({
    sizeKib: 4000,
    usedKib: 2800,
    freeKib: 800,
    usedPercent: 78,
    inodes: 100,
    usedInodes: 1,
    freeInodes: 99,
    usedInodesPercent: 1,
  });
  expect(parseStatfs('4096 0 0 0 0 0')).toMatchObject({
    usedPercent: null,
    usedInodesPercent: null,
  });
  expect(parseStatfs('? ? ?')).toBeUndefined();
});

const filters = [
  { mount: mount('/'), checked: true, why: 'a disk' },
  { mount: mount('/home', '/dev/mapper/vg-home'), checked: true, why: 'a logical volume' },
  { mount: mount('/tank', 'tank', 'zfs'), checked: true, why: 'a dataset has no path' },
  { mount: mount('/tmp', 'tmpfs', 'tmpfs'), checked: true, why: 'df -l lists tmpfs' },
  { mount: mount('/x', '/some/path'), checked: false, why: 'a path that is no device' },
  { mount: mount('/x', 'overlay', 'overlay'), checked: false, why: 'a container' },
  { mount: mount('/x', 'none', 'aufs'), checked: false, why: 'a container' },
  { mount: mount('/media/cd'), checked: false, why: 'removable' },
  { mount: mount('/Volumes/x'), checked: false, why: 'removable' },
  { mount: mount('/run/user/0', 'tmpfs', 'tmpfs'), checked: false, why: '/run' },
  { mount: mount('/running'), checked: true, why: 'not below /run' },
  { mount: mount('/dev/shm', 'tmpfs', 'tmpfs'), checked: false, why: 'shared memory' },
  { mount: mount('/sys/fs/cgroup', 'tmpfs', 'tmpfs'), checked: false, why: '/sys' },
  { mount: mount('/snap/core/1', '/dev/loop0', 'squashfs'), checked: false, why: 'a snap' },
  { mount: mount('/var/lib/docker/overlay2/x/merged'), checked: false, why: 'a container' },
  { mount: mount('/x', '/dev/vg/osvc_sync_lv'), checked: false, why: 'a snapshot of ours' },
  { mount: mount('/x', 'srv:/export', 'nfs4'), checked: false, why: 'of another host' },
  { mount: mount('/x', '//srv/share', 'cifs'), checked: false, why: 'of another host' },
  { mount: mount('/proc', 'proc', 'proc'), checked: false, why: 'of the kernel' },
];

test.each(filters)('$mount.mountPoint on $mount.device: $why', ({ mount, checked }) => {
  expect(isChecked(mount)).toBe(checked);
});

test('a file system with many mounts counts once, a hidden one not at all', () => {
  const mounts = [
    mount('/a/long/path', '/dev/sda1', 'ext4', 1),
    mount('/a', '/dev/sda1', 'ext4', 1),
    mount('/b', '/dev/sdb1', 'ext4', 2),
    mount('/b', '/dev/sdc1', 'ext4', 3),
  ];
  expect(distinctMounts(mounts).map(({ mountPoint, device }) => `${mountPoint} ${device}`)).toEqual(
    ['/a /dev/sda1', '/b /dev/sdc1'],
  );
});

test('a captured mount table', () => {
  const root = hostTree({
    'proc/self/mountinfo':
      '36 35 98:0 / /mnt/a\\040b rw,noatime shared:1 - ext4 /dev/sdb1 rw,errors=continue\n',
  });
  expect(readMounts(root)).toEqual([
    {
      device: '/dev/sdb1',
      mountPoint: '/mnt/a b',
      type: 'ext4',
      options: ['rw', 'noatime', 'errors=continue'],
      deviceNumber: '98:0',
      root: '/',
    },
  ]);
  expect(isRemote(mount('/x', '10.0.0.1:/e', 'nfs'))).toBe(true);
});

test('the figures of this host are those of df', async () => {
  // Tests of drivers mount and unmount while we look.
  const mounts = distinctMounts(readMounts()).filter(
    ({ mountPoint }) => mountPoint !== '/' && !mountPoint.includes('/nodemgr-driver-'),
  );
  const probes = await probeMounts(asking(run), mounts);
  expect(probes.map(({ mount }) => mount)).toEqual(mounts);
  const rows = (text: string) =>
    new Map(
      text
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(/\s+/))
        .map((words) => [words.slice(5).join(' '), words] as const),
    );
  const blocks = rows((await run(['df', '-Pa'])).stdout);
  const inodes = rows((await run(['df', '-Pia'])).stdout);
  let compared = 0;
  for (const probe of probes) {
    const block = blocks.get(probe.mount.mountPoint);
    const inode = inodes.get(probe.mount.mountPoint);
    // Others write to this host while we look: only what stays the same is compared exactly.
    if (probe.state !== 'ok' || !block || !inode || block[1] === '-' || block[1] === '0') continue;
    expect(probe.use.sizeKib, probe.mount.mountPoint).toBe(Number(block[1]));
    expect(probe.use.usedPercent, probe.mount.mountPoint).toBe(Number.parseInt(block[4] ?? '', 10));
    expect(Math.abs(probe.use.inodes - Number(inode[1]))).toBeLessThanOrEqual(inode[1] ? 10 : 0);
    compared++;
  }
  expect(compared).toBeGreaterThan(1);
  expect(probes.filter(({ state }) => state === 'silent')).toEqual([]);
});

test('a mount that hangs is reported, the others are not held up', async () => {
  const asked: string[] = [];
  const hanging: Run = (argv, options) => {
    const path = argv.at(-1) ?? '';
    asked.push(path);
    return path.startsWith('/dead') ? run(['sleep', '300'], options) : run(argv, options);
  };
  const mounts = [
    mount('/dead/1', 'srv:/e', 'nfs'),
    mount('/'),
    mount('/dead/2'),
    mount('/no/such/directory'),
  ];
  const began = performance.now();
  const probes = await probeMounts(asking(hanging), mounts, { timeoutMs: 300 });
  expect(performance.now() - began).toBeLessThan(1300);
  expect(probes.map(({ state }) => state)).toEqual(['silent', 'ok', 'silent', 'error']);
  expect(probes[3]).toMatchObject({ why: expect.stringContaining('No such file') });
  expect(asked.at(-1)).toBe('/dead/1');
});

const canFuse = can.mount && existsSync('/dev/fuse');

test.skipIf(!canFuse)('a file system whose server never answers: a real dead mount', async () => {
  const directory = temporary();
  const code = `
    const { createRunner } = await import(${JSON.stringify(runModule)});
    const { probeMounts } = await import(${JSON.stringify(dfModule)});
    const { askPlaces } = await import(${JSON.stringify(hangingModule)});
    const ask = askPlaces({ run: createRunner(), clock: Date, directory: ${JSON.stringify(temporary())} });
    const at = (mountPoint) => ({ mountPoint, device: '', type: 'x', options: [], deviceNumber: '' });
    const began = performance.now();
    const probes = await probeMounts(ask, [at(${JSON.stringify(directory)}), at('/')], { timeoutMs: 500 });
    console.log(JSON.stringify({ probes, ms: performance.now() - began }));`;
  // In a mount namespace of its own: nobody else on this host must meet the dead mount.
  const script = `exec 3<>/dev/fuse
    mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 dead "$1" || exit 9
    exec "$2" --input-type=module -e "$3"`;
  const child = spawn(
    'unshare',
    ['-m', '--propagation', 'private', 'sh', '-c', script, 'sh', directory, process.execPath, code],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  await once(child, 'close');
  const { probes, ms } = JSON.parse(text) as { probes: MountProbe[]; ms: number };
  expect(probes.map(({ state }) => state)).toEqual(['silent', 'ok']);
  expect(ms).toBeLessThan(1500);
});
