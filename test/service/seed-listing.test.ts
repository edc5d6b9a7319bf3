/**
 * The seed's "Starting a service" and "Stopping a service": order and wording of the lines, by a service
 * with loop, ext4, ip, share and app resources. The volume group of the seed needs a kernel part that
 * test machines lack; addresses are plumbed with iproute2 (docs/design.md).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { pathsBelow } from '../../lib/env/paths.js';
import { distProgram } from '../cli/edge.js';
import { lacks } from '../support/can.js';

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const config = (place: string): string => `[ip#1]
ipname = 128.0.1.124
ipdev = up0
netmask = 24
[disk#1]
type = loop
file = ${place}/disk1.dd
standby = true
[disk#2]
type = loop
file = ${place}/disk2.dd
standby = true
[fs#1]
type = ext4
dev = ${place}/disk1.dd
mnt = ${place}/avn/lvtest1
mnt_opt = rw
[fs#2]
type = ext4
dev = ${place}/disk2.dd
mnt = ${place}/avn/lvtest2
mnt_opt = rw
[share#0]
type = nfs
path = ${place}/avn/lvtest2
opts = 128.0.1.9(ro,fsid=0)
[app#0]
script = /bin/true
start = 0
stop = 0
`;

test.skipIf(lacks('root', 'loop', 'netns', 'arping', 'ping', 'exportfs'))(
  "the seed's listing of a start and a stop, line by line",
  () => {
    const place = mkdtempSync(join(tmpdir(), 'nodemgr-seed-'));
    const namespace = `seed-${process.pid}`;
    const paths = pathsBelow(join(place, 'root'));
    mkdirSync(paths.etc, { recursive: true });
    for (const name of ['lvtest1', 'lvtest2'])
      mkdirSync(join(place, 'avn', name), { recursive: true });
    for (const name of ['disk1.dd', 'disk2.dd']) {
      run('truncate', '-s', '8M', join(place, name));
      run('mkfs.ext4', '-qF', join(place, name));
    }
    writeFileSync(join(paths.etc, 'mysvc1.conf'), config(place), { mode: 0o600 });
    const svcmgr = (...words: string[]): string[] => {
      const text = run(
        'nsenter',
        `--net=/var/run/netns/${namespace}`,
        'unshare',
        '--uts',
        'sh',
        '-c',
        'hostname deb1 && exec "$@" 2>&1',
        'sh',
        'env',
        `NODEMGR_ROOT=${join(place, 'root')}`,
        process.execPath,
        distProgram('svcmgr'),
        'mysvc1',
        ...words,
      );
      return text
        .replaceAll(place, '/opt')
        .replace(/\/dev\/loop\d+/g, '/dev/loopN')
        .replace(/\d+\/\d+ files, \d+\/\d+ blocks/g, 'N files, N blocks')
        .replace(/0:00:\d\d\.\d{6}/g, '0:00:00.NNNNNN')
        .split('\n')
        .filter((line) => line !== '');
    };
    onTestFinished(() => {
      try {
        svcmgr('shutdown');
      } finally {
        run('ip', 'netns', 'del', namespace);
        rmSync(place, { recursive: true, force: true });
      }
    });
    run('ip', 'netns', 'add', namespace);
    for (const words of [
      'add up0 type veth peer name up1',
      'set up1 up',
      'set up0 up',
      'set lo up',
    ]) {
      run('ip', '-n', namespace, 'link', ...words.split(' '));
    }

    svcmgr('startstandby');
    expect(svcmgr('start', '--local')).toEqual([
      'deb1.mysvc1.ip#1 checking 128.0.1.124 availability',
      'deb1.mysvc1.ip#1 ip addr add 128.0.1.124/24 dev up0 label up0:1',
      'deb1.mysvc1.ip#1 arping -U -c 1 -I up0 -s 128.0.1.124 128.0.1.124',
      'deb1.mysvc1.disk#1 loop /opt/disk1.dd is already up',
      'deb1.mysvc1.disk#2 loop /opt/disk2.dd is already up',
      'deb1.mysvc1.fs#1 e2fsck -p /dev/loopN',
      'deb1.mysvc1.fs#1 output:',
      'deb1.mysvc1.fs#1 /dev/loopN: clean, N files, N blocks',
      'deb1.mysvc1.fs#1 ',
      'deb1.mysvc1.fs#1 mount -t ext4 -o rw /dev/loopN /opt/avn/lvtest1',
      'deb1.mysvc1.fs#2 e2fsck -p /dev/loopN',
      'deb1.mysvc1.fs#2 output:',
      'deb1.mysvc1.fs#2 /dev/loopN: clean, N files, N blocks',
      'deb1.mysvc1.fs#2 ',
      'deb1.mysvc1.fs#2 mount -t ext4 -o rw /dev/loopN /opt/avn/lvtest2',
      'deb1.mysvc1.share#0 exportfs -o ro,fsid=0 128.0.1.9:/opt/avn/lvtest2',
      'deb1.mysvc1.app#0 exec /bin/true start as user root',
      'deb1.mysvc1.app#0 start done in 0:00:00.NNNNNN - ret 0',
    ]);
    expect(svcmgr('stop', '--local')).toEqual([
      'deb1.mysvc1.app#0 exec /bin/true stop as user root',
      'deb1.mysvc1.app#0 stop done in 0:00:00.NNNNNN ret 0',
      'deb1.mysvc1.share#0 exportfs -u 128.0.1.9:/opt/avn/lvtest2',
      'deb1.mysvc1.fs#2 umount /opt/avn/lvtest2',
      'deb1.mysvc1.fs#1 umount /opt/avn/lvtest1',
      "deb1.mysvc1.disk#2 skip 'stop' on standby resource (--force to override)",
      "deb1.mysvc1.disk#1 skip 'stop' on standby resource (--force to override)",
      'deb1.mysvc1.ip#1 ip addr del 128.0.1.124/24 dev up0',
    ]);
  },
  60_000,
);
