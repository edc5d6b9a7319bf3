import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { selfIdentity } from '../../lib/env/process-identity.js';
import {
  cgroupPids,
  findCgroup,
  isOurGroup,
  openRunGroup,
  sweepGroups,
} from '../../lib/exec/cgroup.js';
import { can, temporary } from './probe.js';

/** A directory that looks like a hierarchy: enough for finding one, whatever this host has. */
function hierarchy(root: string, name: string): string {
  const directory = join(root, name);
  for (const group of [directory, join(directory, 'nodemgr')]) {
    mkdirSync(group, { recursive: true });
    writeFileSync(join(group, 'cgroup.procs'), '');
  }
  return directory;
}

function line(mountPoint: string, type: string, superOptions: string, root = '/'): string {
  return `1 1 0:1 ${root} ${mountPoint} rw - ${type} ${type} ${superOptions}`;
}

test('version 2 wins, wherever it is mounted', () => {
  const root = temporary();
  const two = hierarchy(root, 'anywhere');
  const freezer = hierarchy(root, 'freezer');
  const mountinfo = [line(freezer, 'cgroup', 'rw,freezer'), line(two, 'cgroup2', 'rw')].join('\n');
  const membership = '8:freezer:/\n0::/\n';
  expect(findCgroup({ mountinfo, membership })).toEqual({
    version: 2,
    directory: join(two, 'nodemgr'),
  });
  expect(findCgroup({ mountinfo, membership, version: 1 })).toEqual({
    version: 1,
    directory: join(freezer, 'nodemgr'),
  });
});

test('a top that is not ours: the group we live in', () => {
  const root = temporary();
  const top = join(root, 'cgroup');
  const own = hierarchy(top, 'user.slice/user-1000.slice');
  // The top has no file that we could write ourselves into.
  expect(
    findCgroup({
      mountinfo: line(top, 'cgroup2', 'rw'),
      membership: '0::/user.slice/user-1000.slice\n',
    }),
  ).toEqual({ version: 2, directory: join(own, 'nodemgr') });
  // The same seen from inside a container that was given its own part.
  expect(
    findCgroup({
      mountinfo: line(top, 'cgroup2', 'rw', '/machine/c1'),
      membership: '0::/machine/c1/user.slice/user-1000.slice\n',
    }),
  ).toEqual({ version: 2, directory: join(own, 'nodemgr') });
});

test('cpu time of version 1 is counted apart, but never in a hierarchy with limits', () => {
  const root = temporary();
  const [freezer, cpuacct] = [hierarchy(root, 'freezer'), hierarchy(root, 'cpuacct')];
  const membership = '8:freezer:/\n2:cpuacct:/\n';
  const apart = [line(freezer, 'cgroup', 'rw,freezer'), line(cpuacct, 'cgroup', 'rw,cpuacct')];
  expect(findCgroup({ mountinfo: apart.join('\n'), membership })).toEqual({
    version: 1,
    directory: join(freezer, 'nodemgr'),
    accounting: join(cpuacct, 'nodemgr'),
  });
  const shared = [line(freezer, 'cgroup', 'rw,freezer'), line(cpuacct, 'cgroup', 'rw,cpu,cpuacct')];
  expect(findCgroup({ mountinfo: shared.join('\n'), membership })).toEqual({
    version: 1,
    directory: join(freezer, 'nodemgr'),
  });
});

test('no cgroup, a mount point that is gone, nonsense: none', () => {
  expect(findCgroup({ mountinfo: '', membership: '' })).toBeUndefined();
  expect(findCgroup({ mountinfo: line('/no/such', 'cgroup2', 'rw') })).toBeUndefined();
  expect(findCgroup({ mountinfo: 'x - y', membership: ':::' })).toBeUndefined();
});

test('names stay below our group', () => {
  const place = { version: 2 as const, directory: join(temporary(), 'nodemgr') };
  for (const name of ['', '..', 'a/../b', '/a', 'a/', 'a//b', '.a', 'a b', 'a\n']) {
    expect(() => openRunGroup(place, name, () => undefined), name).toThrow('bad cgroup name');
  }
});

test('a group that is not ours is never killed', () => {
  expect(isOurGroup('/sys/fs/cgroup')).toBe(false);
  expect(isOurGroup('/no/nodemgr/such')).toBe(false);
  expect(cgroupPids('/no/such/group')).toEqual([]);
});

test.skipIf(!can.cgroup2)('groups of dead runners are swept, those of living ones stay', () => {
  const place = findCgroup({ version: 2 });
  if (!place) return;
  const parent = join(place.directory, 'sweep-test');
  const self = selfIdentity();
  const group = openRunGroup(place, 'sweep-test', () => undefined);
  const dead = join(parent, `r.${self.pid}.${self.startTime - 1}.1`);
  mkdirSync(dead);
  mkdirSync(join(dead, 'inner'));
  sweepGroups(place, 'sweep-test');
  expect(existsSync(dead)).toBe(false);
  expect(readFileSync(join(group?.path ?? '', 'cgroup.procs'), 'utf8')).toBe('');
  expect(group?.remove()).toBe(true);
  expect(group?.remove()).toBe(true);
  rmdirSync(parent);
});
