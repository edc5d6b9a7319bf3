/** Two nodes as processes see them: two roots, two names, and a real sshd between them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { showCommand } from '../../lib/exec/run.js';
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

/**
 * A program that believes to be on a node.
 * @param bin its programs are found before those of the system; what it mounts nobody else sees
 */
const asNode = (node: string, bin?: string): string[] => [
  'unshare',
  '--uts',
  ...(bin === undefined ? [] : ['--mount']),
  'sh',
  '-c',
  `hostname ${node}${bin === undefined ? '' : ` && mount --bind '${bin}' /usr/local/sbin`} && exec "$@"`,
  'sh',
  process.execPath,
  distProgram('svcmgr'),
];

/**
 * `svcmgr` on n2 notes its calls in the file `calls`, and first runs the file `hook` when there is one.
 * @param config of the service `web` on both
 * @param programsOn scripts of sh(1) that stand for programs on a node
 */
export async function twoNodes(
  config: string,
  programsOn?: (node: 'n1' | 'n2') => Readonly<Record<string, string>>,
): Promise<Nodes> {
  const n2 = createRoot({ 'web.conf': config, 'node.conf': quietNode });
  const bin = join(n2.directory, 'bin');
  mkdirSync(bin);
  const install = (directory: string, node: 'n1' | 'n2'): string | undefined => {
    if (!programsOn) return undefined;
    mkdirSync(directory, { recursive: true });
    for (const [name, script] of Object.entries(programsOn(node))) {
      writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
    return directory;
  };
  const words = asNode('n2', install(bin, 'n2')).map((word) => showCommand([word]));
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
  const bin1 = install(join(n1.directory, 'bin'), 'n1');
  return {
    n1,
    n2,
    peers,
    svcmgr(...argv) {
      const [program = '', ...before] = asNode('n1', bin1);
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
