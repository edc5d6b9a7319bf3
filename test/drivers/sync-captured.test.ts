/** Synchronisations whose kernel part this machine does not have, against what their tools print. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AgentError } from '../../lib/errors/agent-error.js';
import type { Run } from '../../lib/exec/run.js';
import type { Mount } from '../../lib/host/mounts.js';
import { type Answer, capturedRun } from './captured.js';
import { createRig, type Rig } from './rig.js';

interface Host {
  readonly rig: Rig;
  /** What was run, with `<node>: ` in front where it ran behind rsh. */
  readonly commands: string[];
}

/**
 * Nodes n1 to n3 and d1; a pipe is `a | b`. What tells the nodes the time of their copy is left out.
 * @param answer by the command as in `commands`
 */
function host(config: string, answer: (command: string) => Answer | undefined): Host {
  const commands: string[] = [];
  const run = capturedRun((line) => {
    const piped = / pipe (.*)$/s.exec(line)?.[1];
    const command = shorten(piped?.replace(/^(.*?) (rsh (?:\S+) )/s, '$1 | $2') ?? line);
    if (command.startsWith('rsync -R ')) return {};
    commands.push(command);
    return answer(command) ?? (isQuestion(command) ? undefined : {});
  });
  const rig = createRig(
    `[DEFAULT]\nnodes = n1 n2 n3\ndrpnodes = d1\n[sync#i0]\ndisable = true\n${config}`,
    {
      nodename: 'n1',
      rsh: 'rsh',
      captured: { run },
    },
  );
  return { rig, commands };
}

const isQuestion = (command: string): boolean =>
  /^(\w+: )?(zfs list|lvs|dmsetup table) /.test(command);

/** `rsh n2 'zfs list'` as `n2: zfs list`, without any quotes. */
function shorten(line: string): string {
  return line.replace(/rsh (\w+) (.*)$/s, (_, node: string, words: string) => {
    return `${node}: ${words.replaceAll(/['\\]/g, '').replace(/^sh -c /, '')}`;
  });
}

const noDataset: Answer = {
  exitCode: 1,
  stderr: "cannot open 'tank/web': dataset does not exist\n",
};
const isZfsList = /^(?:(\w+): )?zfs list -H -t snapshot -o name,guid -d 1 (\S+)$/;

describe('sync.zfs (captured output)', () => {
  const config = (more = ''): string =>
    `[sync#1]\ntype = zfs\nsrc = data/web\ndst = tank/web\ntarget = nodes\noptional = false\n${more}\n`;

  /** Snapshots by node, then by name; a node without an entry has no dataset. */
  function zfs(snapshots: Record<string, Record<string, string>>, more = ''): Host {
    return host(config(more), (command) => {
      const [, node = 'n1', name = ''] = isZfsList.exec(command) ?? [];
      if (name === '') return undefined;
      const own = snapshots[node];
      if (!own) return noDataset;
      const rows = Object.entries(own).map(([snap, guid]) => `${name}@${snap}\t${guid}\n`);
      return { stdout: rows.join('') };
    });
  }
  const changes = ({ commands }: Host): string[] =>
    commands.filter((text) => !isZfsList.test(text));

  test('the first time everything goes, to each node', async () => {
    const made = zfs({ n1: {}, n3: {} });
    await made.rig.act('sync_nodes');
    expect(changes(made)).toEqual([
      'zfs snapshot -r data/web@tosend',
      'zfs send -R data/web@tosend | n2: zfs receive -dF tank',
      'n2: zfs rename -r tank/web@tosend tank/web@sent',
      'zfs send -R data/web@tosend | n3: zfs receive -dF tank',
      'n3: zfs rename -r tank/web@tosend tank/web@sent',
      'zfs rename -r data/web@tosend data/web@sent',
    ]);
    expect((await made.rig.status('sync#1')).status).toBe('up');
    expect((await made.rig.status('sync#1')).resource.label).toBe('zfs of data/web to nodes');
  });

  test('then what changed; a snapshot that an ended run left goes first', async () => {
    const sent = { sent: '11' };
    const made = zfs({ n1: { ...sent, tosend: '5' }, n2: { ...sent, tosend: '6' }, n3: sent });
    await made.rig.act('sync_nodes');
    expect(changes(made)).toEqual([
      'zfs destroy -r data/web@tosend',
      'zfs snapshot -r data/web@tosend',
      'zfs send -R -i data/web@sent data/web@tosend | n2: zfs destroy -r tank/web@tosend && zfs receive -dF tank',
      'n2: zfs destroy -r tank/web@sent && zfs rename -r tank/web@tosend tank/web@sent',
      'zfs send -R -i data/web@sent data/web@tosend | n3: zfs receive -dF tank',
      'n3: zfs destroy -r tank/web@sent && zfs rename -r tank/web@tosend tank/web@sent',
      'zfs destroy -r data/web@sent',
      'zfs rename -r data/web@tosend data/web@sent',
    ]);
  });

  test('a node with another last snapshot is told what to do; the others get theirs', async () => {
    const made = zfs({ n1: { sent: '11' }, n2: { sent: '10' }, n3: { sent: '11' } });
    await expect(made.rig.act('sync_nodes')).rejects.toThrow('not synchronised: n2');
    expect(made.rig.lines).toContain(
      'sync#1 ERROR n2: tank/web@sent is not the last snapshot from here',
    );
    expect(made.rig.lines.join('\n')).toContain('send everything anew: svcmgr sync full');
    expect(changes(made).filter((text) => text.startsWith('zfs send'))).toHaveLength(1);
    expect(await made.rig.status('sync#1')).toMatchObject({
      status: 'warn',
      notes: [{ level: 'warn', text: 'outdated: n2' }],
    });
  });

  test('sync full: both snapshots are destroyed before everything goes', async () => {
    const made = zfs({ n1: { sent: '11' }, n2: { sent: '10' }, n3: {} });
    await made.rig.act('sync_full');
    expect(changes(made)).toEqual([
      'zfs snapshot -r data/web@tosend',
      'zfs send -R data/web@tosend | n2: zfs destroy -r tank/web@sent && zfs receive -dF tank',
      'n2: zfs rename -r tank/web@tosend tank/web@sent',
      'zfs send -R data/web@tosend | n3: zfs receive -dF tank',
      'n3: zfs rename -r tank/web@tosend tank/web@sent',
      'zfs destroy -r data/web@sent',
      'zfs rename -r data/web@tosend data/web@sent',
    ]);
  });

  test('not recursive, to another path, on drpnodes', async () => {
    const made = zfs(
      { n1: {} },
      'recursive = false\ndst@n1 = tank/copies/web\ntarget@n1 = drpnodes',
    );
    await made.rig.act('sync_drp');
    expect(changes(made)).toEqual([
      'zfs snapshot data/web@tosend.drp',
      'zfs send data/web@tosend.drp | d1: zfs receive -F tank/copies/web',
      'd1: zfs rename tank/copies/web@tosend.drp tank/copies/web@sent.drp',
      'zfs rename data/web@tosend.drp data/web@sent.drp',
    ]);
  });

  test('no node that answers: the snapshot goes away again', async () => {
    const made = host(config(), (command) =>
      isZfsList.test(command) ? (command.startsWith('n') ? { exitCode: 255 } : {}) : undefined,
    );
    await expect(made.rig.act('sync_nodes')).rejects.toThrow('not synchronised: n2, n3');
    expect(changes(made).at(-1)).toBe('zfs destroy -r data/web@tosend');
    expect(made.rig.lines).toContain('sync#1 ERROR n2: zfs tank/web: no answer');
  });

  test('a dry run asks and changes nothing', async () => {
    const made = zfs({ n1: { sent: '11' }, n2: { sent: '11' } });
    await made.rig.act('sync_nodes', { dryRun: true });
    expect(changes(made)).toEqual([]);
    expect(made.rig.lines).toContain(
      "sync#1 zfs send -R -i data/web@sent data/web@tosend | rsh n2 'zfs receive -dF tank'",
    );
  });

  test('without zfs the error says so', async () => {
    const run: Run = async () => {
      throw new AgentError('E_NO_COMMAND', 'zfs is not installed');
    };
    const text = `[DEFAULT]\nnodes = n1 n2\n${config()}`;
    const rig = createRig(text, { nodename: 'n1', captured: { run } });
    await expect(rig.act('sync_nodes')).rejects.toThrow('zfs is not installed');
  });
});

describe('sync.zfssnap (captured output)', () => {
  const config =
    '[sync#1]\ntype = zfssnap\ndataset = data/web /data/log/\nname = daily\nkeep = 2\noptional = false\n';
  const snap = (date: string): string => `daily.snap.${date}`;

  function zfs(names: readonly string[], config_ = config): Host {
    return host(config_, (command) => {
      const [, , dataset = ''] = isZfsList.exec(command) ?? [];
      if (dataset === '') return undefined;
      return { stdout: names.map((name, n) => `${dataset}@${name}\t${n}\n`).join('') };
    });
  }

  test('one is taken of each, and the newest are kept', async () => {
    const old = ['2001-01-01.00:00:00', '2001-01-03.00:00:00', '2001-01-02.00:00:00'].map(snap);
    const { rig, commands } = zfs([...old, 'weekly.snap.2001-01-01.00:00:00', 'sent']);
    expect(await rig.status('sync#1')).toMatchObject({
      status: 'warn',
      resource: { label: "zfs 'daily' snapshot data/web, data/log" },
      notes: [
        { text: 'data/web has 1 too many snapshots' },
        { text: 'the last snapshot of data/web is too old: 2001-01-03.00:00:00' },
        { text: 'data/log has 1 too many snapshots' },
        { text: 'the last snapshot of data/log is too old: 2001-01-03.00:00:00' },
      ],
    });
    commands.length = 0;
    await rig.act('sync_update');
    const changes = commands.filter((text) => !isZfsList.test(text));
    expect(changes.map((text) => text.replace(/@daily.snap.20[^0][\d.:-]+/, '@now'))).toEqual(
      ['data/web', 'data/log'].flatMap((dataset) => [
        `zfs snapshot -r ${dataset}@now`,
        `zfs destroy -r ${dataset}@${snap('2001-01-02.00:00:00')}`,
        `zfs destroy -r ${dataset}@${snap('2001-01-01.00:00:00')}`,
      ]),
    );
  });

  test('none is a warning; a dataset of another node is none', async () => {
    expect(await zfs([]).rig.status('sync#1')).toMatchObject({
      status: 'warn',
      notes: [{ text: 'data/web has no snapshot' }, { text: 'data/log has no snapshot' }],
    });
    const elsewhere = host(config, () => noDataset);
    expect(await elsewhere.rig.status('sync#1')).toMatchObject({
      status: 'n/a',
      notes: [{ text: 'data/web is not on this node' }, { text: 'data/log is not on this node' }],
    });
  });
});

describe('sync.dds (captured output)', () => {
  const config = (more = ''): string =>
    `[sync#1]
type = dds
src = /dev/vg1/data
dst = /dev/vg2/data
dst@n3 = /dev/vg3/data
target = nodes
optional = false
${more}
`;
  interface Volumes {
    /** Snapshots here: uuid by number. */
    snapshots: Record<string, string>;
    /** What the nodes hold a copy of. */
    bases: Record<string, string>;
    attributes?: string;
    /** Where dds is missing. */
    without?: string;
    sums?: Record<string, string>;
    fails?: string;
  }

  function volumes(given: Volumes, more = ''): Host {
    return host(config(more), (command) => {
      const [, device = ''] = /^lvs .* (\/dev\/vg1\/\S+)$/.exec(command) ?? [];
      if (device === '/dev/vg1/data') return { stdout: '  vg1;data;u0;1073741824;owi-aos---\n' };
      const [, number = ''] = /snap(\d)$/.exec(device) ?? [];
      const uuid = given.snapshots[number];
      if (device !== '') {
        const facts = `  vg1;data_osvc_snap${number};${uuid};109051904;${given.attributes ?? 'swi-a-s---'}\n`;
        return uuid
          ? { stdout: facts }
          : { exitCode: 5, stderr: 'Failed to find logical volume\n' };
      }
      const node = /^(\w+): /.exec(command)?.[1] ?? 'n1';
      if (command.endsWith('command -v dds')) return { exitCode: given.without === node ? 1 : 0 };
      if (command.includes(': cat ')) return { stdout: `${given.bases[node] ?? ''}\n` };
      if (command.includes('md5sum ')) return { stdout: `${given.sums?.[node]}  x\n` };
      if (given.fails !== undefined && command.includes(given.fails)) return { exitCode: 1 };
      if (command.startsWith('lvcreate -s -n data_osvc_snap1')) given.snapshots['1'] = 'u1';
      if (command.startsWith('lvrename ')) given.snapshots['1'] = 'u2';
      return undefined;
    });
  }
  const changes = ({ commands }: Host): string[] =>
    commands.filter((text) => !/^lvs |command -v dds$|: cat /.test(text));
  const same = { n2: 'u1', n3: 'u1' };

  test('sync full: a snapshot, written to the device that each node has', async () => {
    const made = volumes({ snapshots: { '1': 'old', '2': 'left' }, bases: {} });
    await made.rig.act('sync_full');
    expect(changes(made)).toEqual([
      'lvremove -f /dev/vg1/data_osvc_snap2',
      'lvremove -f /dev/vg1/data_osvc_snap1',
      'lvcreate -s -n data_osvc_snap1 -L 103M /dev/vg1/data',
      'dd if=/dev/vg1/data_osvc_snap1 bs=1M | n2: dd bs=1M of=/dev/vg2/data',
      'dd if=/dev/vg1/data_osvc_snap1 bs=1M | n3: dd bs=1M of=/dev/vg3/data',
    ]);
    const { status, resource } = await made.rig.status('sync#1');
    expect([status, resource.label]).toEqual(['up', 'dds of /dev/vg1/data to nodes']);
  });

  test('sync update: what changed is merged everywhere, and the new snapshot is the base', async () => {
    const made = volumes({ snapshots: { '1': 'u1' }, bases: same }, 'snap_size = 10m');
    await made.rig.act('sync_update');
    const extract =
      'dds --extract --cow /dev/mapper/vg1-data_osvc_snap1-cow --source /dev/vg1/data_osvc_snap2';
    expect(changes(made)).toEqual([
      'lvcreate -s -n data_osvc_snap2 -L 10M /dev/vg1/data',
      `${extract} | n2: dds --merge --dest /dev/vg2/data -v`,
      `${extract} | n3: dds --merge --dest /dev/vg3/data -v`,
      'lvremove -f /dev/vg1/data_osvc_snap1',
      'lvrename vg1 data_osvc_snap2 data_osvc_snap1',
    ]);
  });

  test.each([
    { given: { snapshots: {}, bases: same }, says: 'does not exist: nothing was copied yet' },
    {
      given: { snapshots: { '1': 'u1' }, bases: { n2: 'u1', n3: 'other' } },
      says: 'without the last copy from here: n3',
    },
    {
      given: { snapshots: { '1': 'u1' }, bases: same, attributes: 'swi-I-s---' },
      says: 'data_osvc_snap1 was too small for what changed; raise snap_size',
    },
    {
      given: { snapshots: { '1': 'u1' }, bases: same, without: 'n1' },
      says: 'n1: dds is not installed',
    },
    {
      given: { snapshots: { '1': 'u1' }, bases: same, without: 'n3' },
      says: 'n3: dds is not installed',
    },
  ])('sync update changes nothing: $says', async ({ given, says }) => {
    const made = volumes({ ...given });
    await expect(made.rig.act('sync_update')).rejects.toThrow(says);
    expect(changes(made)).toEqual([]);
  });

  test('a node that cannot merge: the base stays, for every node', async () => {
    const made = volumes({ snapshots: { '1': 'u1' }, bases: same, fails: 'n2: dds --merge' });
    await expect(made.rig.act('sync_update')).rejects.toThrow('not synchronised: n2');
    expect(changes(made).at(-1)).toBe('lvremove -f /dev/vg1/data_osvc_snap2');
    expect(changes(made).some((text) => text.startsWith('lvrename'))).toBe(false);
  });

  test('sync verify compares with the last snapshot', async () => {
    const sums = { n1: 'aa', n2: 'aa', n3: 'aa' };
    const good = volumes({ snapshots: { '1': 'u1' }, bases: same, sums });
    await good.rig.act('sync_verify');
    expect(good.rig.lines).toEqual(['n1', 'n2', 'n3'].map((node) => `sync#1 md5 ${node}: aa`));
    const bad = volumes({ snapshots: { '1': 'u1' }, bases: same, sums: { ...sums, n3: 'bb' } });
    await expect(bad.rig.act('sync_verify')).rejects.toThrow(
      'not the same as /dev/vg1/data_osvc_snap1: n3',
    );
  });
});

describe('presync and postsync (captured output)', () => {
  const uuid = '0a1b2c3d:4e5f6071:8293a4b5:c6d7e8f9';
  const head = '[DEFAULT]\nnodes = n1 n2\n';

  test('disk.md: its members are written once, go to the other node, and are looked for there', async () => {
    let isUp = true;
    const commands: string[] = [];
    const run = capturedRun((line) => {
      commands.push(line);
      if (line === 'mdadm --detail --scan')
        return { stdout: isUp ? `ARRAY /dev/md9 metadata=1.2 UUID=${uuid}\n` : '' };
      if (line === 'mdadm --detail /dev/md9')
        return {
          stdout: `  State : clean\n   0  8  16  0  active sync  /dev/nm-none-b\n   1  8  32  1  active sync  /dev/nm-none-a\n   -  8  48  -  spare  /dev/nm-none-c\n`,
        };
      return line.startsWith('stat ') ? { exitCode: 1, stderr: 'No such file or directory' } : {};
    });
    const rig = createRig(`${head}[disk#1]\ntype = md\nuuid = ${uuid}\n`, {
      nodename: 'n1',
      rsh: 'rsh',
      captured: { run },
    });
    const file = join((await rig.service()).directory, 'members/disk.1');
    await rig.act('presync', { dryRun: true });
    expect(existsSync(file)).toBe(false);
    await rig.act('presync');
    await rig.act('presync');
    expect(readFileSync(file, 'utf8')).toBe('/dev/nm-none-a\n/dev/nm-none-b\n/dev/nm-none-c\n');
    expect(rig.lines).toEqual([`disk#1 write ${file}`, `disk#1 write ${file}`]);
    await rig.act('sync_nodes');
    expect(commands.find((line) => line.startsWith('rsync -HpogDtrlvx '))).toContain(
      ` ${file} n2:/`,
    );
    isUp = false;
    await rig.act('presync');
    expect(await rig.status('disk#1')).toMatchObject({
      status: 'down',
      notes: ['a', 'b', 'c'].map((name) => ({ text: `/dev/nm-none-${name} does not exist` })),
    });
  });

  test('disk.zpool: its devices, of a pool that is imported', async () => {
    const answer = capturedRun((line) => {
      if (line === 'zpool list -H -o health data') return { stdout: 'ONLINE\n' };
      if (line === 'zpool list -H -P -v data')
        return {
          stdout: 'data\t1G\t1M\n\tmirror-0\t1G\n\t/dev/nm-none-b\t1G\n\t/dev/nm-none-a\t1G\n',
        };
      return undefined;
    });
    const rig = createRig(`${head}[disk#1]\ntype = zpool\nname = data\n`, {
      nodename: 'n1',
      captured: { run: answer },
    });
    await rig.act('presync');
    const file = join((await rig.service()).directory, 'members/disk.1');
    expect(readFileSync(file, 'utf8')).toBe('/dev/nm-none-a\n/dev/nm-none-b\n');
  });

  test('sync all: presync first, of all resources; where it fails, the copies go all the same', async () => {
    let health = 'ONLINE';
    const commands: string[] = [];
    const run = capturedRun((line) => {
      commands.push(line.replace(/ -HpogDtrlvx.*/, ''));
      if (line.startsWith('zpool list -H -o')) return { stdout: `${health}\n` };
      if (line.startsWith('zpool list -H -P')) {
        if (health === 'ONLINE') return { stdout: '/dev/nm-none\n' };
        throw new AgentError('E_NO_COMMAND', 'zpool is gone');
      }
      return {};
    });
    const rig = createRig(`${head}[disk#1]\ntype = zpool\nname = data\n`, {
      nodename: 'n1',
      rsh: 'rsh',
      captured: { run },
    });
    const order = (): string[] =>
      commands.filter((line) => /^zpool list -H -P|^rsync$|svcmgr/.test(line)).splice(0);
    await rig.operate('sync_all', { rid: 'sync#i0' });
    const postsync = 'rsh n2 svcmgr -s svc1 postsync --waitlock 3600';
    expect(order()).toEqual(['zpool list -H -P -v data', 'rsync', postsync]);
    commands.length = 0;
    health = 'DEGRADED';
    await rig.operate('sync_all');
    expect(order()).toEqual(['zpool list -H -P -v data', 'rsync', postsync]);
    expect(rig.lines).toContain('disk#1 ERROR zpool is gone');
  });

  test('noaction: presync passes', async () => {
    const answer = capturedRun((line) =>
      line.startsWith('zpool list') ? { stdout: 'ONLINE\t/dev/nm-none\n' } : undefined,
    );
    const rig = createRig(`${head}[disk#1]\ntype = zpool\nname = data\ntags = noaction\n`, {
      nodename: 'n1',
      captured: { run: answer },
    });
    await rig.act('presync');
    expect(rig.lines).toEqual([expect.stringContaining('members/disk.1')]);
  });

  test('container.kvm: a definition that was copied here is made known to libvirt', async () => {
    const commands: string[] = [];
    const run = capturedRun((line) => {
      commands.push(line);
      return { stdout: line.includes('for f') ? '/etc/libvirt/qemu/vm1.xml\n' : '' };
    });
    const rig = createRig(`${head}[container#1]\ntype = kvm\nname = vm1\n`, {
      nodename: 'n2',
      captured: { run },
    });
    await rig.act('postsync');
    expect(commands).toContain('virsh define /etc/libvirt/qemu/vm1.xml');
  });
});

describe('sync.docker (captured output)', () => {
  const config = `[container#1]
type = docker
image = web:1
[container#2]
type = podman
image = db:2
[container#3]
type = docker
image = web:1
[task#1]
type = docker
image = gone:1
command = x
[sync#1]
type = docker
target = nodes
optional = false
`;

  /** Ids of images by client and name here, and what each node has. */
  function engines(there: Record<string, string[]>): Host {
    const here: Record<string, string> = { 'docker web:1': 'a1', 'podman db:2': 'b2' };
    return host(config, (command) => {
      const [, client, name] = /^(\w+) image inspect --format \S+ (\S+)$/.exec(command) ?? [];
      if (name !== undefined) {
        const id = here[`${client} ${name}`];
        return id
          ? { stdout: `sha256:${id}\n` }
          : { exitCode: 1, stderr: 'Error: No such image\n' };
      }
      const [, node = ''] = /^(\w+): \w+ images /.exec(command) ?? [];
      if (node !== '') {
        const ids = there[node];
        return ids ? { stdout: ids.map((id) => `sha256:${id}\n`).join('') } : { exitCode: 255 };
      }
      return /^\w+ container inspect /.test(command)
        ? { stdout: '[{"Id":"c","Image":"x","State":{"Running":true,"Pid":1}}]' }
        : undefined;
    });
  }
  const loads = ({ commands }: Host): string[] => commands.filter((text) => text.includes(' | '));

  test('what is missing on a node is loaded there, once for all that run it', async () => {
    const made = engines({ n2: ['a1', 'other'], n3: [] });
    await made.rig.act('sync_nodes');
    expect(loads(made)).toEqual([
      'podman save db:2 | n2: podman load',
      'docker save web:1 | n3: docker load',
      'podman save db:2 | n3: podman load',
    ]);
    expect(made.rig.lines).toContain('sync#1 WARNING gone:1 is not on this node');
  });

  test('status: what is missing where, and who does not tell', async () => {
    expect(await engines({ n2: ['a1'] }).rig.status('sync#1')).toMatchObject({
      status: 'warn',
      resource: { label: 'docker img sync to nodes' },
      notes: [
        { text: 'gone:1 is not on this node' },
        { text: 'n2 misses db:2' },
        { text: 'n3: docker does not answer' },
      ],
    });
  });

  test('a node that does not answer is told; the others get theirs', async () => {
    const made = engines({ n3: ['a1'] });
    await expect(made.rig.act('sync_nodes')).rejects.toThrow('not synchronised: n2');
    expect(loads(made)).toEqual(['podman save db:2 | n3: podman load']);
  });
});

describe('sync.rsync with snap (captured output)', () => {
  function lvm(
    more = '',
    { fails, head: top = '', left = false }: { fails?: string; head?: string; left?: boolean } = {},
  ): { rig: Rig; commands: string[] } {
    const commands: string[] = [];
    let mounted = false;
    const run = capturedRun((line) => {
      if (line.startsWith('rsync --version')) return { stdout: 'no ACLs, no xattrs' };
      const shown = line.replace(/^rsync -Hpog.*? -e rsh /, 'rsync ');
      if (!/^(mkdir|mountpoint|lvs|rsh|rsync -R|stat|df|dd) /.test(shown)) commands.push(shown);
      if (fails !== undefined && shown.includes(fails)) return { exitCode: 5 };
      if (/^lvs .* \/dev\/mapper\/vg1-data$/.test(line))
        return { stdout: '  vg1;data;u0;1073741824;-wi-ao----\n' };
      if (/^lvs .*osvc_sync_data$/.test(line))
        return left ? { stdout: '  vg1;osvc_sync_data;u9;1;swi-a-s---\n' } : { exitCode: 5 };
      if (line.startsWith('mountpoint ')) return { exitCode: mounted ? 0 : 32 };
      if (line.startsWith('mount ')) mounted = true;
      if (line.startsWith('umount ')) mounted = false;
      return {};
    });
    const place: Mount = {
      device: '/dev/mapper/vg1-data',
      mountPoint: '/usr',
      type: 'xfs',
      options: ['rw'],
      deviceNumber: '253:7',
      root: '/',
    };
    const rest: Mount = { ...place, device: '/dev/sda1', mountPoint: '/', deviceNumber: '8:1' };
    const rig = createRig(
      `[DEFAULT]\nnodes = n1 n2\n${top}[sync#i0]\ndisable = true\n[sync#1]\ntype = rsync\nsrc = /usr/bin/env\ndst = /copy\ntarget = nodes\nsnap = true\noptional = false\n${more}`,
      { nodename: 'n1', rsh: 'rsh', captured: { run, mounts: () => [rest, place] } },
    );
    return { rig, commands };
  }
  const at = ({ rig }: { rig: Rig }): string => `${rig.paths.run}/snap/svc1.sync.1`;

  test('a snapshot, mounted for reading, is copied from and removed', async () => {
    const made = lvm();
    await made.rig.act('sync_nodes');
    expect(made.commands).toEqual([
      'lvcreate -A n -s -L103M -n osvc_sync_data vg1/data',
      `mount -t xfs -o ro,nouuid,norecovery /dev/vg1/osvc_sync_data ${at(made)}/usr`,
      `rsync ${at(made)}/./usr/bin/env n2:/copy`,
      `umount ${at(made)}/usr`,
      'lvremove -f /dev/vg1/osvc_sync_data',
    ]);
  });

  test('the triggers are around its making, the second one also when it fails', async () => {
    const head = 'presnap_trigger = /bin/rest\npostsnap_trigger = /bin/go on\n';
    const made = lvm('', { head });
    await made.rig.act('sync_nodes');
    expect(made.commands.slice(0, 3)).toEqual([
      '/bin/rest',
      'lvcreate -A n -s -L103M -n osvc_sync_data vg1/data',
      '/bin/go on',
    ]);
    expect(made.rig.lines).toContain('sync#1 presnap_trigger: /bin/rest');
    const full = lvm('', { head, fails: 'lvcreate' });
    await expect(full.rig.act('sync_nodes')).rejects.toThrow('lvcreate');
    expect(full.commands.at(-1)).toBe('/bin/go on');
  });

  test('a copy that fails, and what a killed run left: no snapshot stays', async () => {
    const made = lvm('', { fails: 'n2:/copy' });
    await expect(made.rig.act('sync_nodes')).rejects.toThrow('not synchronised: n2');
    expect(made.commands.at(-1)).toBe('lvremove -f /dev/vg1/osvc_sync_data');
    const after = lvm('', { left: true });
    await after.rig.act('sync_nodes');
    expect(after.commands[0]).toBe('lvremove -f /dev/vg1/osvc_sync_data');
  });

  test('its size is that of the file system', async () => {
    const fs = (size: string): string =>
      `[fs#1]\ntype = xfs\ndev = /dev/mapper/vg1-data\nmnt = /usr\nsnap_size = ${size}\n`;
    for (const [size, option] of [
      ['20%', '-L205M'],
      ['64m', '-L64M'],
      ['5%FREE', '-l 5%FREE'],
    ] as const) {
      const made = lvm(fs(size));
      await made.rig.act('sync_nodes', { force: true, rid: 'sync#1' });
      expect(made.commands.find((line) => line.startsWith('lvcreate'))).toContain(` ${option} `);
    }
  });

  test('files that lie on no logical volume are refused', async () => {
    const made = lvm('src@n1 = /etc/passwd');
    await expect(made.rig.act('sync_nodes')).rejects.toThrow(
      'snap: /etc/passwd lies on /dev/sda1, which is no logical volume',
    );
    expect(made.commands).toEqual([]);
  });

  test('a dry run names the same commands and changes nothing', async () => {
    const made = lvm();
    await made.rig.act('sync_nodes', { dryRun: true });
    expect(made.commands).toEqual([]);
    const words = made.rig.lines.map((line) => line.split(' ')[1]);
    expect(words).toEqual(['lvcreate', 'mount', 'rsync', 'umount', 'lvremove']);
  });
});
