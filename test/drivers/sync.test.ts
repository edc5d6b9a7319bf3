/** Synchronisation over a real sshd between two network namespaces. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lacks } from '../support/can.js';
import { createRig, type Rig, type RigOptions } from './rig.js';
import { createSshPeers } from './ssh-peers.js';

const head = '[DEFAULT]\nnodes = n1 n2\n';
const config = (place: string, more = ''): string => `${head}[sync#1]
type = rsync
src = ${place}/src/*.txt ${place}/src/dir
dst = ${place}/dst/
target = nodes
${more}
`;

function fill({ place }: Rig): void {
  mkdirSync(join(place, 'src/dir'), { recursive: true });
  mkdirSync(join(place, 'dst'));
  writeFileSync(join(place, 'src/a.txt'), 'a');
  writeFileSync(join(place, 'src/b.bin'), 'b');
  writeFileSync(join(place, 'src/dir/c'), 'c');
}

const options: RigOptions = { nodename: 'n1' };

describe.skipIf(lacks('root', 'netns', 'sshd', 'rsync'))('sync.rsync over ssh', () => {
  test('copies what the patterns name, tells both sides when, and is up until it is late', async () => {
    const peers = await createSshPeers();
    const rig = createRig(config, { ...options, rsh: peers.rsh });
    fill(rig);
    expect(await rig.status('sync#1')).toMatchObject({
      status: 'down',
      notes: [{ level: 'warn', text: 'outdated: n2' }],
    });
    await rig.act('sync_nodes', { rid: 'sync#1' });
    expect(readFileSync(join(rig.place, 'dst/a.txt'), 'utf8')).toBe('a');
    expect(existsSync(join(rig.place, 'dst/dir/c'))).toBe(true);
    expect(existsSync(join(rig.place, 'dst/b.bin'))).toBe(false);
    expect(rig.lines[0]).toMatch(
      /^sync#1 rsync -HpogDtrlvx --stats --delete --force --timeout=3600 /,
    );
    expect((await rig.status('sync#1')).status).toBe('up');
    const record = join(rig.paths.var, 'sync/n2/svc1!sync#1');
    writeFileSync(record, `${new Date(Date.now() - 26 * 3_600_000).toISOString()}\n`);
    expect((await rig.status('sync#1')).status).toBe('down');
  });

  test('sync#i0: the configuration of the service goes to the other node', async () => {
    const peers = await createSshPeers();
    const rig = createRig(() => `${head}[fs#1]\ntype = flag\n`, { ...options, rsh: peers.rsh });
    const { label } = (await rig.status('sync#i0')).resource;
    expect(label).toBe('rsync svc config to nodes');
    await rig.act('start');
    await rig.act('sync_nodes');
    expect((await rig.status('sync#i0')).status).toBe('up');
    expect(rig.lines.filter((line) => line.startsWith('sync#i0'))).toEqual([
      'sync#i0 copy the configuration to n2',
    ]);
  });

  test('sync#i0: the link, the launchers and what resources contribute go along, as far as they exist', async () => {
    const peers = await createSshPeers();
    const rig = createRig(
      (place) => `${head}[container#1]\ntype = lxc\ncf = ${place}/cf\n[container#2]\ntype = kvm\n`,
      { ...options, rsh: peers.rsh },
    );
    const { etc } = rig.paths;
    const sources = async (): Promise<string[]> => {
      rig.lines.length = 0;
      await rig.act('sync_nodes', { dryRun: true, force: true });
      const [, words = ''] = / -e '.*' (.*) n2:\/$/.exec(rig.lines[0] ?? '') ?? [];
      return words.split(' ');
    };
    expect(await sources()).toEqual([`${etc}/svc1.conf`]);
    // Nothing of this program lies here: the link goes as a link.
    symlinkSync('/nowhere/svcmgr', `${etc}/svc1`);
    mkdirSync(`${etc}/svc1.dir`);
    symlinkSync('svc1.dir', `${etc}/svc1.d`);
    writeFileSync(join(rig.place, 'cf'), '');
    const all = ['svc1.conf', 'svc1', 'svc1.d', 'svc1.dir'].map((name) => join(etc, name));
    expect(await sources()).toEqual([...all, `${rig.place}/cf`]);
    await rig.act('sync_nodes', { force: true });
    expect(rig.lines.filter((line) => /WARN|ERROR/.test(line))).toEqual([]);
  });

  test('a node that does not answer is told, and is an error after the others', async () => {
    const peers = await createSshPeers(['n3']);
    const rig = createRig((place) => config(place).replace('nodes = n1 n2', 'nodes = n1 n9 n2'), {
      ...options,
      rsh: peers.rsh,
    });
    fill(rig);
    await rig.act('sync_nodes', { rid: 'sync#1' });
    expect(rig.lines.join('\n')).toMatch(/sync#1 ERROR n9: .*\n.*rsync .* n2:/);
    expect(rig.lines).toContain('sync#1 ERROR not synchronised: n9');
    expect(rig.lines).toContain('sync#1 the resource is optional: its error is ignored');
    expect(existsSync(join(rig.place, 'dst/a.txt'))).toBe(true);
  });

  test('dstfs: nothing goes to a node where it is not mounted', async () => {
    const peers = await createSshPeers();
    const rig = createRig((place) => config(place, `dstfs = ${place}/dst`), {
      ...options,
      rsh: peers.rsh,
    });
    fill(rig);
    await rig.act('sync_nodes', { rid: 'sync#1' });
    expect(rig.lines.join('\n')).toContain(`${rig.place}/dst is not mounted there`);
    expect(existsSync(join(rig.place, 'dst/a.txt'))).toBe(false);
  });

  test('a second copy removes what is gone and leaves the rest', async () => {
    const peers = await createSshPeers();
    const rig = createRig((place) => config(place).replace('/src/dir', '/src/dir/'), {
      ...options,
      rsh: peers.rsh,
    });
    fill(rig);
    await rig.act('sync_nodes', { rid: 'sync#1' });
    writeFileSync(join(rig.place, 'src/a.txt'), 'newer');
    utimesSync(join(rig.place, 'src/a.txt'), 2_000_000_000, 2_000_000_000);
    await rig.act('sync_nodes', { rid: 'sync#1' });
    expect(readFileSync(join(rig.place, 'dst/a.txt'), 'utf8')).toBe('newer');
  });
});

describe('gates', () => {
  const flag = '[fs#1]\ntype = flag\n';
  test('an instance that is not up sends nothing, unless forced', async () => {
    const rig = createRig((place) => config(place) + flag, options);
    await rig.act('sync_nodes');
    expect(rig.lines).toEqual(['sync#1 the instance is down: nothing is synchronised from here']);
  });

  test('the second node of a flex service, a node for disaster recovery, no destination', async () => {
    const flex = createRig((place) => config(place).replace(head, `${head}topology = flex\n`), {
      nodename: 'n2',
    });
    await flex.act('sync_nodes');
    expect(flex.lines[0]).toContain('the first node of a flex service synchronises: n1');
    const drp = createRig(
      (place) => config(place).replace('nodes = n1 n2', 'nodes = n1 n2\ndrpnodes = d1'),
      { nodename: 'd1' },
    );
    await drp.act('sync_drp');
    expect(drp.lines[0]).toContain('a node for disaster recovery is not synchronised from');
    const alone = createRig(
      (place) => config(place).replace('nodes = n1 n2', 'nodes = n1'),
      options,
    );
    expect(await alone.status('sync#1')).toMatchObject({
      status: 'n/a',
      notes: [{ level: 'info', text: 'no destination node' }],
    });
    expect((await alone.service()).resources.map(({ rid }) => rid)).toEqual(['sync#1']);
  });

  test('a dry run copies nothing', async () => {
    const rig = createRig(config, { ...options, rsh: '/bin/true' });
    fill(rig);
    await rig.act('sync_nodes', { rid: 'sync#1', dryRun: true });
    expect(rig.lines.join('\n')).toMatch(/^sync#1 rsync .* n2:/m);
    expect(existsSync(join(rig.place, 'dst/a.txt'))).toBe(false);
  });
});
