/**
 * A failure at each step of a start in turn: the rollback leaves the host as before, whatever it was
 * that failed.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunResult } from '../../lib/exec/run.js';
import { createNetwork, type Network } from '../drivers/network.js';
import { createRig, type Rig } from '../drivers/rig.js';
import { detachAll, loopsOf, mountsOf, sh } from '../drivers/storage.js';
import { lacks } from '../support/can.js';

/** No other program of this host has these words. */
const sleep = `/bin/sleep 777.${process.pid}`;

const config = (place: string): string => `[ip#1]
ipname = 10.99.0.5
ipdev = up0
tags = nonrouted
[disk#1]
type = loop
file = ${place}/image
[fs#1]
type = directory
path = ${place}/mnt/deep
perm = 0700
[fs#2]
type = ext4
dev = ${place}/image
mnt = ${place}/mnt/deep/ext4
[fs#3]
type = tmpfs
dev = none
mnt = ${place}/mnt/deep/ext4/tmp
[fs#4]
type = flag
[app#1]
type = simple
start = ${sleep}
[app#2]
script = ${place}/launcher
start = 1
stop = 1
blocking_post_start = /bin/true last
`;

const launcher = `#!/bin/sh
case $1 in
start) touch "$(dirname "$0")/started" ;;
stop) rm -f "$(dirname "$0")/started" ;;
esac
`;

/** Commands that change the host, by what they are called with. */
const changes =
  /^(ip (addr add|link set)|losetup -f|e2fsck|mount |mkdir|\/bin\/sleep|\S+\/launcher start|\/bin\/true last|arping -[UA])/;
const networkTools = ['ip', 'arping', 'ping', 'sysctl'];

const failed: Omit<RunResult, 'argv'> = {
  pid: 0,
  exitCode: 99,
  signal: null,
  timedOut: false,
  aborted: false,
  skipped: false,
  stdout: '',
  stderr: 'injected',
  droppedBytes: 0,
  startedAt: 0,
  endedAt: 0,
  durationMs: 0,
  usage: null,
  survivorsKilled: 0,
  stuckPids: [],
};

/** Everything that the service could leave on the host. */
function traces(rig: Rig, network: Network): string {
  return [
    ...mountsOf(rig),
    ...loopsOf(rig),
    network.ip('host', '-o', 'addr', 'show', 'up0').replace(/valid_lft \S+/g, ''),
    ...readdirSync(rig.place).sort(),
    ...readdirSync(join(rig.place, 'mnt'), { recursive: true }).map(String).sort(),
    ...flags(rig),
    sh(`pgrep -f '^${sleep}$' || true`).trim(),
  ].join('\n');
}

function flags({ paths }: Rig): string[] {
  try {
    return readdirSync(join(paths.run, 'flag/svc/svc1'));
  } catch {
    return [];
  }
}

/** A service on a host of its own, whose n-th change fails. @returns what was done */
async function startWithFailureAt(
  n: number,
): Promise<{ commands: string[]; before: string; after: string; error: unknown }> {
  const network = createNetwork();
  const commands: string[] = [];
  const rig = createRig(config, {
    run: (argv, real, options) => {
      const line = argv.join(' ');
      if (changes.test(line)) {
        commands.push(line);
        if (commands.length === n) return Promise.resolve({ ...failed, argv });
      }
      const isNetwork = networkTools.includes(argv[0] ?? '');
      return real(isNetwork ? network.wrap(argv) : argv, options);
    },
  });
  mkdirSync(join(rig.place, 'mnt'));
  sh(`truncate -s 8M ${rig.place}/image && mkfs.ext4 -qF ${rig.place}/image`);
  sh(`cat > ${rig.place}/launcher <<'EOF'\n${launcher}EOF\nchmod 755 ${rig.place}/launcher`);
  const before = traces(rig, network);
  let error: unknown;
  try {
    await rig.act('start');
  } catch (cause) {
    error = cause;
  }
  const after = traces(rig, network);
  try {
    await rig.act('stop', { force: true });
  } finally {
    detachAll(rig);
  }
  return { commands, before, after, error };
}

test.skipIf(lacks('root', 'loop', 'netns', 'arping', 'ping'))(
  'a failure at each step of a start in turn leaves mounts, addresses, devices, files and processes as before',
  async () => {
    const whole = await startWithFailureAt(Number.POSITIVE_INFINITY);
    expect(whole.error).toBeUndefined();
    expect(whole.after).not.toBe(whole.before);
    expect(whole.commands.length).toBeGreaterThanOrEqual(7);
    for (let n = 1; n <= whole.commands.length; n++) {
      const { commands, before, after, error } = await startWithFailureAt(n);
      const step = commands[n - 1] ?? '';
      // That the neighbours could not be told is a warning.
      if (step.startsWith('arping')) expect(error, step).toBeUndefined();
      else {
        expect(error, step).toMatchObject({ exitCode: 1 });
        expect(after, step).toBe(before);
      }
    }
    console.info(`failed in turn: ${whole.commands.map((line) => line.split(' ')[0]).join(', ')}`);
  },
  180_000,
);
