/** A node and containers on it as processes see them: a root and a name each, the real program in both. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { distProgram } from '../cli/edge.js';
import { quietNode } from '../scheduler/world.js';
import { createRoot, type TestRoot } from '../support/root.js';

export interface Container {
  readonly root: TestRoot;
  /** What was run inside so far, without the questions whether it can be reached. */
  calls(): string[];
  forgetCalls(): void;
  isRunning(): boolean;
  /** It runs, and takes no commands. */
  deafen(isDeaf: boolean): void;
  /** Whether a flag inside is set. */
  has(rid: string): boolean;
  /** Runs svcmgr inside. */
  svcmgr(...words: string[]): Result;
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Levels {
  readonly n1: TestRoot;
  readonly vm1: Container;
  readonly vm2: Container;
  /** Runs svcmgr on the node. */
  svcmgr(...words: string[]): Result;
  /** Whether a flag of the node is set. */
  has(rid: string): boolean;
}

/** Section of a container that one of the fake tools runs. */
export const container = (place: string, name: 'vm1' | 'vm2', more = ''): string =>
  `[container#${name.at(-1)}]\ntype = lxc\nname = ${name}\ncf = ${place}/config\nrcmd = ${place}/inside ${name}\nstart_timeout = 3\nstop_timeout = 1\n${more}\n`;

/** `unshare` for a program that believes to be on a host. */
const named = (host: string): string[] => [
  ...['unshare', '--uts', 'sh', '-c', `hostname ${host} && exec "$@"`, 'sh'],
];

const program = [process.execPath, distProgram('svcmgr')];

/**
 * Containers are files here: the tools of LXC, which no test owns, are scripts that make and remove
 * them. What is run inside is real, in the root of the container.
 *
 * @param config of the service `web`, given the directory of the tools
 */
export function twoLevels(config: (place: string) => string): Levels {
  const n1 = createRoot({ 'node.conf': quietNode });
  const place = join(n1.directory, 'host');
  mkdirSync(join(place, 'bin'), { recursive: true });
  const script = (name: string, text: string): void =>
    writeFileSync(join(place, name), `#!/bin/sh\n${text}`, { mode: 0o755 });
  const last = 'while [ "$1" != -n ] && [ "$1" != --name ]; do shift; done; state="$2"\n';
  script(
    'bin/lxc-info',
    `${last}[ -e ${place}/$state.up ] && echo 'State: RUNNING' || echo 'State: STOPPED'\n`,
  );
  script('bin/lxc-start', `${last}touch ${place}/$state.up\n`);
  script('bin/lxc-stop', `${last}rm -f ${place}/$state.up\n`);
  script('bin/lxc-destroy', 'exit 0\n');
  script('bin/lxc-attach', 'echo a shell: "$@"\n');
  writeFileSync(join(place, 'config'), '');
  const containers = { vm1: containerAt(place, 'vm1'), vm2: containerAt(place, 'vm2') };
  script(
    'inside',
    `name=$1; shift
[ -e ${place}/$name.up ] && [ ! -e ${place}/$name.deaf ] || exit 1
[ "$1" = pwd ] && exec pwd
echo "$*" >>${place}/$name.calls
[ -z "$NODEMGR_ROOT" ] || { echo "the root of the host is known here" >&2; exit 3; }
[ "$1" = svcmgr ] || exec "$@"
shift
[ ! -e ${place}/$name.hook ] || . ${place}/$name.hook
case $name in vm1) root=${containers.vm1.root.directory};; *) root=${containers.vm2.root.directory};; esac
exec unshare --uts sh -c "hostname $name && exec \\"\\$@\\"" sh env NODEMGR_ROOT=$root ${program.join(' ')} "$@"
`,
  );
  n1.write('web.conf', config(place));
  return {
    n1,
    ...containers,
    svcmgr: (...words) =>
      start(
        [
          ...['unshare', '--mount', '--uts', 'sh', '-c'],
          ...[`mount --bind ${place}/bin /usr/local/sbin && hostname n1 && exec "$@"`, 'sh'],
          ...[...program, 'web', ...words],
        ],
        n1,
      ),
    has: (rid) => existsSync(join(n1.paths.run, `flag/svc/web/${rid}.flag`)),
  };
}

function containerAt(place: string, name: string): Container {
  const root = createRoot({ 'node.conf': quietNode });
  const calls = join(place, `${name}.calls`);
  return {
    root,
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
    forgetCalls: () => rmSync(calls, { force: true }),
    isRunning: () => existsSync(join(place, `${name}.up`)),
    deafen(isDeaf) {
      const file = join(place, `${name}.deaf`);
      if (isDeaf) writeFileSync(file, '');
      else rmSync(file, { force: true });
    },
    has: (rid) => existsSync(join(root.paths.run, `flag/svc/web/${rid}.flag`)),
    svcmgr: (...words) => start([...named(name), ...program, 'web', ...words], root),
  };
}

function start([file = '', ...args]: readonly string[], root: TestRoot): Result {
  const env = { PATH: process.env['PATH'] ?? '', NODEMGR_ROOT: root.directory };
  const { status, stdout, stderr } = spawnSync(file, args, { env, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}
