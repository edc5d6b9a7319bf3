/** SCSI reservations (captured output): no disk of this machine knows them. */
import { describe, expect, test } from 'vitest';
import {
  parseHolder,
  parseReservationKey,
  parseScsiDisks,
} from '../../lib/host/scsi-reservation.js';
import { type Answer, capturedRun } from './captured.js';
import { createRig, type Rig } from './rig.js';

/** lsblk -s -n -r -p -o NAME,TYPE,SUBSYSTEMS of a volume on a multipath device with two paths. */
const below = `/dev/mapper/mpatha mpath block
/dev/sda disk block:scsi:pci
/dev/sdb disk block:scsi:pci
`;

const held = (key: string): string =>
  `  PR generation=0x5, Reservation follows:\n    Key=${key}\n    scope: LU_SCOPE,  type: Write Exclusive, registrants only\n`;
const free = '  PR generation=0x5, there is NO reservation held\n';

/** Disks that keep what is done to them, as one node sees them. */
function array(holders: Record<string, string | undefined>) {
  const commands: string[] = [];
  let attention = false;
  const run = capturedRun((line): Answer | undefined => {
    if (line.startsWith('lsblk ')) return { exitCode: 0, stdout: below };
    const [, disk = ''] = /(\/dev\/sd\w)$/.exec(line) ?? [];
    if (line.startsWith('sg_persist -n -r ')) {
      if (attention) {
        attention = false;
        return { exitCode: 6, stderr: 'persistent reservation in: Unit attention\n' };
      }
      const holder = holders[disk];
      return { exitCode: 0, stdout: holder === undefined ? free : held(holder) };
    }
    if (!line.startsWith('sg_persist -n --out ')) return undefined;
    commands.push(line.replace('sg_persist -n --out ', ''));
    const key = /--param-rk=(\S+)/.exec(line)?.[1];
    if (/--reserve|--preempt/.test(line)) holders[disk] = key;
    if (/--release|--clear/.test(line)) delete holders[disk];
    return { exitCode: 0, stdout: '' };
  });
  return {
    run,
    commands,
    holders,
    attend() {
      attention = true;
    },
  };
}

const config = (more = 'prkey = 0xABC'): string =>
  `[disk#1]\ntype = raw\ndevs = /dev/null\nscsireserv = true\n${more}\n`;

function rigOf(disks: ReturnType<typeof array>, more?: string): Rig {
  return createRig(config(more), { captured: { run: disks.run } });
}
const ours = { rid: 'disk#1pr' };

describe('the resource beside a disk with scsireserv', () => {
  test('takes free disks on every path, once, and gives them back', async () => {
    const disks = array({});
    const rig = rigOf(disks);
    expect(await rig.status('disk#1pr')).toMatchObject({
      status: 'down',
      notes: [],
      resource: { label: 'preserv of disk#1' },
    });
    await rig.act('start', ours);
    expect(disks.commands).toEqual(
      ['/dev/sda', '/dev/sdb'].flatMap((disk) => [
        `--register-ignore --param-sark=0xabc ${disk}`,
        `--reserve --param-rk=0xabc --prout-type=5 ${disk}`,
      ]),
    );
    expect((await rig.status('disk#1pr')).status).toBe('up');
    disks.commands.length = 0;
    await rig.act('prstart');
    expect(disks.commands).toEqual([]);
    await rig.act('prstop');
    expect(disks.commands).toEqual(
      ['/dev/sda', '/dev/sdb'].flatMap((disk) => [
        `--release --param-rk=0xabc --prout-type=5 ${disk}`,
        `--clear --param-rk=0xabc ${disk}`,
      ]),
    );
    expect((await rig.status('disk#1pr')).status).toBe('down');
  });

  test('preempts another node, with or without aborting its commands; a stop leaves others alone', async () => {
    const disks = array({ '/dev/sda': '0xdef', '/dev/sdb': '0xdef' });
    const rig = rigOf(disks);
    expect(await rig.status('disk#1pr')).toMatchObject({
      status: 'down',
      notes: [
        { level: 'warn', text: '/dev/sda is reserved by 0xdef' },
        { level: 'warn', text: '/dev/sdb is reserved by 0xdef' },
      ],
    });
    await rig.act('stop', ours);
    expect(disks.commands).toEqual([]);
    disks.attend();
    await rig.act('start', ours);
    expect(disks.commands[1]).toBe(
      '--preempt-abort --param-sark=0xdef --param-rk=0xabc --prout-type=5 /dev/sda',
    );
    expect((await rig.status('disk#1pr')).status).toBe('up');

    const gentle = array({ '/dev/sda': '0xdef' });
    await rigOf(gentle, 'prkey = 0xabc\nno_preempt_abort = true').act('start', ours);
    expect(gentle.commands[1]).toMatch(/^--preempt --param-sark=0xdef /);
  });

  test('one disk of two is a warning; a dry run and a rollback leave everything as it was', async () => {
    const disks = array({ '/dev/sda': '0xabc' });
    const rig = rigOf(disks);
    expect(await rig.status('disk#1pr')).toMatchObject({
      status: 'warn',
      notes: [{ level: 'warn', text: '/dev/sdb is not reserved' }],
    });
    await rig.act('start', { ...ours, dryRun: true });
    expect(disks.commands).toEqual([]);
    rig.configure(`${config()}[app#1]\nstart = /bin/false\n`);
    await expect(rig.act('start')).rejects.toThrow();
    expect(disks.holders).toEqual({ '/dev/sda': '0xabc' });
  });

  test('without a usable key it says where one is written', async () => {
    const disks = array({});
    await expect(rigOf(disks, '').act('start', ours)).rejects.toThrow(
      'disk#1pr: there is no reservation key',
    );
    await expect(rigOf(disks, 'prkey = 12').act('start', ours)).rejects.toThrow(
      '"12" is no reservation key',
    );
    expect(disks.commands).toEqual([]);
  });

  test('it starts before the disks and stops after them; provisioned it comes after', async () => {
    const rig = createRig(
      `[disk#1]\ntype = loop\nfile = /none\nscsireserv = true\nprkey = 0x1\n[fs#1]\ntype = flag\n[ip#1]\nipname = x\nipdev = y\n`,
    );
    const { resources } = await rig.service();
    const { inOrder } = await import('../../lib/service/order.js');
    const order = (direction: 'start' | 'stop', action: string): string =>
      inOrder(resources, direction, action)
        .flatMap((set) => set.resources.map(({ rid }) => rid))
        .join(' ');
    expect(order('start', 'start')).toBe('ip#1 disk#1pr disk#1 fs#1');
    expect(order('stop', 'stop')).toBe('fs#1 disk#1 disk#1pr ip#1');
    expect(order('start', 'provision')).toBe('ip#1 disk#1 fs#1 disk#1pr');
    expect(order('stop', 'unprovision')).toBe('disk#1pr fs#1 disk#1 ip#1');
  });
});

test('what the tools print', () => {
  expect(
    parseScsiDisks(`${below}/dev/sda disk block:scsi:pci\n/dev/vda disk block:virtio\n`),
  ).toEqual(['/dev/sda', '/dev/sdb']);
  expect(parseScsiDisks('')).toEqual([]);
  expect(parseHolder(held('0xAbC'))).toBe('0xabc');
  expect(parseHolder(free)).toBeUndefined();
  expect(parseReservationKey('0x00ABC')).toBe('0xabc');
  for (const text of ['12', '0x', '0x12345678901234567', '0xg']) {
    expect(parseReservationKey(text), text).toBeUndefined();
  }
});
