/** What is special about mounted file systems: their lines, who is in the way, what they say. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { nothingRan } from '../../lib/exec/run.js';
import { until } from '../exec/probe.js';
import { lacks } from '../support/can.js';
import { createRig, type Rig, type RigOptions } from './rig.js';
import { attach, detachAll, loopsOf, mountsOf, sh } from './storage.js';

const imageOf = (rig: Pick<Rig, 'place'>): string => join(rig.place, 'image');
const mntOf = (rig: Pick<Rig, 'place'>): string => join(rig.place, 'mnt');

function rigOf(config: (place: string) => string, options: RigOptions = {}): Rig {
  const rig = createRig(config, options);
  onTestFinished(() => detachAll(rig));
  return rig;
}

/** An ext4 that is attached: tests then know its device. */
function ext4(keywords = '', dev?: string, options: RigOptions = {}): { rig: Rig; device: string } {
  const rig = rigOf(() => '', options);
  writeFileSync(imageOf(rig), '');
  truncateSync(imageOf(rig), 8 << 20);
  const device = attach(imageOf(rig));
  sh(`mkfs.ext4 -q -F -L t${process.pid} ${device}`);
  rig.configure(`[fs#1]\ntype = ext4\ndev = ${dev ?? device}\nmnt = ${mntOf(rig)}\n${keywords}\n`);
  return { rig, device };
}

const notesOf = async (rig: Rig, rid = 'fs#1'): Promise<string[]> =>
  (await rig.status(rid)).notes.map(({ text }) => text);

describe.skipIf(lacks('loop'))('fs.ext4', () => {
  test('its lines', async () => {
    const { rig, device } = ext4('mnt_opt = rw');
    mkdirSync(mntOf(rig));
    await rig.act('start');
    expect(rig.lines.map((line) => line.trimEnd())).toEqual([
      `fs#1 e2fsck -p ${device}`,
      'fs#1 output:',
      expect.stringMatching(/^fs#1 t\d+: clean, 11\/\d+ files, \d+\/\d+ blocks$/),
      'fs#1',
      `fs#1 mount -t ext4 -o rw ${device} ${mntOf(rig)}`,
    ]);
    rig.lines.length = 0;
    await rig.act('start');
    await rig.act('stop');
    await rig.act('stop');
    expect(rig.lines).toEqual([
      `fs#1 ext4 ${device}@${mntOf(rig)} is already mounted`,
      `fs#1 umount ${mntOf(rig)}`,
      `fs#1 ext4 ${device}@${mntOf(rig)} is already umounted`,
    ]);
  });

  test('a file that a loop device holds is mounted from it, without the option loop', async () => {
    const { rig, device } = ext4();
    rig.configure(
      `[fs#1]\ntype = ext4\ndev = ${imageOf(rig)}\nmnt = ${mntOf(rig)}\nmnt_opt = loop,ro\n`,
    );
    await rig.act('start');
    expect(rig.lines).toContain(`fs#1 mount -t ext4 -o ro ${device} ${mntOf(rig)}`);
    expect(loopsOf(rig)).toEqual([device]);
    expect(await rig.status('fs#1')).toMatchObject({ status: 'up', notes: [] });
  });

  test('a file that no device holds is attached by mount, and goes with it', async () => {
    const { rig, device } = ext4();
    sh(`losetup -d ${device}`);
    rig.configure(
      `[fs#1]\ntype = ext4\ndev = ${imageOf(rig)}\nmnt = ${mntOf(rig)}\nmnt_opt = loop\n`,
    );
    await rig.act('start');
    expect(rig.lines).toContain(`fs#1 mount -t ext4 -o loop ${imageOf(rig)} ${mntOf(rig)}`);
    expect((await rig.status('fs#1')).status).toBe('up');
    await rig.act('stop');
    await until('the kernel lets it go', () => loopsOf(rig).length === 0);
  });

  test('the mount point is made, and taken back with the directories above it', async () => {
    const { rig, device } = ext4();
    const deep = join(rig.place, 'a/b/c');
    const config = `[fs#1]\ntype = ext4\ndev = ${device}\nmnt = ${deep}\n`;
    rig.configure(`${config}[app#zz]\ntype = test-fails\n`);
    await expect(rig.act('start')).rejects.toThrow();
    expect(existsSync(join(rig.place, 'a'))).toBe(false);
    expect(mountsOf(rig)).toEqual([]);
    rig.configure(config);
    await rig.act('start');
    expect(sh(`stat -c %a ${join(rig.place, 'a/b')}`)).toBe('755');
    expect((await rig.status('fs#1')).status).toBe('up');
  });

  test('a device that does not exist is said, and nothing is made', async () => {
    const { rig } = ext4('', '/dev/nodemgr-none');
    await expect(rig.act('start')).rejects.toThrow('/dev/nodemgr-none does not exist');
    expect(existsSync(mntOf(rig))).toBe(false);
    expect(await rig.status('fs#1')).toMatchObject({ status: 'down', notes: [] });
  });

  test('a check that cannot repair ends the start', async () => {
    const { rig, device } = ext4();
    sh(`dd if=/dev/zero of=${device} bs=1k count=64 conv=notrunc status=none`);
    await expect(rig.act('start')).rejects.toThrow(`e2fsck -p ${device} exited with 8`);
    expect(mountsOf(rig)).toEqual([]);
  });

  test('a check that repaired something is a success', async () => {
    const { rig, device } = ext4();
    // A file system that was not unmounted, with a wrong count of free blocks.
    sh(
      `debugfs -w -R 'ssv free_blocks_count 5' ${device} && debugfs -w -R 'ssv state 0' ${device}`,
    );
    await rig.act('start');
    expect((await rig.status('fs#1')).status).toBe('up');
  });

  test.each([
    { tag: 'LABEL', why: 'its label' },
    { tag: 'UUID', why: 'its uuid' },
  ])('a device is found by $why', async ({ tag }) => {
    const { rig, device } = ext4();
    const value = sh(`blkid -p -o value -s ${tag} ${device}`);
    rig.configure(`[fs#1]\ntype = ext4\ndev = ${tag}=${value}\nmnt = ${mntOf(rig)}\n`);
    expect((await rig.status('fs#1')).status).toBe('down');
    await rig.act('start');
    expect(rig.lines).toContain(`fs#1 mount -t ext4 ${tag}=${value} ${mntOf(rig)}`);
    expect((await rig.status('fs#1')).status).toBe('up');
    await rig.act('stop');
    expect(mountsOf(rig)).toEqual([]);
  });

  test('a mount point behind a symbolic link, written with slashes too many', async () => {
    const { rig, device } = ext4();
    mkdirSync(join(rig.place, 'real'));
    symlinkSync('real', join(rig.place, 'link'));
    rig.configure(`[fs#1]\ntype = ext4\ndev = ${device}\nmnt = ${rig.place}/link//mnt/\n`);
    await rig.act('start');
    expect(mountsOf(rig)).toEqual([`ext4 ${device} on ${rig.place}/real/mnt`]);
    expect((await rig.status('fs#1')).status).toBe('up');
    await rig.act('stop');
    expect(mountsOf(rig)).toEqual([]);
  });

  test('owner and mode are those of the file system', async () => {
    const { rig } = ext4('user = daemon\ngroup = 1\nperm = 2770');
    await rig.act('start');
    expect(sh(`stat -c '%u %g %a' ${mntOf(rig)}`)).toBe('1 1 2770');
    expect((await rig.status('fs#1')).status).toBe('up');
    chmodSync(mntOf(rig), 0o755);
    expect(await rig.status('fs#1')).toMatchObject({ status: 'warn' });
    expect(await notesOf(rig)).toEqual(['mode 755 instead of 2770']);
    await rig.act('start');
    expect((await rig.status('fs#1')).status).toBe('up');
  });

  test('one that the kernel made read-only is not up; one that is meant to be, is', async () => {
    const { rig, device } = ext4();
    await rig.act('start');
    sh(`mount -o remount,ro ${mntOf(rig)}`);
    expect(await rig.status('fs#1')).toMatchObject({ status: 'warn' });
    expect(await notesOf(rig)).toEqual([`${mntOf(rig)} cannot be written: Read-only file system`]);
    rig.configure(
      `[fs#1]\ntype = ext4\ndev = ${device}\nmnt = ${mntOf(rig)}\nmnt_opt = noatime,ro\n`,
    );
    expect((await rig.status('fs#1')).status).toBe('up');
  });

  test('a full one counts as writable', async () => {
    const { rig } = ext4();
    await rig.act('start');
    // The large file leaves some blocks: small ones take them.
    sh(`cd ${mntOf(rig)} && dd if=/dev/zero of=all bs=1M status=none 2>/dev/null
      n=0; while [ $n -lt 1000 ] && echo x 2>/dev/null >small$n; do n=$((n + 1)); done; sync -f .`);
    expect(() => writeFileSync(join(mntOf(rig), '.opensvc'), ' ')).toThrow(/ENOSPC/);
    expect(await rig.status('fs#1')).toMatchObject({ status: 'up', notes: [] });
  });

  test('the write test follows no link that somebody left there', async () => {
    const { rig } = ext4();
    await rig.act('start');
    const victim = join(rig.place, 'victim');
    writeFileSync(victim, 'kept');
    symlinkSync(victim, join(mntOf(rig), '.opensvc'));
    expect((await rig.status('fs#1')).status).toBe('warn');
    expect(readFileSync(victim, 'utf8')).toBe('kept');
  });

  test('a mount over ours is said, and nobody unmounts it', async () => {
    const { rig } = ext4();
    await rig.act('start');
    sh(`mount -t tmpfs over ${mntOf(rig)}`);
    expect(await rig.status('fs#1')).toMatchObject({ status: 'warn' });
    expect(await notesOf(rig)).toEqual([`${mntOf(rig)} is hidden: tmpfs over is mounted over it`]);
    await expect(rig.act('stop')).rejects.toThrow('is hidden');
    await expect(rig.act('start')).rejects.toThrow('is hidden');
    expect(mountsOf(rig)).toHaveLength(2);
  });

  test('another device on the mount point is said, and a stop leaves it', async () => {
    const { rig } = ext4();
    mkdirSync(mntOf(rig));
    sh(`mount -t tmpfs other ${mntOf(rig)}`);
    expect(await rig.status('fs#1')).toMatchObject({ status: 'down' });
    expect(await notesOf(rig)).toEqual([`${mntOf(rig)} is taken: tmpfs other is mounted there`]);
    await expect(rig.act('start')).rejects.toThrow('in use elsewhere: fs#1');
    await rig.act('stop');
    expect(mountsOf(rig)).toHaveLength(1);
  });

  test('one that is mounted twice is unmounted twice', async () => {
    const { rig } = ext4();
    await rig.act('start');
    sh(`mount --bind ${mntOf(rig)} ${mntOf(rig)}`);
    await rig.act('stop');
    expect(mountsOf(rig)).toEqual([]);
  });
});

describe.skipIf(lacks('loop'))('the stop of a busy file system', () => {
  /** A process with its directory there; ended with the test. */
  async function userOf(directory: string): Promise<ChildProcess> {
    const child = spawn('/bin/sh', ['-c', 'echo; exec sleep 300'], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    return child;
  }
  const isRunning = ({ exitCode, signalCode }: ChildProcess): boolean =>
    exitCode === null && signalCode === null;

  test('what is mounted below goes first, deepest first', async () => {
    const { rig } = ext4();
    await rig.act('start');
    const below = join(mntOf(rig), 'b');
    mkdirSync(below);
    sh(`mount -t tmpfs t1 ${below} && mkdir ${below}/c && mount -t tmpfs t2 ${below}/c`);
    rig.lines.length = 0;
    await rig.act('stop');
    expect(rig.lines).toEqual([
      `fs#1 umount ${below}/c`,
      `fs#1 umount ${below}`,
      `fs#1 umount ${mntOf(rig)}`,
    ]);
    expect(mountsOf(rig)).toEqual([]);
  });

  test('its users are ended, nobody else', async () => {
    const { rig } = ext4();
    await rig.act('start');
    mkdirSync(join(mntOf(rig), 'sub'));
    const inside = await userOf(join(mntOf(rig), 'sub'));
    const outside = await userOf(rig.place);
    rig.lines.length = 0;
    await rig.act('stop');
    expect(mountsOf(rig)).toEqual([]);
    expect(isRunning(inside)).toBe(false);
    expect(isRunning(outside)).toBe(true);
    expect(rig.lines).toContain(`fs#1 fuser -kmv ${mntOf(rig)}`);
  });

  test('users of the same file system in another place are spared', async () => {
    const { rig, device } = ext4();
    await rig.act('start');
    mkdirSync(join(mntOf(rig), 'sub'));
    mkdirSync(join(rig.place, 'second'));
    sh(`mount ${device} ${rig.place}/second`);
    const elsewhere = await userOf(join(rig.place, 'second/sub'));
    const inside = await userOf(mntOf(rig));
    await rig.act('stop');
    expect(isRunning(elsewhere)).toBe(true);
    expect(isRunning(inside)).toBe(false);
    expect(mountsOf(rig)).toEqual([`ext4 ${device} on ${rig.place}/second`]);
  });

  test('loop devices of nobody on its files are detached', async () => {
    const { rig, device } = ext4();
    await rig.act('start');
    const inner = join(mntOf(rig), 'inner');
    writeFileSync(inner, '');
    truncateSync(inner, 1 << 20);
    attach(inner);
    await rig.act('stop');
    expect(mountsOf(rig)).toEqual([]);
    expect(loopsOf(rig)).toEqual([device]);
  });

  test('what device-mapper left on such a loop device goes first (captured output)', async () => {
    const commands: string[] = [];
    const other = '[fs#2]\ntype = ext4\ndev = /dev/mapper/ours\nmnt = /nowhere\n';
    const { rig, device } = ext4(other, undefined, {
      run: (argv, real, options) => {
        const line = argv.join(' ');
        const said = (stdout: string) =>
          Promise.resolve({ ...nothingRan, argv, startedAt: 0, endedAt: 0, stdout });
        if (/^(losetup -d|umount) /.test(line)) commands.push(line.split(' ', 1)[0] ?? '');
        if (argv[0] === 'dmsetup') {
          commands.push(line);
          return said('');
        }
        if (argv[0] !== 'lsblk') return real(argv, options);
        const children = [
          { name: '/dev/mapper/loop7p1', type: 'part' },
          { name: '/dev/mapper/ours', type: 'crypt' },
        ];
        return said(JSON.stringify({ blockdevices: [{ name: argv.at(-1), children }] }));
      },
    });
    await rig.act('start', { rid: 'fs#1' });
    const inner = join(mntOf(rig), 'inner');
    writeFileSync(inner, '');
    truncateSync(inner, 1 << 20);
    attach(inner);
    await rig.act('stop', { rid: 'fs#1' });
    expect(mountsOf(rig)).toEqual([]);
    expect(loopsOf(rig)).toEqual([device]);
    expect(commands.slice(0, 3)).toEqual(['umount', 'dmsetup remove loop7p1', 'losetup']);
    expect(commands.filter((line) => line.startsWith('dmsetup'))).toHaveLength(1);
  });

  test('one that cannot be freed is an error, and stays up', async () => {
    const { rig } = ext4();
    await rig.act('start');
    const inner = join(mntOf(rig), 'inner');
    writeFileSync(inner, '');
    truncateSync(inner, 1 << 20);
    const loop = attach(inner);
    mkdirSync(join(rig.place, 'inner'));
    sh(`mkfs.ext4 -q -F ${loop} && mount ${loop} ${rig.place}/inner`);
    await expect(rig.act('stop')).rejects.toThrow(`${mntOf(rig)} is still mounted`);
    expect((await rig.status('fs#1')).status).toBe('up');
    sh(`umount ${rig.place}/inner && losetup -d ${loop}`);
  });

  test('the users of a bind are left alone where the system lives', async () => {
    const rig = rigOf(
      (place) => `[fs#1]\ntype = bind\ndev = ${place}/source\nmnt = ${place}/mnt\n`,
    );
    mkdirSync(join(rig.place, 'source'));
    await rig.act('start');
    expect(rig.lines).toContain(`fs#1 mount -o bind ${rig.place}/source ${mntOf(rig)}`);
    const user = await userOf(mntOf(rig));
    await expect(rig.act('stop')).rejects.toThrow('is still mounted');
    expect(isRunning(user)).toBe(true);
    expect(rig.lines.filter((line) => line.startsWith('fs#1 fuser'))).toEqual([]);
    expect((await rig.status('fs#1')).status).toBe('up');
  });
});

describe.skipIf(lacks('mount'))('binds and file systems in memory', () => {
  test('the bind of another directory is not ours', async () => {
    const rig = rigOf(
      (place) => `[fs#1]\ntype =\ndev = ${place}/source\nmnt = ${place}/mnt\nmnt_opt = bind\n`,
    );
    for (const name of ['source', 'other', 'mnt']) mkdirSync(join(rig.place, name));
    sh(`mount --bind ${rig.place}/other ${mntOf(rig)}`);
    expect((await rig.status('fs#1')).status).toBe('down');
    await expect(rig.act('start')).rejects.toThrow('in use elsewhere');
    await rig.act('stop');
    expect(mountsOf(rig)).toHaveLength(1);
  });

  test('a file is bound over a file', async () => {
    const rig = rigOf(
      (place) => `[fs#1]\ntype = bind\ndev = ${place}/source\nmnt = ${place}/mnt\nmnt_opt = bind\n`,
    );
    writeFileSync(join(rig.place, 'source'), 'bound');
    writeFileSync(mntOf(rig), 'hidden');
    expect((await rig.status('fs#1')).status).toBe('down');
    await rig.act('start');
    expect(readFileSync(mntOf(rig), 'utf8')).toBe('bound');
    expect((await rig.status('fs#1')).status).toBe('up');
    await rig.act('start');
    await rig.act('stop');
    expect(readFileSync(mntOf(rig), 'utf8')).toBe('hidden');
  });

  test('mounts go up from above to below, and down the other way', async () => {
    const rig = rigOf((place) =>
      ['a', 'c', 'b']
        .map((id, n) => [id, ['deep/er', '', 'deep'][n]])
        .map(([id, at]) => `[fs#${id}]\ntype = tmpfs\ndev = none\nmnt = ${place}/mnt/${at}\n`)
        .join(''),
    );
    await rig.act('start');
    const mounted = mountsOf(rig).map((line) => line.slice(line.indexOf(mntOf(rig))));
    expect(mounted).toEqual(['', '/deep', '/deep/er'].map((at) => `${mntOf(rig)}${at}`));
    rig.lines.length = 0;
    await rig.act('stop');
    expect(rig.lines).toEqual([
      `fs#a umount ${mntOf(rig)}/deep/er`,
      `fs#b umount ${mntOf(rig)}/deep`,
      `fs#c umount ${mntOf(rig)}`,
    ]);
  });

  test('many at the same time', async () => {
    const ids = Array.from({ length: 12 }, (_, n) => n);
    const rig = rigOf((place) =>
      [
        '[subset#fs]\nparallel = true\n',
        ...ids.map((n) => `[fs#${n}]\ntype = tmpfs\ndev = none\nmnt = ${place}/mnt${n}\n`),
      ].join('\n'),
    );
    await rig.act('start');
    expect(mountsOf(rig)).toHaveLength(ids.length);
    await rig.act('stop');
    expect(mountsOf(rig)).toEqual([]);
  });

  test('unprovision keeps a mount point with files in it', async () => {
    const rig = rigOf((place) => `[fs#1]\ntype = tmpfs\ndev = none\nmnt = ${place}/mnt\n`);
    await rig.act('provision');
    await rig.act('stop');
    writeFileSync(join(mntOf(rig), 'kept'), '');
    await rig.act('unprovision');
    expect(existsSync(join(mntOf(rig), 'kept'))).toBe(true);
    rmSync(join(mntOf(rig), 'kept'));
    await rig.act('unprovision');
    expect(existsSync(mntOf(rig))).toBe(false);
  });
});

describe.skipIf(lacks('loop'))('provision of a file system', () => {
  function emptyDevice(type: string, keywords = ''): { rig: Rig; device: string } {
    const rig = rigOf(() => '');
    writeFileSync(imageOf(rig), '');
    truncateSync(imageOf(rig), 8 << 20);
    const device = attach(imageOf(rig));
    rig.configure(`[fs#1]\ntype = ${type}\ndev = ${device}\nmnt = ${mntOf(rig)}\n${keywords}`);
    return { rig, device };
  }

  test('its line, with options', async () => {
    const { rig, device } = emptyDevice('ext4', "mkfs_opt = -L 'my disk'\n");
    await rig.act('provision');
    expect(rig.lines).toContain(`fs#1 mkfs.ext4 -F -q -L 'my disk' ${device}`);
    expect(sh(`blkid -p -o value -s LABEL ${device}`)).toBe('my disk');
    expect((await rig.status('fs#1')).status).toBe('up');
  });

  test('a device that holds something else is not formatted', async () => {
    const { rig, device } = emptyDevice('ext4');
    sh(`mkswap ${device}`);
    const before = sh(`md5sum ${device}`);
    await expect(rig.act('provision')).rejects.toThrow(`${device} is not empty: swap`);
    expect(sh(`md5sum ${device}`)).toBe(before);
  });

  test('the data of one that is formatted survive another provision', async () => {
    const { rig } = emptyDevice('ext4');
    await rig.act('provision');
    writeFileSync(join(mntOf(rig), 'kept'), '');
    await rig.act('unprovision');
    expect(existsSync(mntOf(rig))).toBe(false);
    await rig.act('provision');
    expect(existsSync(join(mntOf(rig), 'kept'))).toBe(true);
  });

  test('a dry run from nothing has the lines of the real run', async () => {
    const rig = rigOf(
      (place) => `[disk#1]
type = loop
file = ${place}/images/image
size = 8m

[fs#1]
type = ext4
dev = ${place}/images/image
mnt = ${place}/mnt
`,
    );
    await rig.act('provision', { dryRun: true });
    const planned = [...rig.lines];
    expect(existsSync(join(rig.place, 'images'))).toBe(false);
    rig.lines.length = 0;
    await rig.act('provision');
    const [device = ''] = loopsOf(rig);
    const isCommand = (line: string): boolean =>
      /^\S+ (mkdir|dd|losetup|mkfs|e2fsck|mount)/.test(line);
    expect(planned.filter(isCommand)).toHaveLength(7);
    expect(
      rig.lines.filter(isCommand).map((line) => line.replace(device, `${rig.place}/images/image`)),
    ).toEqual(planned);
  });

  test('a device that is missing is said', async () => {
    const { rig } = emptyDevice('ext4');
    rig.configure(`[fs#1]\ntype = ext4\ndev = ${rig.place}/none\nmnt = ${mntOf(rig)}\n`);
    await expect(rig.act('provision')).rejects.toThrow(`${rig.place}/none is no block device`);
  });
});

describe.skipIf(lacks('btrfs'))('btrfs on two devices', () => {
  test.each([0, 1])('is recognised by device %i', async (n) => {
    const rig = rigOf(() => '');
    const devices = ['one', 'two'].map((name) => {
      const image = join(rig.place, name);
      writeFileSync(image, '');
      truncateSync(image, 120 << 20);
      return attach(image);
    });
    sh(`mkfs.btrfs -q -f -d single -m raid1 ${devices.join(' ')}`);
    rig.configure(`[fs#1]\ntype = btrfs\ndev = ${devices[n]}\nmnt = ${mntOf(rig)}\n`);
    await rig.act('start');
    expect((await rig.status('fs#1')).status).toBe('up');
    await rig.act('stop');
    expect(mountsOf(rig)).toEqual([]);
  });
});

describe.skipIf(lacks('btrfs'))('provision of btrfs', () => {
  test('it is labelled, found by its label from then on, and gets its subvolume', async () => {
    const rid = `fs#s${process.pid}`;
    const rig = rigOf(() => '');
    writeFileSync(imageOf(rig), '');
    truncateSync(imageOf(rig), 120 << 20);
    const device = attach(imageOf(rig));
    const config = `[${rid}]\ntype = btrfs\ndev = ${device}\nmnt = ${mntOf(rig)}\nmnt_opt = subvol=data\n`;
    rig.configure(config);
    await rig.act('provision');
    const label = `svc1.fs.s${process.pid}`;
    expect(rig.lines).toContain(`${rid} mkfs.btrfs -f -L ${label} ${device}`);
    expect(readFileSync(join(rig.paths.etc, 'svc1.conf'), 'utf8')).toContain(
      `dev = LABEL={svcname}.fs.s${process.pid}\n`,
    );
    expect((await rig.status(rid)).status).toBe('up');
    expect(sh(`findmnt -n -o FSROOT ${mntOf(rig)}`)).toBe('/data');
    await rig.act('stop');
    await rig.act('start');
    expect((await rig.status(rid)).status).toBe('up');
    await rig.act('stop');
  });
});
