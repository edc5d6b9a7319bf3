/** Two nodes as processes see them: two roots, two names, and a real sshd between them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { distProgram } from '../cli/edge.js';
import { createSshPeers, type SshPeers } from '../drivers/ssh-peers.js';
import { quietNode } from '../scheduler/world.js';
import { createRoot, type TestRoot } from '../support/root.js';

export interface Nodes {
  readonly n1: TestRoot;
  readonly n2: TestRoot;
  readonly peers: SshPeers;
  /** Runs svcmgr on n1. */
  svcmgr(...words: string[]): { code: number | null; stdout: string; stderr: string };
}

/** A program that believes to be on a node. */
const asNode = (node: string): string[] => [
  'unshare',
  '--uts',
  'sh',
  '-c',
  `hostname ${node} && exec "$@"`,
  'sh',
  process.execPath,
  distProgram('svcmgr'),
];

/**
 * `svcmgr` on n2 notes its calls in the file `calls`, and first runs the file `hook` when there is one.
 * @param config of the service `web` on both
 */
export async function twoNodes(config: string): Promise<Nodes> {
  const n2 = createRoot({ 'web.conf': config, 'node.conf': quietNode });
  const bin = join(n2.directory, 'bin');
  mkdirSync(bin);
  const words = asNode('n2').map((word) => `'${word}'`);
  writeFileSync(
    join(bin, 'svcmgr'),
    `#!/bin/sh\necho "$*" >>'${n2.directory}/calls'\n[ ! -e '${n2.directory}/hook' ] || . '${n2.directory}/hook'\nexec ${words.join(' ')} "$@"\n`,
    { mode: 0o755 },
  );
  const peers = await createSshPeers([], {
    PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`,
    NODEMGR_ROOT: n2.directory,
  });
  const n1 = createRoot({
    'web.conf': config,
    'node.conf': `${quietNode}[node]\nrsh = ${peers.rsh}\n`,
  });
  return {
    n1,
    n2,
    peers,
    svcmgr(...argv) {
      const [program = '', ...before] = asNode('n1');
      const result = spawnSync(program, [...before, 'web', ...argv], {
        env: { PATH: process.env['PATH'] ?? '', NODEMGR_ROOT: n1.directory },
        encoding: 'utf8',
      });
      return { code: result.status, stdout: result.stdout, stderr: result.stderr };
    },
  };
}

export function onN2({ n2 }: Nodes, ...words: string[]): void {
  const [program = '', ...before] = asNode('n2');
  execFileSync(program, [...before, 'web', ...words], {
    env: { PATH: process.env['PATH'] ?? '', NODEMGR_ROOT: n2.directory },
    stdio: 'ignore',
  });
}
