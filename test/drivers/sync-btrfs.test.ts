/** Subvolumes of real btrfs file systems, sent over a real sshd between two network namespaces. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lacks } from '../support/can.js';
import { createRig, type Rig } from './rig.js';
import { createSshPeers, type SshPeers } from './ssh-peers.js';
import { detachAll, sh } from './storage.js';

let made = 0;

interface World {
  readonly rig: Rig;
  readonly peers: SshPeers;
  /** Tops of the file systems of both nodes. */
  readonly here: string;
  readonly there: string;
  /** Their labels. */
  readonly labels: { readonly here: string; readonly there: string };
}

/** @param more keywords; `{here}` and `{there}` are the labels */
async function createWorld(
  more = '',
  { nodes = 'nodes = n1 n2', sections = '' }: { nodes?: string; sections?: string } = {},
): Promise<World> {
  made += 1;
  const labels = { here: `nmh${process.pid}x${made}`, there: `nmt${process.pid}x${made}` };
  const peers = await createSshPeers(['d1', 'n9']);
  const named = (text: string): string =>
    text.replaceAll('{here}', labels.here).replaceAll('{there}', labels.there);
  const rig = createRig(
    () =>
      named(`[DEFAULT]
${nodes}
[sync#1]
type = btrfs
src = {here}:web/data
dst = {there}:web/data
target = nodes
${more}
${sections}`),
    { nodename: 'n1', rsh: peers.rsh },
  );
  onTestFinished(() => detachAll(rig));
  const topOf = (label: string): string => {
    const image = join(rig.place, `${label}.img`);
    const top = join(rig.place, label);
    mkdirSync(top);
    sh(`truncate -s 120M '${image}' && mkfs.btrfs -q -f -L ${label} '${image}'`);
    sh(`mount -o loop '${image}' '${top}' && mkdir '${top}/web'`);
    return top;
  };
  const [here, there] = [topOf(labels.here), topOf(labels.there)];
  sh(`btrfs subvolume create '${here}/web/data'`);
  writeFileSync(join(here, 'web/data/a'), 'first');
  return { rig, peers, here, there, labels };
}

const subvolumes = (top: string): string[] =>
  sh(`btrfs subvolume list '${top}' | sed 's/.* path //' | sort`).split('\n').filter(Boolean);

const sends = ({ lines }: Rig): string[] => lines.filter((line) => line.includes('btrfs send'));

const slow = { timeout: 180_000 };

describe.skipIf(lacks('root', 'netns', 'sshd', 'rsync', 'btrfs'))(
  'sync.btrfs over ssh',
  slow,
  () => {
    test('everything, then what changed; snapshots rotate on both sides; the copy can be written', async () => {
      const { rig, here, there, labels } = await createWorld();
      const status = await rig.status('sync#1');
      expect(status).toMatchObject({
        status: 'warn',
        notes: [{ level: 'warn', text: 'outdated: n2' }],
      });
      expect(status.resource.label).toBe(`btrfs of ${labels.here}:web/data to nodes`);
      await rig.act('sync_nodes', { rid: 'sync#1' });
      const kept = ['web/data', 'web_data@sent'];
      expect(subvolumes(here)).toEqual(kept);
      expect(subvolumes(there)).toEqual(kept);
      expect(readFileSync(join(there, 'web/data/a'), 'utf8')).toBe('first');
      writeFileSync(join(there, 'web/data/b'), 'writable');
      expect(sends(rig)[0]).toMatch(
        /^sync#1 btrfs send -q \S+web_data@tosend \| .* n2 'btrfs receive /,
      );
      expect((await rig.status('sync#1')).status).toBe('up');

      writeFileSync(join(here, 'web/data/a'), 'second');
      await rig.act('sync_nodes', { rid: 'sync#1' });
      expect(sends(rig)[1]).toMatch(/ send -q -p \S+web_data@sent \S+web_data@tosend /);
      expect(readFileSync(join(there, 'web/data/a'), 'utf8')).toBe('second');
      // What was written there is gone: it is a copy.
      expect(existsSync(join(there, 'web/data/b'))).toBe(false);
      expect(subvolumes(here)).toEqual(kept);
      expect(subvolumes(there)).toEqual(kept);

      const record = join(rig.paths.var, 'sync/n2/svc1!sync#1');
      writeFileSync(record, `${new Date(Date.now() - 26 * 3_600_000).toISOString()}\n`);
      expect((await rig.status('sync#1')).status).toBe('warn');
    });

    test('nothing stays mounted, on either side', async () => {
      const { rig, peers } = await createWorld();
      const { neighbour } = peers.network;
      await rig.act('sync_nodes', { rid: 'sync#1' });
      const below = join(rig.paths.run, 'btrfs');
      expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(below);
      const [sshd] = sh(`ip netns pids ${neighbour}`).split('\n');
      expect(readFileSync(`/proc/${sshd}/mounts`, 'utf8')).not.toContain(below);
    });

    test('sync full sends everything again; so does a node without the last snapshot', async () => {
      const { rig, there } = await createWorld();
      await rig.act('sync_nodes', { rid: 'sync#1' });
      await rig.act('sync_full', { rid: 'sync#1' });
      expect(sends(rig)[1]).not.toContain(' -p ');
      await rig.act('sync_nodes', { rid: 'sync#1' });
      expect(sends(rig)[2]).toContain(' -p ');
      sh(`btrfs subvolume delete '${there}/web_data@sent'`);
      await rig.act('sync_nodes', { rid: 'sync#1' });
      expect(sends(rig)[3]).not.toContain(' -p ');
      expect(rig.lines.join('\n')).toContain(
        'n2 does not have the last snapshot from here: everything is sent',
      );
      expect(subvolumes(there)).toEqual(['web/data', 'web_data@sent']);
    });

    test('what an ended run left on either side is sent anew, never what it is of', async () => {
      const { rig, here, there } = await createWorld();
      await rig.act('sync_nodes', { rid: 'sync#1' });
      sh(`btrfs subvolume snapshot -r '${here}/web/data' '${here}/web_data@tosend'`);
      sh(`btrfs subvolume create '${there}/web_data@tosend'`);
      writeFileSync(join(here, 'web/data/a'), 'later');
      await rig.act('sync_nodes', { rid: 'sync#1' });
      expect(readFileSync(join(there, 'web/data/a'), 'utf8')).toBe('later');
      expect(subvolumes(here)).toEqual(['web/data', 'web_data@sent']);
      expect(subvolumes(there)).toEqual(['web/data', 'web_data@sent']);
    });

    test('a node that does not answer is told, and its part of the snapshot is not lost for the others', async () => {
      const { rig, there } = await createWorld('', { nodes: 'nodes = n1 nowhere n2' });
      await rig.act('sync_nodes', { rid: 'sync#1' });
      expect(rig.lines.join('\n')).toMatch(/sync#1 ERROR nowhere: /);
      expect(rig.lines).toContain('sync#1 ERROR not synchronised: nowhere');
      expect(readFileSync(join(there, 'web/data/a'), 'utf8')).toBe('first');
    });

    test('without any node that has it, the last snapshot stays the last', async () => {
      const { rig, peers, here, there } = await createWorld();
      await rig.act('sync_nodes', { rid: 'sync#1' });
      const uuid = (top: string): string => sh(`btrfs subvolume show '${top}/web_data@sent'`);
      const before = uuid(here);
      sh(`ip -n ${peers.network.neighbour} link set up0 down`);
      await rig.act('sync_nodes', { rid: 'sync#1' });
      expect(uuid(here)).toBe(before);
      expect(subvolumes(here)).toEqual(['web/data', 'web_data@sent']);
      sh(`ip -n ${peers.network.neighbour} link set up0 up`);
      await rig.act('sync_nodes', { rid: 'sync#1' });
      expect(sends(rig).at(-1)).toContain(' -p ');
      expect(subvolumes(there)).toEqual(['web/data', 'web_data@sent']);
    });

    test('what is mounted there is not replaced', async () => {
      const { rig, peers, there } = await createWorld();
      await rig.act('sync_nodes', { rid: 'sync#1' });
      const [sshd] = sh(`ip netns pids ${peers.network.neighbour}`).split('\n');
      const inThere = (line: string): string => sh(`nsenter -t ${sshd} -m sh -c "${line}"`);
      const point = join(rig.place, 'used');
      mkdirSync(point);
      const device = sh(`findmnt -no SOURCE '${there}'`);
      inThere(`mount -o subvol=web/data ${device} '${point}'`);
      await rig.act('sync_nodes', { rid: 'sync#1' });
      expect(rig.lines.join('\n')).toContain(
        `sync#1 ERROR n2: web/data is mounted on ${point} there; it is not replaced`,
      );
      inThere(`umount '${point}'`);
    });

    test('nodes and drpnodes have last snapshots of their own', async () => {
      const { rig, here, there } = await createWorld('target@nodes = nodes drpnodes', {
        nodes: 'nodes = n1 n2\ndrpnodes = d1',
      });
      for (const _ of [1, 2]) {
        await rig.act('sync_nodes', { rid: 'sync#1' });
        await rig.act('sync_drp', { rid: 'sync#1' });
      }
      const kept = ['web/data', 'web_data@sent', 'web_data@sent.drp'];
      expect(subvolumes(here)).toEqual(kept);
      expect(subvolumes(there)).toEqual(kept);
      expect(
        sends(rig).map((line) => line.includes(' -p ')),
        rig.lines.join('\n'),
      ).toEqual([false, false, true, true]);
      expect((await rig.status('sync#1')).status).toBe('up');
    });

    test('recursive: subvolumes inside it go along', async () => {
      const { rig, here, there } = await createWorld('recursive = true');
      sh(`mkdir '${here}/web/data/deep' && btrfs subvolume create '${here}/web/data/deep/inner'`);
      writeFileSync(join(here, 'web/data/deep/inner/c'), 'inner');
      await rig.act('sync_nodes', { rid: 'sync#1' });
      writeFileSync(join(here, 'web/data/deep/inner/c'), 'newer');
      await rig.act('sync_nodes', { rid: 'sync#1' });
      expect(readFileSync(join(there, 'web/data/deep/inner/c'), 'utf8')).toBe('newer');
      expect(subvolumes(there)).toEqual([
        'web/data',
        'web/data/deep/inner',
        'web_data@sent',
        'web_data_deep_inner@sent',
      ]);
    });

    test('copies of one set are of one moment; delay_snap takes its snapshot just before it goes', async () => {
      const second = (tags: string): string =>
        `[sync#2]\ntype = btrfs\nsrc = {here}:other\ndst = {there}:other\ntarget = nodes\n${tags}`;
      const order = async (tags: string): Promise<string[]> => {
        const { rig, here } = await createWorld('', { sections: second(tags) });
        sh(`btrfs subvolume create '${here}/other'`);
        await rig.act('sync_nodes', { rid: 'sync#1,sync#2' });
        return rig.lines
          .filter((line) => /snapshot -r|btrfs send/.test(line))
          .map((line) => line.replace(/^(\S+) .*(snapshot|send) .*$/, '$1 $2'));
      };
      expect(await order('')).toEqual([
        'sync#1 snapshot',
        'sync#2 snapshot',
        'sync#1 send',
        'sync#2 send',
      ]);
      expect(await order('tags = delay_snap')).toEqual([
        'sync#1 snapshot',
        'sync#1 send',
        'sync#2 snapshot',
        'sync#2 send',
      ]);
    });

    test('a dry run names the commands and changes nothing', async () => {
      const { rig, here, there } = await createWorld();
      await rig.act('sync_nodes', { rid: 'sync#1', dryRun: true });
      const planned = [...rig.lines];
      expect(planned.some((line) => line.includes('btrfs send'))).toBe(true);
      expect(subvolumes(here)).toEqual(['web/data']);
      expect(subvolumes(there)).toEqual([]);
      rig.lines.length = 0;
      await rig.act('sync_nodes', { rid: 'sync#1' });
      const said = rig.lines.filter((line) => line.includes('/'));
      expect(said).toEqual(planned);
    });
  },
);

describe('sync.btrfs', () => {
  test.each(['data', ':data', 'data:', 'data:../x', 'data:a//b'])(
    'src = %s is refused',
    async (src) => {
      const rig = createRig(
        `[DEFAULT]\nnodes = n1 n2\n[sync#1]\ntype = btrfs\nsrc = ${src}\ndst = a:b\ntarget = nodes\noptional = false\n`,
        { nodename: 'n1', rsh: '/bin/false' },
      );
      await expect(rig.act('sync_nodes', { rid: 'sync#1' })).rejects.toThrow(
        `src: "${src}" is not <label>:<subvolume>`,
      );
    },
  );
});

describe.skipIf(lacks('root', 'btrfs'))('sync.btrfssnap', slow, () => {
  const head = (more = ''): string =>
    `[DEFAULT]\nnodes = node1\n[sync#1]\ntype = btrfssnap\noptional = false\n${more}\n`;

  function createPlace(): { rig: Rig; label: string; top: string } {
    made += 1;
    const label = `nms${process.pid}x${made}`;
    const rig = createRig(head(`subvol = ${label}:web/data\nname = daily`));
    onTestFinished(() => detachAll(rig));
    const image = join(rig.place, 'image');
    const top = join(rig.place, 'top');
    sh(`truncate -s 120M '${image}' && mkfs.btrfs -q -f -L ${label} '${image}' && mkdir '${top}'`);
    sh(`mount -o loop '${image}' '${top}' && mkdir '${top}/web'`);
    sh(`btrfs subvolume create '${top}/web/data'`);
    return { rig, label, top };
  }
  const take = (top: string, name: string): string =>
    sh(`btrfs subvolume snapshot -r '${top}/web/data' '${top}/web/data.${name}'`);

  test('none, one of now, the newest three; those of another name stay', async () => {
    const { rig, label, top } = createPlace();
    expect(await rig.status('sync#1')).toMatchObject({
      status: 'warn',
      notes: [{ level: 'warn', text: `${label}:web/data has no snapshot` }],
    });
    const before = Date.now() - 1000;
    await rig.act('sync_update');
    const [, first = ''] = subvolumes(top);
    expect(first).toMatch(/^web\/data\.daily\.snap\.\d{4}-\d\d-\d\d\.\d\d:\d\d:\d\d$/);
    const [day = '', time = ''] = first.replace('web/data.daily.snap.', '').split('.');
    expect(new Date(`${day}T${time}`).getTime()).toBeGreaterThanOrEqual(before - (before % 1000));
    expect(await rig.status('sync#1')).toMatchObject({ status: 'up', notes: [] });
    const others = ['daily.snap.2001-01-01.00:00:00', 'daily.snap.2001-01-02.00:00:00'];
    const foreign = ['snap.2001-01-01.00:00:00', 'weekly.snap.2001-01-01.00:00:00', 'daily.snap.x'];
    for (const name of [...others, ...foreign]) take(top, name);
    expect((await rig.status('sync#1')).status).toBe('up');
    take(top, 'daily.snap.2001-01-03.00:00:00');
    expect(await rig.status('sync#1')).toMatchObject({
      status: 'warn',
      notes: [{ text: `${label}:web/data has 1 too many snapshots` }],
    });
    sh(`btrfs subvolume delete '${top}/${first}'`);
    await rig.act('sync_update');
    const mine = subvolumes(top).filter((path) => path.startsWith('web/data.daily.snap.2'));
    expect(mine).toHaveLength(3);
    expect(mine.slice(0, 2)).toEqual([
      'web/data.daily.snap.2001-01-02.00:00:00',
      'web/data.daily.snap.2001-01-03.00:00:00',
    ]);
    for (const name of foreign) expect(subvolumes(top)).toContain(`web/data.${name}`);
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(rig.paths.run);
  });

  test('too old; a file system that is mounted by a subvolume alone, and one that is not', async () => {
    const { rig, label, top } = createPlace();
    take(top, 'daily.snap.2001-01-01.00:00:00');
    const device = sh(`findmnt -no SOURCE '${top}'`);
    const old = {
      status: 'warn',
      notes: [{ text: `the last snapshot of ${label}:web/data is too old: 2001-01-01.00:00:00` }],
    };
    expect(await rig.status('sync#1')).toMatchObject(old);
    sh(`mkdir '${rig.place}/sub' && mount -o subvol=web/data ${device} '${rig.place}/sub'`);
    sh(`umount '${top}'`);
    expect(await rig.status('sync#1')).toMatchObject(old);
    await rig.act('sync_update');
    expect((await rig.status('sync#1')).status).toBe('up');
    sh(`umount '${rig.place}/sub'`);
    expect(await rig.status('sync#1')).toMatchObject({
      status: 'n/a',
      notes: [{ level: 'info', text: `btrfs ${label} is not mounted here` }],
    });
    rig.configure(head('subvol = none-such:web/data'));
    await expect(rig.act('sync_update')).rejects.toThrow('btrfs none-such: ');
  });

  test('a dry run takes none; without a name the label and the names have none', async () => {
    const { rig, label, top } = createPlace();
    await rig.act('sync_update', { dryRun: true });
    expect(rig.lines).toHaveLength(1);
    expect(rig.lines[0]).toMatch(/ btrfs subvolume snapshot -r /);
    expect(subvolumes(top)).toEqual(['web/data']);
    expect((await rig.status('sync#1')).resource.label).toBe(
      `btrfs 'daily' snapshot ${label}:web/data`,
    );
    rig.configure(head(`subvol = ${label}:web/data\nkeep = 0`));
    expect((await rig.status('sync#1')).resource.label).toBe(`btrfs snapshot ${label}:web/data`);
    await rig.act('sync_update');
    expect(subvolumes(top)[1]).toMatch(/^web\/data\.snap\.\d{4}-/);
  });
});
