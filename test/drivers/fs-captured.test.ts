/** File systems that the kernel of this machine does not have, against what their tools print. */
import { existsSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { volumeName } from '../../lib/drivers/fs/volume.js';
import type { Mount } from '../../lib/host/mounts.js';
import { parseZfsProperties } from '../../lib/host/zfs.js';
import { lacks } from '../support/can.js';
import { type Answer, capturedRun } from './captured.js';
import { createRig, type Rig } from './rig.js';
import { sh } from './storage.js';

/** A host whose mount table follows the commands. */
function host(
  config: string,
  { type, device, at }: { type: string; device: string; at: string },
  answer: (line: string) => Answer | undefined,
): { rig: Rig; mounted: { now: boolean }; commands: string[] } {
  const mounted = { now: false };
  const commands: string[] = [];
  const entry: Mount = {
    device,
    mountPoint: at,
    type,
    options: ['rw'],
    deviceNumber: '0:77',
    root: '/',
  };
  const root: Mount = {
    ...entry,
    device: '/dev/sda1',
    mountPoint: '/',
    type: 'ext4',
    deviceNumber: '8:1',
  };
  const run = capturedRun((line) => {
    commands.push(line);
    const given = answer(line);
    if (given) return given;
    if (line.startsWith('mkdir -p ')) return {};
    if (line.startsWith('stat -L')) return { stdout: '41ed 0 0 4096 77 128 0 0\n' };
    if (line.startsWith('dd of=')) return {};
    if (line.startsWith('mount ')) mounted.now = true;
    else if (line.startsWith('umount ')) mounted.now = false;
    else return undefined;
    return {};
  });
  const mounts = () => (mounted.now ? [root, entry] : [root]);
  return { rig: createRig(config, 'svc1', { run, mounts }), mounted, commands };
}

describe('fs.nfs (captured output)', () => {
  const config =
    '[fs#1]\ntype = nfs\ndev = srv1:/export/a/\nmnt = /nodemgr-none/a\nmnt_opt = ro,vers=4\n';
  const place = { type: 'nfs4', device: 'srv1:/export/a', at: '/nodemgr-none/a' };

  test('start, status, stop', async () => {
    const { rig, mounted, commands } = host(config, place, () => undefined);
    expect((await rig.status('fs#1')).status).toBe('down');
    await rig.act('start');
    expect(rig.lines).toEqual([
      'fs#1 mkdir -p /nodemgr-none/a',
      'fs#1 mount -t nfs -o ro,vers=4 srv1:/export/a/ /nodemgr-none/a',
    ]);
    expect(await rig.status('fs#1')).toMatchObject({ status: 'up', notes: [] });
    // Another host decides whether it can be written.
    expect(commands.some((line) => line.startsWith('dd '))).toBe(false);
    await rig.act('stop');
    expect(rig.lines.at(-1)).toBe('fs#1 umount /nodemgr-none/a');
    expect(mounted.now).toBe(false);
    await rig.act('stop');
    expect(rig.lines.at(-1)).toBe('fs#1 nfs srv1:/export/a/@/nodemgr-none/a is already umounted');
  });

  test('as nfs4', async () => {
    const { rig } = host(config.replace('= nfs', '= nfs4'), place, () => undefined);
    await rig.act('start');
    expect(rig.lines.at(-1)).toBe(
      'fs#1 mount -t nfs4 -o ro,vers=4 srv1:/export/a/ /nodemgr-none/a',
    );
    expect((await rig.status('fs#1')).status).toBe('up');
  });

  test('a mount that fails is taken back', async () => {
    const { rig, commands } = host(config, place, (line) =>
      line.startsWith('mount ')
        ? {
            exitCode: 32,
            stderr: 'mount.nfs: access denied by server while mounting srv1:/export/a\n',
          }
        : line.startsWith('rmdir ')
          ? {}
          : undefined,
    );
    await expect(rig.act('start')).rejects.toThrow('exited with 32');
    expect(rig.lines.join('\n')).toContain('access denied by server');
    expect(commands.at(-1)).toBe('rmdir /nodemgr-none/a /nodemgr-none');
  });

  test('a stale handle is said', async () => {
    const { rig, mounted } = host(config, place, (line) =>
      line.startsWith('stat ')
        ? { exitCode: 1, stderr: "stat: cannot stat '/nodemgr-none/a': Stale file handle\n" }
        : undefined,
    );
    mounted.now = true;
    expect(await rig.status('fs#1')).toMatchObject({
      status: 'warn',
      notes: [{ text: "stat: cannot stat '/nodemgr-none/a': Stale file handle" }],
    });
  });
});

describe('fs.zfs (captured output)', () => {
  const config = '[fs#1]\ntype = zfs\ndev = data/svc1\nmnt = /nodemgr-none/z\nsize = 1g\n';
  const place = { type: 'zfs', device: 'data/svc1', at: '/nodemgr-none/z' };

  function pool(properties: Record<string, string> | undefined, options: { busy?: boolean } = {}) {
    let set = properties;
    const made = host(config, place, (line) => {
      const missing = { exitCode: 1, stderr: "cannot open 'data/svc1': dataset does not exist\n" };
      if (line === 'zfs list data/svc1') return set ? {} : missing;
      if (line.startsWith('zfs get -H -o property,value ')) {
        const rows = Object.entries(set ?? {}).map(([name, value]) => `${name}\t${value}\n`);
        return set ? { stdout: rows.join('') } : missing;
      }
      if (line.startsWith('zfs create '))
        set = { canmount: 'noauto', zoned: 'off', mountpoint: place.at };
      else if (line.startsWith('zfs destroy ')) set = undefined;
      else if (line.startsWith('zfs mount -O ')) made.mounted.now = true;
      else if (line.startsWith('zfs mount ')) {
        if (options.busy) return { exitCode: 1, stderr: 'cannot mount: directory is not empty\n' };
        made.mounted.now = true;
      } else if (line.startsWith('zfs umount -f ')) made.mounted.now = false;
      else if (line.startsWith('zfs umount ')) {
        if (options.busy)
          return { exitCode: 1, stderr: 'cannot unmount: pool or dataset is busy\n' };
        made.mounted.now = false;
      } else if (line.startsWith('find ')) return { exitCode: 1 };
      else if (!line.startsWith('zfs set ')) return undefined;
      return {};
    });
    return made;
  }

  test('start sets what differs, stop unmounts', async () => {
    const { rig } = pool({ canmount: 'on', zoned: 'on', mountpoint: '/data/svc1' });
    expect((await rig.status('fs#1')).status).toBe('down');
    await rig.act('start');
    expect(rig.lines).toEqual([
      'fs#1 mkdir -p /nodemgr-none/z',
      'fs#1 WARNING canmount of data/svc1 is on instead of noauto',
      'fs#1 zfs set zoned=off data/svc1',
      'fs#1 zfs set mountpoint=/nodemgr-none/z data/svc1',
      'fs#1 zfs mount data/svc1',
    ]);
    expect((await rig.status('fs#1')).status).toBe('up');
    rig.lines.length = 0;
    await rig.act('start');
    await rig.act('stop');
    expect(rig.lines).toEqual([
      'fs#1 zfs data/svc1@/nodemgr-none/z is already mounted',
      'fs#1 zfs umount data/svc1',
    ]);
  });

  test('a mount point that is not empty, a dataset that is busy', async () => {
    const { rig, commands } = pool(
      { canmount: 'noauto', zoned: 'off', mountpoint: '/nodemgr-none/z' },
      { busy: true },
    );
    await rig.act('start');
    await rig.act('stop');
    expect(commands.filter((line) => /^zfs (u?mount)/.test(line))).toEqual([
      'zfs mount data/svc1',
      'zfs mount -O data/svc1',
      'zfs umount data/svc1',
      'zfs umount -f data/svc1',
    ]);
  });

  test('provision and unprovision, twice each', async () => {
    const { rig, commands } = pool(undefined);
    await rig.act('provision');
    await rig.act('provision');
    expect(commands.filter((line) => line.startsWith('zfs create'))).toEqual([
      'zfs create -p -o mountpoint=/nodemgr-none/z -o canmount=noauto -o refquota=1073741824 data/svc1',
    ]);
    await rig.act('unprovision');
    await rig.act('unprovision');
    expect(commands.filter((line) => line.startsWith('zfs destroy'))).toEqual([
      'zfs destroy -r data/svc1',
    ]);
  });

  test('properties that do not apply are left out', () => {
    expect([...parseZfsProperties('canmount\tnoauto\nzoned\t-\nmountpoint\t/a b\n')]).toEqual([
      ['canmount', 'noauto'],
      ['mountpoint', '/a b'],
    ]);
  });
});

describe('a logical volume under a file system (captured output)', () => {
  const vg = `nm${process.pid}`;
  const dev = `/dev/${vg}/data`;
  const config = `[fs#1]
type = ext4
dev = ${dev}
mnt = /nodemgr-none/v
vg = ${vg}
size = 1g
`;

  test.skipIf(lacks('root'))('it is made before, and removed after', async () => {
    const nodes = [dev, `/dev/mapper/${vg}-data`];
    const clear = () => sh(`rm -rf /dev/${vg} ${nodes[1]}`);
    onTestFinished(() => void clear());
    let isFormatted = false;
    const place = { type: 'ext4', device: dev, at: '/nodemgr-none/v' };
    const { rig, commands } = host(config, place, (line) => {
      if (line === `lvdisplay ${dev}`) return { exitCode: existsSync(dev) ? 0 : 5 };
      if (line.startsWith('lvcreate ')) {
        sh(
          `mkdir -p /dev/${vg} /dev/mapper && for n in ${nodes.join(' ')}; do mknod $n b 7 99; done`,
        );
      } else if (line.startsWith('lvremove ')) clear();
      else if (line.startsWith('mkfs.ext4 ')) isFormatted = true;
      else if (line.startsWith('tune2fs ')) return { exitCode: isFormatted ? 0 : 1 };
      else if (line.startsWith('blkid ')) return { exitCode: 2 };
      else if (line.startsWith('find ')) return { exitCode: 1 };
      else if (!/^(dmsetup mknodes|e2fsck )/.test(line)) return undefined;
      return {};
    });
    await rig.act('provision');
    await rig.act('provision');
    expect((await rig.status('fs#1')).status).toBe('up');
    await rig.act('unprovision');
    await rig.act('unprovision');
    expect(
      commands.filter((line) => /^(lvcreate|dmsetup|mkfs|e2fsck|mount|lvremove)/.test(line)),
    ).toEqual([
      `lvcreate -n data -L 1024M ${vg}`,
      'dmsetup mknodes',
      `mkfs.ext4 -F -q ${dev}`,
      `e2fsck -p ${dev}`,
      `mount -t ext4 ${dev} /nodemgr-none/v`,
      `lvremove -f ${dev}`,
    ]);
  });

  test.each([
    { vg: 'vg1', dev: '/dev/vg1/data', name: 'data' },
    { vg: 'my-vg', dev: '/dev/mapper/my--vg-a--b', name: 'a-b' },
    { vg: 'vg1', dev: '/dev/vg2/data', name: undefined },
    { vg: 'vg1', dev: '/dev/vg1/', name: undefined },
  ])('$dev in $vg is $name', ({ vg, dev, name }) => {
    expect(volumeName(vg, dev)).toBe(name);
  });

  test('without a size nothing is made', async () => {
    const place = { type: 'ext4', device: dev, at: '/nodemgr-none/v' };
    const { rig } = host(config.replace('size = 1g\n', ''), place, (line) =>
      line.startsWith('lvdisplay ') ? { exitCode: 5 } : undefined,
    );
    await expect(rig.act('provision')).rejects.toThrow('cannot be made in vg');
  });
});
