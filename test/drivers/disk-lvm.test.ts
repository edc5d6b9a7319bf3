/** disk.vg and disk.lv: groups are real, active volumes need a kernel with device-mapper. */
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mapperPath, parseLogicalVolumes, parseVolumeGroups } from '../../lib/host/lvm.js';
import { lacks } from '../support/can.js';
import { type Answer, capturedRun } from './captured.js';
import { createRig, type Rig } from './rig.js';
import { attach, detachAll, sh } from './storage.js';

describe.skipIf(lacks('loop', 'lvm'))('disk.vg, without volumes', () => {
  const name = `nmtest${process.pid}`;
  const imageOf = (rig: Pick<Rig, 'place'>): string => join(rig.place, 'pv');
  const configOf = (place: string): string =>
    `[disk#1]\ntype = vg\nname = ${name}\npvs = ${imageOf({ place })}\noptions = -s 1m\n`;

  function rigOf(): { rig: Rig; device: string } {
    const rig = createRig(configOf);
    onTestFinished(() => {
      sh(`vgremove -ff ${name} 2>/dev/null || true`);
      detachAll(rig);
    });
    writeFileSync(imageOf(rig), '');
    truncateSync(imageOf(rig), 32 << 20);
    return { rig, device: attach(imageOf(rig)) };
  }
  const tags = (): string => sh(`vgs --noheadings -o tags ${name}`);

  test('provision, start, stop, unprovision, twice each', async () => {
    const { rig, device } = rigOf();
    expect((await rig.status('disk#1')).status).toBe('down');
    await rig.act('provision');
    expect(rig.lines.filter((line) => !/output:|success| $/.test(line))).toEqual([
      `disk#1 pvcreate -f ${device}`,
      `disk#1 vgcreate -s 1m ${name} ${device}`,
      `disk#1 vgchange --addtag @node1 ${name}`,
      `disk#1 vg ${name} is already up`,
    ]);
    expect(tags()).toBe('node1');
    expect((await rig.status('disk#1')).status).toBe('up');
    await rig.act('provision');
    await rig.act('stop');
    expect(tags()).toBe('');
    rig.lines.length = 0;
    await rig.act('stop');
    expect(rig.lines).toEqual([`disk#1 vg ${name} is already down`]);
    await rig.act('unprovision');
    expect(sh('vgs --noheadings -o vg_name')).not.toContain(name);
    await rig.act('unprovision');
    expect((await rig.status('disk#1')).status).toBe('down');
  });

  test('the tag of another node is taken, and given back when the action fails', async () => {
    const { rig, device } = rigOf();
    sh(`vgcreate ${name} ${device} && vgchange --addtag @other ${name}`);
    rig.configure(`${configOf(rig.place)}\n[app#zz]\ntype = test-fails\n`);
    await expect(rig.act('start')).rejects.toThrow();
    expect(tags()).toBe('other');
    rig.configure(configOf(rig.place));
    await rig.act('start');
    expect(tags()).toBe('node1');
    expect(rig.lines).toContain(`disk#1 vgchange --deltag @other ${name}`);
  });

  test('a device with a file system is not taken', async () => {
    const { rig, device } = rigOf();
    sh(`mkfs.ext4 -q -F ${device}`);
    await expect(rig.act('provision')).rejects.toThrow(`${device} is not empty: ext4`);
    expect(sh(`blkid -p -o value -s TYPE ${device}`)).toBe('ext4');
  });

  test('a file that no device holds, a pattern that names nothing', async () => {
    const { rig, device } = rigOf();
    sh(`losetup -d ${device}`);
    await expect(rig.act('provision')).rejects.toThrow('no loop device holds it');
    rig.configure(configOf(rig.place).replace(imageOf(rig), '/dev/nodemgr-*'));
    await expect(rig.act('provision')).rejects.toThrow('names no device');
  });
});

/** As `lsblk -J` prints a device. */
interface Row {
  readonly name: string;
  readonly type: string;
  readonly children?: readonly Row[];
}

/** A group with one volume, whose state follows the commands. */
function lvm(
  config: string,
  state: { volumes: Record<string, boolean>; tags?: string; holders?: readonly Row[] },
) {
  const commands: string[] = [];
  const group = { tags: state.tags ?? '' };
  let refuses = 0;
  const answer = (line: string): Answer | undefined => {
    commands.push(line);
    if (line === 'vgs -o vg_name,tags --noheadings --separator=;') {
      return { stdout: `  vg1;${group.tags}\n  rootvg;\n` };
    }
    if (line.startsWith('lvs ')) {
      const rows = Object.entries(state.volumes).map(
        ([name, isActive]) => `  vg1;${name};-wi-${isActive ? 'a' : '-'}-----\n`,
      );
      return { stdout: `${rows.join('')}  lv1;crypt;-wi-a-----\n  rootvg;root;-wi-ao----\n` };
    }
    if (line.startsWith('lsblk -J ')) {
      return state.holders ? { stdout: JSON.stringify({ blockdevices: state.holders }) } : {};
    }
    const all = (isActive: boolean): void => {
      for (const name of Object.keys(state.volumes)) state.volumes[name] = isActive;
    };
    if (line === 'vgchange -a y vg1') all(true);
    else if (line === 'vgchange -a n vg1') {
      if (refuses-- > 0) {
        return { exitCode: 5, stderr: '  Logical volume vg1/lv1 in use.\n' };
      }
      all(false);
    } else if (line.startsWith('vgchange --addtag @')) group.tags = line.split(/[@ ]/)[3] ?? '';
    else if (line.startsWith('vgchange --deltag @')) group.tags = '';
    else if (/^lvchange -a [yn] vg1\/lv1$/.test(line)) state.volumes['lv1'] = line.includes(' y ');
    else if (line.startsWith('lvcreate ')) state.volumes['lv1'] = true;
    else if (line === 'lvremove -f /dev/vg1/lv1') delete state.volumes['lv1'];
    else if (line === 'dmsetup remove busy') {
      return {
        exitCode: 1,
        stderr: 'device-mapper: remove ioctl on busy failed: Device or resource busy\n',
      };
    } else if (!/^(udevadm settle|dmsetup mknodes|pvscan|dmsetup remove .*)$/.test(line))
      return undefined;
    return {};
  };
  const rig = createRig(config, { captured: { run: capturedRun(answer) } });
  return {
    rig,
    commands,
    refuse(times: number) {
      refuses = times;
    },
    group,
  };
}

describe('disk.vg, with volumes (captured output)', () => {
  const config = '[disk#1]\ntype = vg\nname = vg1\n';

  test('start, stop, and again', async () => {
    const { rig } = lvm(config, { volumes: { lv1: false, lv2: false } });
    expect((await rig.status('disk#1')).status).toBe('down');
    await rig.act('start');
    await rig.act('start');
    expect((await rig.status('disk#1')).status).toBe('up');
    await rig.act('stop');
    await rig.act('stop');
    expect((await rig.status('disk#1')).status).toBe('down');
    expect(rig.lines).toEqual([
      'disk#1 vgchange --addtag @node1 vg1',
      'disk#1 vgchange -a y vg1',
      'disk#1 vg vg1 is already up',
      'disk#1 vgchange --deltag @node1 vg1',
      'disk#1 udevadm settle',
      'disk#1 vgchange -a n vg1',
      'disk#1 vg vg1 is already down',
    ]);
  });

  test('half up: one active volume is up, and a stop ends it', async () => {
    const { rig } = lvm(config, { volumes: { lv1: true, lv2: false } });
    expect((await rig.status('disk#1')).status).toBe('up');
    await rig.act('stop');
    expect((await rig.status('disk#1')).status).toBe('down');
  });

  test('a volume that is in use is tried again, and in the end an error', async () => {
    const { rig, refuse } = lvm(config, { volumes: { lv1: true }, tags: 'node1' });
    refuse(1);
    await rig.act('stop');
    expect(rig.lines.filter((line) => line.includes('vgchange -a n'))).toHaveLength(2);
    await rig.act('start');
    refuse(9);
    await expect(rig.act('stop')).rejects.toThrow('vgchange -a n vg1 exited with 5');
  });

  const volume = (name: string, children: readonly Row[]): Row => {
    return { name: `/dev/mapper/vg1-${name}`, type: 'lvm', children };
  };
  const leftovers: readonly Row[] = [
    volume('lv1', [
      {
        name: '/dev/mapper/vg1-lv1p1',
        type: 'part',
        children: [{ name: '/dev/mapper/lv1-crypt', type: 'crypt' }],
      },
      { name: '/dev/md127', type: 'raid1' },
    ]),
    volume('lv2-cow', [volume('snap', []), { name: '/dev/mapper/busy', type: 'dm' }]),
  ];

  test('leftovers on its volumes are removed first, the top ones before those below', async () => {
    const { rig, commands } = lvm(config, {
      volumes: { lv1: true, lv2: true, lv3: false },
      tags: 'node1',
      holders: leftovers,
    });
    await rig.act('stop');
    expect(commands).toContain('lsblk -J -p -o NAME,TYPE /dev/mapper/vg1-lv1 /dev/mapper/vg1-lv2');
    expect(rig.lines.filter((line) => !/WARNING/.test(line))).toEqual([
      'disk#1 dmsetup remove lv1-crypt',
      'disk#1 dmsetup remove vg1-lv1p1',
      'disk#1 dmsetup remove busy',
      'disk#1 vgchange --deltag @node1 vg1',
      'disk#1 udevadm settle',
      'disk#1 vgchange -a n vg1',
    ]);
    expect(rig.lines.join('\n')).toContain('busy failed: Device or resource busy');
  });

  test.each([
    '[fs#1]\ntype = ext4\ndev = /dev/mapper/lv1-crypt\nmnt = /nowhere\n',
    '[disk#2]\ntype = vg\nname = lv1\n',
  ])(
    'one that belongs to another resource is refused, and nothing is changed: %j',
    async (other) => {
      const nested: Row = { name: '/dev/mapper/lv1-crypt', type: 'lvm' };
      const { rig, commands } = lvm(`${config}${other}`, {
        volumes: { lv1: true },
        tags: 'node1',
        holders: [volume('lv1', [nested])],
      });
      await expect(rig.act('stop', { rid: 'disk#1' })).rejects.toThrow(
        /^\/dev\/mapper\/lv1-crypt stands on it and belongs to (fs#1|disk#2)$/,
      );
      expect(commands.filter((line) => /^(dmsetup|vgchange)/.test(line))).toEqual([]);
    },
  );

  test('a group that does not exist', async () => {
    const { rig, commands } = lvm('[disk#1]\ntype = vg\nname = vg9\n', { volumes: {} });
    expect((await rig.status('disk#1')).status).toBe('down');
    await expect(rig.act('start')).rejects.toThrow('vg vg9 does not exist');
    expect(commands).toContain('pvscan');
    await rig.act('stop');
    expect(rig.lines.at(-1)).toBe('disk#1 vg vg9 is already down');
  });

  test('LVM that cannot tell is not a group that is down', async () => {
    const run = capturedRun(() => ({ exitCode: 5, stderr: '  Failed to lock\n' }));
    const rig = createRig(config, { captured: { run } });
    expect(await rig.status('disk#1')).toMatchObject({
      status: 'undef',
      notes: [{ level: 'error', text: 'vgs: Failed to lock' }],
    });
  });
});

describe('disk.lv (captured output)', () => {
  const config = '[disk#1]\ntype = lv\nname = lv1\nvg = vg1\nsize = 10m\n';

  test('start, stop, and again', async () => {
    const { rig } = lvm(config, { volumes: { lv1: false } });
    expect((await rig.service()).resources[0]?.label).toBe('lv vg1/lv1');
    await rig.act('start');
    await rig.act('start');
    expect((await rig.status('disk#1')).status).toBe('up');
    await rig.act('stop');
    await rig.act('stop');
    expect(rig.lines).toEqual([
      'disk#1 lvchange -a y vg1/lv1',
      'disk#1 lv vg1/lv1 is already up',
      'disk#1 lvchange -a n vg1/lv1',
      'disk#1 lv vg1/lv1 is already down',
    ]);
  });

  test('leftovers on it are removed first', async () => {
    const { rig } = lvm(config, {
      volumes: { lv1: true },
      holders: [
        {
          name: '/dev/mapper/vg1-lv1',
          type: 'lvm',
          children: [{ name: '/dev/mapper/vg1-lv1p1', type: 'part' }],
        },
      ],
    });
    await rig.act('stop');
    expect(rig.lines).toEqual(['disk#1 dmsetup remove vg1-lv1p1', 'disk#1 lvchange -a n vg1/lv1']);
  });

  test('one that does not exist', async () => {
    const { rig } = lvm(config, { volumes: {} });
    expect((await rig.status('disk#1')).status).toBe('down');
    await expect(rig.act('start')).rejects.toThrow('lv vg1/lv1 does not exist');
  });

  test.skipIf(lacks('root')).each([
    { size: '10m', line: 'lvcreate -n lv1 -L 10M vg1' },
    { size: '1000001', line: 'lvcreate -n lv1 -L 1M vg1' },
    { size: '50%free', line: 'lvcreate -n lv1 -l 50%FREE vg1' },
  ])('provision and unprovision, twice each: size $size', async ({ size, line }) => {
    // The device that would appear.
    mkdirSync('/dev/mapper', { recursive: true });
    const node = mapperPath('vg1', 'lv1');
    writeFileSync(node, '', { flag: 'wx' });
    onTestFinished(() => rmSync(node, { force: true }));
    const { rig, commands } = lvm(config.replace('10m', size), { volumes: {} });
    await rig.act('provision');
    await rig.act('provision');
    await rig.act('unprovision');
    await rig.act('unprovision');
    const made = commands.filter((command) => /^(lvcreate|dmsetup|lvremove)/.test(command));
    expect(made).toEqual([line, 'dmsetup mknodes', 'lvremove -f /dev/vg1/lv1']);
  });

  test('a device that does not appear is an error, and the volume is taken back', async () => {
    const { rig, commands } = lvm(config, { volumes: {} });
    await expect(rig.act('provision')).rejects.toThrow('/dev/mapper/vg1-lv1 did not appear');
    expect(commands.at(-1)).toBe('lvremove -f /dev/vg1/lv1');
  });
});

test('vgs and lvs', () => {
  expect(parseVolumeGroups('  vg1;node1,local\n  vg2;\n\n')).toEqual([
    { name: 'vg1', tags: ['node1', 'local'] },
    { name: 'vg2', tags: [] },
  ]);
  expect(
    parseLogicalVolumes('  vg1;a;-wi-ao----\n  vg1;b;-wi-------\n  vg1;p;twi-aotz--\n'),
  ).toEqual([
    { group: 'vg1', name: 'a', isActive: true },
    { group: 'vg1', name: 'b', isActive: false },
    { group: 'vg1', name: 'p', isActive: true },
  ]);
  expect(mapperPath('my-vg', 'a-b')).toBe('/dev/mapper/my--vg-a--b');
});
