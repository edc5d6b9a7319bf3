/** sync.docker with images of podman, over a real sshd; and of docker daemons that services have for themselves. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lacks } from '../support/can.js';
import { createFakeDocker } from './fake-docker.js';
import { createPodman, image, type Podman } from './podman.js';
import { createRig } from './rig.js';
import { createSshPeers } from './ssh-peers.js';

const readLines = (file: string): string[] => readFileSync(file, 'utf8').trim().split('\n');

/** A directory of programs: scripts of sh(1). */
function programs(scripts: Readonly<Record<string, string>>): string {
  const bin = mkdtempSync(join(tmpdir(), 'nodemgr-bin-'));
  onTestFinished(() => rmSync(bin, { recursive: true, force: true }));
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return bin;
}

const clientOf = (podman: Podman): string =>
  programs({
    podman: `exec /usr/bin/podman ${podman.wrap(['podman']).slice(1).join(' ')} "$@"`,
  });

const pathWith = (bin: string): string => `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`;

/** Commands find the programs of a directory before all others. */
const before =
  (bin: string) =>
  (argv: readonly string[]): string[] => {
    const script = 'mount --bind "$1" /usr/local/sbin && shift && exec "$@"';
    return ['unshare', '--mount', 'sh', '-c', script, 'sh', bin, ...argv];
  };

describe.skipIf(lacks('root', 'podman', 'netns', 'sshd', 'rsync', 'mount'))('sync.docker', () => {
  test('an image of podman goes where it is missing, once', async () => {
    const [here, there] = [createPodman(), createPodman()];
    there.run('rmi', '-f', image);
    const peers = await createSshPeers([], { PATH: pathWith(clientOf(there)) });
    const rig = createRig(
      `[DEFAULT]\nnodes = n1 n2\n[container#1]\ntype = podman\nimage = ${image}\n[sync#1]\ntype = docker\ntarget = nodes\noptional = false\n`,
      { nodename: 'n1', rsh: peers.rsh, wrap: before(clientOf(here)) },
    );
    const id = (podman: Podman): string =>
      podman.run('image', 'inspect', '--format', '{{.Id}}', image).trim();
    expect(id(there)).toBe('');
    await rig.act('sync_nodes', { rid: 'sync#1', force: true });
    expect(id(here)).not.toBe('');
    expect(id(there)).toBe(id(here));
    expect(rig.lines).toContain(`sync#1 podman save ${image} | ${peers.rsh} n2 'podman load'`);
    rig.lines.length = 0;
    await rig.act('sync_nodes', { rid: 'sync#1', force: true });
    expect(rig.lines.filter((line) => line.includes('podman save'))).toEqual([]);
  });
});

describe.skipIf(lacks('root', 'netns', 'sshd', 'rsync'))(
  'sync.docker with a daemon of the service itself',
  () => {
    test('the daemon there is reached through svcmgr, which starts it; nothing that only looks does', async () => {
      const docker = createFakeDocker();
      const place = mkdtempSync(join(tmpdir(), 'nodemgr-calls-'));
      onTestFinished(() => rmSync(place, { recursive: true, force: true }));
      const calls = join(place, 'calls');
      const bin = programs({
        svcmgr: `echo "$*" >>${calls}; case "$*" in *load) cat >${place}/loaded;; esac`,
      });
      const peers = await createSshPeers([], { PATH: pathWith(bin) });
      const rig = createRig(
        (own) =>
          `[DEFAULT]\nnodes = n1 n2\n${docker.keywords}container_data_dir = ${own}/data\n[container#1]\ntype = docker\nimage = nginx:1\n[sync#1]\ntype = docker\ntarget = nodes\noptional = false\n`,
        { nodename: 'n1', rsh: peers.rsh },
      );
      await rig.act('start');
      expect(await rig.status('sync#1')).toMatchObject({
        status: 'warn',
        notes: [{ level: 'warn', text: 'outdated: n2' }],
      });
      await rig.act('sync_nodes', { rid: 'sync#1' });
      expect(readLines(calls)).toEqual([
        '-s svc1 docker images --all --no-trunc --format {{.ID}}',
        '-s svc1 docker load',
      ]);
      expect(readLines(join(place, 'loaded'))).toEqual(['image nginx:1']);
      expect((await rig.status('sync#1')).status).toBe('up');
      await rig.act('stop');
    });
  },
);
