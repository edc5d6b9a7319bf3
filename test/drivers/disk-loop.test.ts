/** disk.loop, on real loop devices. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lacks } from '../support/can.js';
import { conformance } from './conformance.js';
import { createRig, type Rig } from './rig.js';
import { attach, detachAll, loopsOf, sh } from './storage.js';

const imageOf = ({ place }: Pick<Rig, 'place'>): string => join(place, 'images/a.img');
const configOf = (place: string): string =>
  `[disk#1]\ntype = loop\nfile = ${imageOf({ place })}\nsize = 8m\n`;

function makeImage(rig: Rig): void {
  mkdirSync(join(rig.place, 'images'), { recursive: true });
  writeFileSync(imageOf(rig), '');
  truncateSync(imageOf(rig), 8 << 20);
}

conformance({
  name: 'disk.loop',
  needs: ['loop'],
  rid: 'disk#1',
  config: configOf,
  prepare: makeImage,
  cleanUp: detachAll,
  isUp: (rig) => loopsOf(rig).length > 0,
  asPlanned: (line) => (line.includes(' is attached to ') ? undefined : line),
  traces: (rig) => `${loopsOf(rig).join('\n')} ${existsSync(imageOf(rig))}`,
  provisions: { exists: (rig) => existsSync(imageOf(rig)) },
});

describe.skipIf(lacks('loop'))('disk.loop', () => {
  function rigOf(config: (place: string) => string = configOf): Rig {
    const rig = createRig(config);
    onTestFinished(() => detachAll(rig));
    return rig;
  }

  test('its lines', async () => {
    const rig = rigOf();
    makeImage(rig);
    await rig.act('start');
    const [device] = loopsOf(rig);
    expect(rig.lines).toEqual([
      `disk#1 losetup -f ${imageOf(rig)}`,
      `disk#1 ${imageOf(rig)} is attached to ${device}`,
    ]);
    rig.lines.length = 0;
    await rig.act('start');
    await rig.act('stop');
    await rig.act('stop');
    expect(rig.lines).toEqual([
      `disk#1 loop ${imageOf(rig)} is already up`,
      `disk#1 losetup -d ${device}`,
      `disk#1 loop ${imageOf(rig)} is already down`,
    ]);
  });

  test('a device that somebody attached to another file is left alone', async () => {
    const rig = rigOf();
    makeImage(rig);
    const other = join(rig.place, 'images/other.img');
    writeFileSync(other, '');
    truncateSync(other, 4 << 20);
    const foreign = attach(other);
    expect((await rig.status('disk#1')).status).toBe('down');
    await rig.act('start');
    await rig.act('stop');
    await rig.act('unprovision');
    expect(loopsOf(rig)).toEqual([foreign]);
    expect(existsSync(other)).toBe(true);
  });

  test('a file that was deleted while a device holds it', async () => {
    const rig = rigOf();
    makeImage(rig);
    const device = attach(imageOf(rig));
    rmSync(imageOf(rig));
    expect(await rig.status('disk#1')).toMatchObject({
      status: 'warn',
      notes: [{ level: 'warn', text: `${imageOf(rig)} was deleted while ${device} holds it` }],
    });
    await rig.act('stop');
    expect(loopsOf(rig)).toEqual([]);
  });

  test('a file of the same name in another mount namespace is not ours', async () => {
    const rig = rigOf();
    makeImage(rig);
    const images = join(rig.place, 'images');
    const script = `mount -t tmpfs none ${images} && truncate -s 4M ${imageOf(rig)} && losetup --show -f ${imageOf(rig)}`;
    const device = sh(`unshare -m sh -c '${script}'`);
    onTestFinished(() => void sh(`losetup -d ${device}`));
    expect((await rig.status('disk#1')).status).toBe('down');
    await rig.act('stop');
    expect(sh(`losetup -l -n -O NAME ${device}`)).toBe(device);
  });

  test('every device that holds the file is detached', async () => {
    const rig = rigOf();
    makeImage(rig);
    attach(imageOf(rig));
    attach(imageOf(rig));
    expect((await rig.status('disk#1')).status).toBe('up');
    await rig.act('stop');
    expect(loopsOf(rig)).toEqual([]);
  });

  test('a symbolic link is followed', async () => {
    const rig = rigOf((place) => configOf(place).replace('/images/', '/link/'));
    makeImage(rig);
    sh(`ln -s images '${rig.place}/link'`);
    await rig.act('start');
    expect(loopsOf(rig)).toHaveLength(1);
    expect((await rig.status('disk#1')).status).toBe('up');
    await rig.act('stop');
    expect(loopsOf(rig)).toEqual([]);
  });

  test('a device that somebody else takes the moment it is free counts as detached', async () => {
    let other: string | undefined;
    const rig = createRig(configOf, {
      run: async (argv, real, options) => {
        const result = await real(argv, options);
        if (argv[0] === 'losetup' && argv[1] === '-d') {
          // The very same device, for another file.
          other = argv[2];
          sh(`losetup ${other} ${rig.place}/other.img`);
        }
        return result;
      },
    });
    onTestFinished(() => {
      if (other !== undefined) sh(`losetup -d ${other}`);
      detachAll(rig);
    });
    makeImage(rig);
    sh(`truncate -s 8M ${rig.place}/other.img`);
    await rig.act('start');
    await rig.act('stop');
    expect(loopsOf(rig)).toEqual([other]);
    expect((await rig.status('disk#1')).status).toBe('down');
  });

  test('a device that is mounted is not detached', async () => {
    const rig = rigOf();
    makeImage(rig);
    await rig.act('start');
    const [device] = loopsOf(rig);
    const mnt = join(rig.place, 'mnt');
    mkdirSync(mnt);
    sh(`mkfs.ext4 -q -F ${device} && mount ${device} ${mnt}`);
    onTestFinished(() => void spawnSync('umount', [mnt]));
    await expect(rig.act('stop')).rejects.toThrow(`${device} is in use: mounted on ${mnt}`);
    expect((await rig.status('disk#1')).status).toBe('up');
    sh(`umount ${mnt}`);
    await rig.act('stop');
    expect(loopsOf(rig)).toEqual([]);
  });

  test('a missing file is said, unless its file system is down', async () => {
    const rig = rigOf();
    expect(await rig.status('disk#1')).toMatchObject({
      status: 'down',
      notes: [{ level: 'warn', text: `${imageOf(rig)} does not exist` }],
    });
    await expect(rig.act('start')).rejects.toThrow(`${imageOf(rig)} does not exist`);
    rig.configure(
      `${configOf(rig.place)}[fs#1]\ntype = tmpfs\ndev = none\nmnt = ${join(rig.place, 'images')}\n`,
    );
    expect(await rig.status('disk#1')).toMatchObject({ status: 'down', notes: [] });
  });

  test('what is no file is refused and kept', async () => {
    const rig = rigOf();
    mkdirSync(imageOf(rig), { recursive: true });
    await expect(rig.act('start')).rejects.toThrow('is not a regular file');
    await expect(rig.act('unprovision')).rejects.toThrow('is not a regular file');
    expect(existsSync(imageOf(rig))).toBe(true);
  });

  test('provision makes a sparse file of whole sectors and never touches one that is there', async () => {
    const rig = rigOf((place) => configOf(place).replace('8m', '1000001'));
    await rig.act('provision');
    const stat = statSync(imageOf(rig));
    expect(stat.size).toBe(1000001 - (1000001 % 512));
    expect(stat.blocks).toBeLessThan(16);
    await rig.act('stop');
    writeFileSync(imageOf(rig), 'data');
    await rig.act('provision', { dryRun: true });
    await expect(rig.act('provision')).resolves.toBeUndefined();
    expect(statSync(imageOf(rig)).size).toBe(4);
  });

  test('a file that appears in the last moment is kept', async () => {
    const rig = createRig(configOf, {
      run: (argv, real, options) => {
        if (argv[0] === 'dd') writeFileSync(imageOf(rig), 'kept');
        return real(argv, options);
      },
    });
    onTestFinished(() => detachAll(rig));
    await expect(rig.act('provision')).rejects.toThrow('dd');
    expect(readFileSync(imageOf(rig), 'utf8')).toBe('kept');
  });

  test('a provision that is taken back leaves no file', async () => {
    const rig = rigOf((place) => `${configOf(place)}\n[app#zz]\ntype = test-fails\n`);
    await expect(rig.act('provision')).rejects.toThrow();
    expect(loopsOf(rig)).toEqual([]);
    expect(existsSync(imageOf(rig))).toBe(false);
  });
});
