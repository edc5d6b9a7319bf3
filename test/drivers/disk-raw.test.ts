/** disk.raw and disk.disk, on real device nodes. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { expandPath } from '../../lib/host/expand-paths.js';
import { lacks } from '../support/can.js';
import { conformance } from './conformance.js';
import { createRig, type Rig } from './rig.js';
import { sh } from './storage.js';

const nodeOf = ({ place }: Pick<Rig, 'place'>): string => join(place, 'mine');
const traceOf = (path: string): string =>
  existsSync(path) ? sh(`stat -c '%F %t:%T %u:%g %a' ${path}`) : 'nothing';

conformance({
  name: 'disk.raw',
  needs: ['root'],
  rid: 'disk#1',
  config: (place) =>
    `[disk#1]\ntype = raw\ndevs = /dev/loop0:${nodeOf({ place })}\nuser = daemon\ngroup = 6\nperm = 640\n`,
  isUp: (rig) => traceOf(nodeOf(rig)) === 'block special file 7:0 1:6 640',
  // Made, not given away.
  half: (rig) => void sh(`mknod ${nodeOf(rig)} b 7 0`),
  halfStatus: 'down',
  foreign: {
    make: (rig) => writeFileSync(nodeOf(rig), 'kept'),
    isIntact: (rig) => statSync(nodeOf(rig)).size === 4,
  },
  traces: (rig) => traceOf(nodeOf(rig)),
});

describe.skipIf(lacks('root'))('disk.raw', () => {
  const notesOf = async (rig: Rig): Promise<string[]> =>
    (await rig.status('disk#1')).notes.map(({ level, text }) => `${level} ${text}`);

  test('its label and its lines', async () => {
    const rig = createRig(
      (place) =>
        `[disk#1]\ntype = raw\ndevs = /dev/null:${place}/n /dev/loop1:${place}/l\nperm = 600\n`,
    );
    expect((await rig.service()).resources[0]?.label).toBe('svc1.raw1');
    await rig.act('start');
    await rig.act('start');
    await rig.act('stop');
    expect(rig.lines).toEqual([
      `disk#1 mknod ${rig.place}/n c 1 3`,
      `disk#1 chmod 600 ${rig.place}/n`,
      `disk#1 mknod ${rig.place}/l b 7 1`,
      `disk#1 chmod 600 ${rig.place}/l`,
      'disk#1 svc1.raw1 is already up',
      `disk#1 rm -f ${rig.place}/n`,
      `disk#1 rm -f ${rig.place}/l`,
    ]);
    expect(existsSync('/dev/null')).toBe(true);
  });

  test('a name that leads to another device is said and made anew; taken back, it is as before', async () => {
    const config = (place: string): string =>
      `[disk#1]\ntype = raw\ndevs = /dev/loop0:${place}/n\n`;
    const rig = createRig((place) => `${config(place)}\n[app#zz]\ntype = test-fails\n`);
    sh(`mknod ${rig.place}/n b 7 5`);
    expect(await notesOf(rig)).toEqual([`warn ${rig.place}/n is 7:5 instead of 7:0`]);
    await expect(rig.act('start')).rejects.toThrow();
    expect(traceOf(`${rig.place}/n`)).toContain('7:5');
    rig.configure(config(rig.place));
    await rig.act('start');
    expect(traceOf(`${rig.place}/n`)).toContain('7:0');
    expect((await rig.status('disk#1')).status).toBe('up');
  });

  test('devices without a second name: patterns, and what is missing', async () => {
    const rig = createRig('[disk#1]\ntype = raw\ndevs = /dev/loop[0-2] /dev/nodemgr-none\n');
    expect((await rig.status('disk#1')).status).toBe('n/a');
    expect(await notesOf(rig)).toEqual(['info /dev/nodemgr-none does not exist']);
    rig.configure(
      '[disk#1]\ntype = raw\ndevs = /dev/nodemgr-none\n\n[disk#2]\ntype = raw\ndevs = /dev/nodemgr-none\n\n[fs#1]\ntype = flag\n',
    );
    await rig.act('start');
    expect(await notesOf(rig)).toEqual(['warn /dev/nodemgr-none does not exist']);
  });

  test('what is no device is refused', async () => {
    const rig = createRig((place) => `[disk#1]\ntype = raw\ndevs = ${place}/none:${place}/n\n`);
    await expect(rig.act('start')).rejects.toThrow(`${rig.place}/none is no device`);
    writeFileSync(join(rig.place, 'n'), 'kept');
    await rig.act('stop');
    expect(existsSync(join(rig.place, 'n'))).toBe(true);
  });
});

test('patterns of paths', () => {
  expect(expandPath('/dev/loop[0-2]')).toEqual(['/dev/loop0', '/dev/loop1', '/dev/loop2']);
  expect(expandPath('/dev/nodemgr-*')).toEqual([]);
  expect(expandPath('/dev/nodemgr-none')).toEqual(['/dev/nodemgr-none']);
  expect(expandPath('/pro?/self/stat')).toEqual(['/proc/self/stat']);
});

describe.skipIf(lacks('root'))('disk.disk', () => {
  test('its path, its label, its status', async () => {
    const id = `6000NODEMGR${process.pid}`;
    const path = `/dev/disk/by-id/wwn-0x${id.toLowerCase()}`;
    const rig = createRig(`[disk#1]\ntype = disk\ndisk_id = 0x${id}\n`);
    expect((await rig.service()).resources[0]?.label).toBe(`disk 0x${id}`);
    expect(await rig.status('disk#1')).toMatchObject({
      status: 'down',
      notes: [{ level: 'warn', text: `${path} does not exist` }],
    });
    const first = mkdirSync('/dev/disk/by-id', { recursive: true });
    onTestFinished(() => {
      rmSync(path, { force: true });
      if (first !== undefined) sh(`rmdir -p --ignore-fail-on-non-empty /dev/disk/by-id`);
    });
    symlinkSync('/dev/loop0', path);
    expect(await rig.status('disk#1')).toMatchObject({ status: 'n/a', notes: [] });
    await rig.act('start');
    await rig.act('stop');
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
  });

  test('one that was never made', async () => {
    const rig = createRig('[disk#1]\ntype = disk\nsize = 1g\n');
    expect((await rig.service()).resources[0]?.label).toBe('unprovisioned disk');
    expect((await rig.status('disk#1')).status).toBe('n/a');
    await expect(rig.act('provision')).rejects.toThrow('no array can be asked');
  });
});
