/** Encapsulation for real: the agent runs in a container of podman, from the files of this host. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { statusTree } from '../../lib/cli/status-tree.js';
import { packageRoot } from '../../lib/env/package-root.js';
import { pathsBelow } from '../../lib/env/paths.js';
import { plainStyle } from '../../lib/render/style.js';
import { createPodman, image, limits } from '../drivers/podman.js';
import { createRig } from '../drivers/rig.js';
import { quietNode } from '../scheduler/world.js';
import { lacks } from '../support/can.js';

/** What the agent needs of this host; everything is read-only inside. */
const shared = ['/usr', '/lib', '/lib64', '/bin', packageRoot, dirname(process.execPath)]
  .filter((place, at, all) => existsSync(place) && all.indexOf(place) === at)
  .filter((place) => place === '/usr' || !place.startsWith('/usr/'))
  .map((place) => `${place}:${place}:ro`);

function serviceIn(place: string): string {
  const agent = join(place, 'agent');
  mkdirSync(join(agent, 'bin'), { recursive: true });
  mkdirSync(join(place, 'inner/etc'), { recursive: true });
  writeFileSync(join(place, 'inner/etc/node.conf'), quietNode, { mode: 0o600 });
  writeFileSync(
    join(agent, 'bin/svcmgr'),
    `#!/bin/sh\nNODEMGR_ROOT=/inner exec ${process.execPath} ${packageRoot}/dist/svcmgr.js "$@"\n`,
    { mode: 0o755 },
  );
  return `[DEFAULT]
id = 31c5
nodes = node1
encapnodes = vm1

[container#1]
type = podman
image = ${image}
hostname = vm1
netns = none
rm = true
run_args = ${limits}
osvc_root_path = /agent
volume_mounts = ${[...shared, `${agent}:/agent:ro`, `${place}/inner:/inner`].join(' ')}
command = /bin/sh -c 'trap "exit 0" TERM; sleep 1000 & wait'

[fs#1]
type = flag
encap = true

[app#1]
type = simple
start = sleep 4321
encap = true
`;
}

describe.skipIf(lacks('root', 'podman'))('an agent in a container of podman', () => {
  test('start, print status, stop: its app and its flag are up inside, and down before the container is', async () => {
    const podman = createPodman();
    const rig = createRig(serviceIn, { wrap: podman.wrap });
    const flag = join(pathsBelow(join(rig.place, 'inner')).run, 'flag/svc/svc1/fs#1.flag');
    expect(await rig.look()).toMatchObject({
      avail: 'down',
      inner: { 'container#1': { hostname: 'vm1', avail: 'down' } },
    });

    await rig.operate('start');
    expect(rig.lines).toEqual(
      expect.arrayContaining([
        'container#1 send the configuration to vm1',
        'container#1 run svcmgr start in vm1',
        expect.stringMatching(/^container#1 \| vm1\.svc1\.fs#1 create /),
        expect.stringMatching(/^container#1 \| vm1\.svc1\.app#1 /),
      ]),
    );
    expect(existsSync(flag)).toBe(true);
    // The program runs in the container, not here.
    expect(podman.run('top', 'svc1.container.1', 'args')).toMatch(/^sleep 4321 *$/m);
    expect(statusTree(await rig.look(), { verbose: false, style: plainStyle })).toBe(
      `svc1
overall                   up
'- avail                  up
   '- container#1    .... up         podman container svc1.container.1@${image}
      |- fs#1        ...E up         fs.flag
      '- app#1       ...E up         sleep
`,
    );

    rig.lines.length = 0;
    await rig.operate('stop');
    const order = rig.lines.flatMap(
      (line) => /(\| vm1\.svc1\.\S+(?= )|run svcmgr stop|podman stop)/.exec(line)?.[0] ?? [],
    );
    expect([...new Set(order)]).toEqual([
      'run svcmgr stop',
      '| vm1.svc1.app#1',
      '| vm1.svc1.fs#1',
      'podman stop',
    ]);
    expect(existsSync(flag)).toBe(false);
    expect(podman.run('ps', '-q')).toBe('');
    expect((await rig.look()).avail).toBe('down');
  }, 120_000);
});
