import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCgroup } from '../../lib/exec/cgroup.js';

/**
 * What a test may need of the machine. Each is found out by trying it, once per process, when a test
 * first asks.
 */
const probes = {
  root: () => process.getuid?.() === 0,
  /** Groups of processes that can be frozen. */
  cgroup: () => findCgroup() !== undefined,
  strace: () => succeeds(['strace', '-qq', '-o', '/dev/null', '-e', 'trace=none', 'true']),
  faketime: () =>
    fakeTimeLibrary() !== undefined && succeeds(['faketime', '2020-01-01 00:00:00', 'date']),
  /** logger(1) with the options of util-linux. */
  logger: () =>
    succeeds(['logger', '--no-act', '--prio-prefix', '--id=1', '--socket-errors=off', 'x']),
  /** A terminal of our own. */
  script: () => succeeds(['script', '-qec', 'less --version', '/dev/null']),
  perl: () => succeeds(['perl', '-MIO::Socket::UNIX', '-e', '1']),
  cron: () => succeeds(['sh', '-c', 'command -v cron']),
  /** A mount namespace of our own with a file system of our own in it. */
  mount: () => succeeds(['unshare', '-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]),
  /** A file of an ext4 file system, mounted through a loop device. */
  loop: () => mountsImage('2M', 'mkfs.ext4 -q -F'),
  /** The table of exports; no server is needed for it. */
  exportfs: () => succeeds(['exportfs', '-v']),
  /** Volume groups without an active volume: device-mapper is not needed. */
  lvm: () => succeeds(['vgs']),
  xfs: () => mountsImage('310M', 'mkfs.xfs -q -f'),
  btrfs: () => mountsImage('120M', 'mkfs.btrfs -q -f'),
  /** A network namespace of our own. */
  netns: () => {
    const name = `probe-${process.pid}`;
    return succeeds(['ip', 'netns', 'add', name]) && succeeds(['ip', 'netns', 'del', name]);
  },
  sshd: () => succeeds(['sh', '-c', 'test -x /usr/sbin/sshd']),
  rsync: () => succeeds(['rsync', '--version']),
  arping: () => succeeds(['sh', '-c', 'command -v arping']),
  ping: () => succeeds(['sh', '-c', 'command -v ping']),
  /** Resource agents of the Open Cluster Framework. */
  ocf: () =>
    existsSync('/usr/lib/ocf/resource.d/heartbeat/Dummy') &&
    succeeds(['sh', '-c', 'command -v modprobe && command -v fuser']),
  /** Containers of podman; what is in them is busybox. */
  podman: () =>
    succeeds(['podman', '--version']) &&
    succeeds(['runc', '--version']) &&
    existsSync('/bin/busybox'),
} as const satisfies Record<string, () => boolean>;

export type Ability = keyof typeof probes;

const known = new Map<Ability, boolean>();

/** True when the machine can do all of this. */
export function can(...abilities: readonly Ability[]): boolean {
  return abilities.every((ability) => {
    let answer = known.get(ability);
    if (answer === undefined) {
      answer = probes[ability]();
      known.set(ability, answer);
    }
    return answer;
  });
}

/**
 * For `test.skipIf(lacks('strace'))`: true when the machine cannot do it. Where nothing may be skipped
 * (`TEST_DISALLOW_SKIP=1`) the test runs all the same, and fails by itself.
 */
export function lacks(...abilities: readonly Ability[]): boolean {
  return !process.env['TEST_DISALLOW_SKIP'] && !can(...abilities);
}

/** The library that gives a process another clock, wherever this machine keeps it. */
export function fakeTimeLibrary(): string | undefined {
  return [
    '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
    '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
    '/usr/lib64/faketime/libfaketime.so.1',
    '/usr/lib/faketime/libfaketime.so.1',
  ].find((path) => existsSync(path));
}

/** Whether a file of this size can be made a file system and mounted. */
function mountsImage(size: string, make: string): boolean {
  const image = join(tmpdir(), `loop-probe-${process.pid}`);
  const script = `truncate -s ${size} "$1" && ${make} "$1" && mount -o loop "$1" /mnt && umount /mnt`;
  try {
    return succeeds(['unshare', '-m', 'sh', '-c', script, 'sh', image]);
  } finally {
    rmSync(image, { force: true });
  }
}

function succeeds([program = '', ...args]: readonly string[]): boolean {
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  return spawnSync(program, args, { stdio: 'ignore', env }).status === 0;
}
