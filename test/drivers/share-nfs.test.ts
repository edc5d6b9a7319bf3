/** share.nfs: the table of exports is real, nobody serves it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { missingOptions, parseExportfs } from '../../lib/host/exportfs.js';
import { lacks } from '../support/can.js';
import { capturedRun } from './captured.js';
import { conformance } from './conformance.js';
import { createRig, type Rig } from './rig.js';
import { sh } from './storage.js';

const shareOf = ({ place }: Pick<Rig, 'place'>): string => join(place, 'share');
const configOf = (place: string): string =>
  `[share#1]\ntype = nfs\npath = ${shareOf({ place })}\nopts = 127.0.0.1(ro,fsid=7) 127.0.0.2\\(rw,no_root_squash\\)\n`;

/** Lines of the table that name the directory. */
const tableOf = (rig: Rig): string[] =>
  sh('cat /var/lib/nfs/etab')
    .split('\n')
    .filter((line) => line.startsWith(`${shareOf(rig)}\t`))
    .sort();

function clear(rig: Rig): void {
  for (const line of tableOf(rig)) {
    const client = line.slice(line.indexOf('\t') + 1, line.indexOf('('));
    sh(`exportfs -u ${client}:${shareOf(rig)}`);
  }
}

conformance({
  name: 'share.nfs',
  needs: ['root', 'exportfs'],
  rid: 'share#1',
  config: configOf,
  prepare: (rig) => void mkdirSync(shareOf(rig)),
  cleanUp: clear,
  isUp: (rig) => tableOf(rig).length > 0,
  half: (rig) => void sh(`exportfs -o ro,fsid=7 127.0.0.1:${shareOf(rig)}`),
  halfStatus: 'warn',
  traces: (rig) => tableOf(rig).join('\n'),
});

describe.skipIf(lacks('root', 'exportfs'))('share.nfs', () => {
  function rigOf(): Rig {
    const rig = createRig(configOf);
    onTestFinished(() => clear(rig));
    mkdirSync(shareOf(rig));
    return rig;
  }

  test('its lines', async () => {
    const rig = rigOf();
    await rig.act('start');
    await rig.act('start');
    await rig.act('stop');
    await rig.act('stop');
    expect(rig.lines).toEqual([
      `share#1 exportfs -o ro,fsid=7 127.0.0.1:${shareOf(rig)}`,
      `share#1 exportfs -o rw,no_root_squash 127.0.0.2:${shareOf(rig)}`,
      `share#1 nfs:${shareOf(rig)} is already up`,
      `share#1 exportfs -u 127.0.0.1:${shareOf(rig)}`,
      `share#1 exportfs -u 127.0.0.2:${shareOf(rig)}`,
      `share#1 nfs:${shareOf(rig)} is already down`,
    ]);
  });

  test('wrong options are said and corrected; taken back, they are as before', async () => {
    const rig = rigOf();
    sh(`exportfs -o rw,async 127.0.0.1:${shareOf(rig)}`);
    const before = tableOf(rig);
    const found = await rig.status('share#1');
    expect(found.status).toBe('warn');
    expect(found.notes.map(({ text }) => text)).toEqual([
      `${shareOf(rig)} is exported to 127.0.0.1 without option ro`,
      `${shareOf(rig)} is exported to 127.0.0.1 without option fsid=7`,
      `${shareOf(rig)} is not exported to 127.0.0.2`,
    ]);
    rig.configure(`${configOf(rig.place)}\n[app#zz]\ntype = test-fails\n`);
    await expect(rig.act('start')).rejects.toThrow();
    expect(tableOf(rig)).toEqual(before);
    rig.configure(configOf(rig.place));
    await rig.act('start');
    expect((await rig.status('share#1')).status).toBe('up');
    expect(rig.lines).toContain(`share#1 exportfs -u 127.0.0.1:${shareOf(rig)}`);
  });

  test('a client of somebody else stays', async () => {
    const rig = rigOf();
    await rig.act('start');
    sh(`exportfs -o ro 127.0.0.9:${shareOf(rig)}`);
    await rig.act('stop');
    expect(tableOf(rig)).toHaveLength(1);
    expect(tableOf(rig)[0]).toContain('127.0.0.9');
  });

  test.each(['*', 'host1(ro', '(ro)'])('clients that nobody understands: %s', async (opts) => {
    const rig = rigOf();
    rig.configure(`[share#1]\ntype = nfs\npath = ${shareOf(rig)}\nopts = ${opts}\n`);
    await expect(rig.act('start')).rejects.toThrow(
      `opts: ${opts} is not <client>(<option>,<option>)`,
    );
  });
});

test('share.nfs without exportfs, or one that fails (captured output)', async () => {
  const run = capturedRun(() => ({
    exitCode: 1,
    stderr: 'exportfs: could not open /var/lib/nfs\n',
  }));
  const rig = createRig('[share#1]\ntype = nfs\npath = /x\nopts = *(ro)\n', { captured: { run } });
  expect(await rig.status('share#1')).toMatchObject({
    status: 'undef',
    notes: [{ text: 'exportfs -v: exportfs: could not open /var/lib/nfs' }],
  });
  await expect(rig.act('start')).rejects.toThrow('could not open');
});

const printed = `/srv/a        \t192.0.2.0/24(sync,wdelay,hide,no_subtree_check,fsid=0,sec=sys,ro,root_squash,no_all_squash)
/srv/a        \t<world>(sync,wdelay,hide,no_subtree_check,sec=sys,rw,secure,root_squash,no_all_squash)
/srv/a/rather/long/path
\t\tnode1.example.com(async,wdelay,nohide,insecure_locks,sec=sys,rw,insecure,root_squash)
/srv/with blank\t@netgroup(ro)
`;

test('exportfs -v: wrapped lines, everybody, blanks', () => {
  expect(parseExportfs(printed).map(({ path, client }) => `${path} ${client}`)).toEqual([
    '/srv/a 192.0.2.0/24',
    '/srv/a *',
    '/srv/a/rather/long/path node1.example.com',
    '/srv/with blank @netgroup',
  ]);
  expect(parseExportfs('')).toEqual([]);
});

const wishes = [
  { wanted: ['ro', 'fsid=0'], row: 0, missing: [], why: 'both are there' },
  { wanted: ['rw'], row: 0, missing: ['rw'], why: 'it is read-only' },
  { wanted: ['secure', 'acl'], row: 0, missing: [], why: 'defaults are not printed' },
  { wanted: ['secure', 'auth_nlm'], row: 2, missing: ['secure', 'auth_nlm'], why: 'turned off' },
  { wanted: ['hide'], row: 2, missing: ['hide'], why: 'turned off' },
];

test.each(wishes)('$wanted of row $row: $why', ({ wanted, row, missing }) => {
  const found = parseExportfs(printed)[row];
  expect(found && missingOptions(wanted, found)).toEqual(missing);
});
