import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { readProcessStat, selfIdentity } from '../env/process-identity.js';
import { errnoOf } from '../errors/agent-error.js';
import { parseMountinfo } from './mountinfo.js';

/**
 * Where this host lets us make groups of processes. `directory` is our own group `nodemgr`; below it
 * lies one directory per name and below that one group per run.
 */
export interface CgroupPlace {
  readonly version: 1 | 2;
  readonly directory: string;
  /** Version 1 keeps cpu time in another hierarchy; the same groups are made there. */
  readonly accounting?: string;
}

/** What a group of processes used. */
export interface Usage {
  readonly userMs: number;
  readonly systemMs: number;
  /** Peak memory of the group (it includes page cache); null where the controller is off. */
  readonly maxRssBytes: number | null;
}

/** The cgroup of one run, made before the run starts and removed after it. */
export interface RunGroup {
  readonly path: string;
  /** The `cgroup.procs` files that a process writes itself into to join. */
  readonly joinFiles: readonly string[];
  usage(): Usage | null;
  /** Removes the group; false while processes are left in it. Once removed it stays so. */
  remove(): boolean;
}

const ours = 'nodemgr';
const runPrefix = 'r.';
/** Freezer first: a frozen group cannot fork while it is being killed. */
const version1Order = ['freezer', 'pids', 'name=systemd', 'cpuacct', 'devices', 'cpu'];

export interface FindCgroupOptions {
  /** Text of `/proc/self/mountinfo`; default: read. */
  mountinfo?: string;
  /** Text of `/proc/self/cgroup`; default: read. */
  membership?: string;
  /** Considers one version alone. */
  version?: 1 | 2;
}

/**
 * Finds a cgroup hierarchy that this process may write, version 2 before version 1, wherever it is
 * mounted, and makes our group in it. Undefined when there is none: runs then have a process group
 * and a marker only. Never throws for a state of the host.
 */
export function findCgroup(options: FindCgroupOptions = {}): CgroupPlace | undefined {
  const mounts = parseMountinfo(options.mountinfo ?? readOr('/proc/self/mountinfo', ''));
  const membership = parseMembership(options.membership ?? readOr('/proc/self/cgroup', ''));
  const writable = (mountPoint: string, root: string, own: string | undefined) =>
    ownDirectories(mountPoint, root, own).map(openOurs).find(Boolean);

  if (options.version !== 1) {
    for (const mount of mounts.filter(({ type }) => type === 'cgroup2')) {
      const directory = writable(mount.mountPoint, mount.root, membership.get(''));
      if (directory) return { version: 2, directory };
    }
  }
  if (options.version === 2) return undefined;
  const version1 = mounts.filter(({ type }) => type === 'cgroup');
  const hierarchy = (controller: string): string | undefined => {
    for (const mount of version1.filter((m) => m.superOptions.includes(controller))) {
      const directory = writable(mount.mountPoint, mount.root, membership.get(controller));
      if (directory) return directory;
    }
    return undefined;
  };
  for (const controller of version1Order) {
    const directory = hierarchy(controller);
    if (!directory) continue;
    // A hierarchy shared with `cpu` carries the limits of the group we came from: leave it alone.
    const apart = version1.some(
      (m) => m.superOptions.includes('cpuacct') && !m.superOptions.includes('cpu'),
    );
    const accounting = apart ? hierarchy('cpuacct') : undefined;
    return accounting && accounting !== directory
      ? { version: 1, directory, accounting }
      : { version: 1, directory };
  }
  return undefined;
}

/** Where groups of one controller can be made: version 1 where it is mounted, else version 2. */
export function findController(
  controller: string,
  options: FindCgroupOptions = {},
): CgroupPlace | undefined {
  const mounts = parseMountinfo(options.mountinfo ?? readOr('/proc/self/mountinfo', ''));
  const membership = parseMembership(options.membership ?? readOr('/proc/self/cgroup', ''));
  const offers = (mountPoint: string): boolean =>
    readOr(join(mountPoint, 'cgroup.controllers'), '')
      .split(/\s+/)
      .includes(controller === 'blkio' ? 'io' : controller);
  for (const { type, mountPoint, root, superOptions } of mounts) {
    const version = type === 'cgroup' && superOptions.includes(controller) ? 1 : 2;
    if (version === 2 && !(type === 'cgroup2' && offers(mountPoint))) continue;
    const own = membership.get(version === 1 ? controller : '');
    const directory = ownDirectories(mountPoint, root, own).map(openOurs).find(Boolean);
    if (directory) return { version, directory };
  }
  return undefined;
}

/** `hierarchy:controllers:path` lines of `/proc/self/cgroup`; version 2 has the empty name. */
function parseMembership(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, controllers, ...path] = line.split(':');
    if (controllers === undefined) continue;
    for (const name of controllers.split(',')) paths.set(name, path.join(':'));
  }
  return paths;
}

/** The top of the mounted hierarchy, then the group this process lives in. */
function ownDirectories(mountPoint: string, root: string, own: string | undefined): string[] {
  if (!own || own === root || own.includes('/..')) return [mountPoint];
  const below = root === '/' ? own : own.startsWith(`${root}/`) ? own.slice(root.length) : '/';
  return below === '/' ? [mountPoint] : [mountPoint, join(mountPoint, below)];
}

function openOurs(parent: string): string | undefined {
  const directory = join(parent, ours);
  try {
    accessSync(join(parent, 'cgroup.procs'), constants.W_OK);
    makeGroup(directory);
    accessSync(join(directory, 'cgroup.procs'), constants.W_OK);
    return directory;
  } catch {
    return undefined; // read-only, not ours, or cut off by a container: the next place
  }
}

/** Makes a group that will hold groups; on version 2 memory is accounted below it where possible. */
function makeGroup(directory: string): void {
  try {
    mkdirSync(directory, 0o755);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    throw error;
  }
  try {
    writeFileSync(join(directory, 'cgroup.subtree_control'), '+memory');
  } catch {
    // version 1, or the controller is not delegated to us: peak memory stays unknown
  }
}

const namePattern =
  /^[A-Za-z0-9_@#:+-][A-Za-z0-9_.@#:+-]*(\/[A-Za-z0-9_@#:+-][A-Za-z0-9_.@#:+-]*)*$/;

let opened = 0;

/**
 * Makes the group of one run at `<nodemgr>/<name>/r.<pid>.<start time>.<n>`. Undefined when the
 * host refuses; the reason is in `onRefused`.
 *
 * @param name path of groups that runs share, such as `svc1/app/app.1`; limits may be set on them
 * @param more tops of other hierarchies in which the same groups are made
 */
export function openRunGroup(
  place: CgroupPlace,
  name: string,
  onRefused: (error: unknown) => void,
  more: readonly string[] = [],
): RunGroup | undefined {
  if (!namePattern.test(name)) throw new Error(`bad cgroup name: ${name}`);
  const self = selfIdentity();
  const leaf = `${runPrefix}${self.pid}.${self.startTime}.${++opened}`;
  const made: string[] = [];
  try {
    for (const top of topsOf(place, more)) {
      const path = `${top}/${name}/${leaf}`;
      try {
        mkdirSync(path);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
        makeParents(top, name);
        mkdirSync(path);
      }
      made.push(path);
    }
  } catch (error) {
    for (const path of made) removeGroup(path);
    onRefused(error);
    return undefined;
  }
  const [path = '', second] = made;
  const accounting = place.accounting && second;
  let left = made;
  return {
    path,
    joinFiles: made.map((directory) => `${directory}/cgroup.procs`),
    usage: () =>
      place.version === 2
        ? usageOfVersion2(path)
        : accounting === undefined
          ? null
          : usageOfVersion1(accounting),
    remove() {
      left = left.filter((directory) => !removeGroup(directory));
      return left.length === 0;
    },
  };
}

/** Where the same groups are made; that of the place and its accounting first. */
function topsOf({ directory, accounting }: CgroupPlace, more: readonly string[]): Set<string> {
  return new Set([directory, ...(accounting ? [accounting] : []), ...more]);
}

function makeParents(top: string, name: string): void {
  makeGroup(top);
  let directory = top;
  for (const part of name.split('/')) {
    directory = join(directory, part);
    makeGroup(directory);
  }
}

/** The processes of a group and of the groups below it; empty when the group is gone. */
export function cgroupPids(path: string): number[] {
  const pids: number[] = [];
  for (const directory of withSubgroups(path)) {
    for (const line of readOr(`${directory}/cgroup.procs`, '').split('\n')) {
      if (line) pids.push(Number(line));
    }
  }
  return pids;
}

/** True when the path is one of our groups, so that a record from a file never kills anything else. */
export function isOurGroup(path: string): boolean {
  return path.includes(`/${ours}/`) && existsSync(join(path, 'cgroup.procs'));
}

/**
 * Sends SIGKILL to every process of the group at once: `cgroup.kill` (Linux 5.14), a frozen freezer,
 * or one signal per process. The caller repeats it until `cgroupPids` is empty.
 */
export function killGroup(path: string): void {
  if (tryWrite(join(path, 'cgroup.kill'), '1')) return;
  const freezers = withSubgroups(path).map((directory) => join(directory, 'freezer.state'));
  for (const file of freezers) tryWrite(file, 'FROZEN');
  for (const pid of cgroupPids(path)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // gone meanwhile
    }
  }
  for (const file of freezers.reverse()) tryWrite(file, 'THAWED');
}

/**
 * Removes groups that runs of dead processes left behind and that are empty now. Groups of living
 * runners are theirs: one may have been made this instant.
 */
export function sweepGroups(place: CgroupPlace, name: string, more: readonly string[] = []): void {
  for (const top of topsOf(place, more)) {
    const parent = join(top, name);
    if (isLeaf(parent)) continue;
    for (const entry of listOr(parent)) {
      if (!entry.startsWith(runPrefix)) continue;
      const [pid, startTime] = entry.slice(runPrefix.length).split('.').map(Number);
      if (pid === undefined || readProcessStat(pid)?.startTime === startTime) continue;
      removeGroup(join(parent, entry));
    }
  }
}

/** rmdir(2) from the leaves up; the kernel refuses while a process is left. */
export function removeGroup(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true;
  }
  // Busy: processes, or subgroups that a container engine or systemd made below us.
  const directories = withSubgroups(path);
  if (directories.length === 1) return false;
  for (const directory of directories.reverse()) {
    try {
      rmdirSync(directory);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') return false;
    }
  }
  return true;
}

/** The group and everything below it, parents first. */
function withSubgroups(path: string): string[] {
  const directories = [path];
  for (let i = 0; i < directories.length; i++) {
    const directory = directories[i];
    if (directory === undefined) break;
    try {
      for (const entry of readdirSync(directory, { withFileTypes: true })) {
        if (entry.isDirectory()) directories.push(join(directory, entry.name));
      }
    } catch {
      // removed meanwhile
    }
  }
  return directories;
}

function usageOfVersion2(path: string): Usage | null {
  const stat = readOr(`${path}/cpu.stat`, '');
  const [, user, system] = /^user_usec (\d+)\nsystem_usec (\d+)$/m.exec(stat) ?? [];
  if (user === undefined) return null;
  const peakFile = `${path}/memory.peak`;
  // Asked first: an exception for each of many short runs would be felt.
  const peak = existsSync(peakFile) ? Number.parseInt(readOr(peakFile, ''), 10) : Number.NaN;
  return {
    userMs: Number(user) / 1000,
    systemMs: Number(system) / 1000,
    maxRssBytes: Number.isNaN(peak) ? null : peak,
  };
}

function usageOfVersion1(path: string): Usage | null {
  const userMs = Number.parseInt(readOr(`${path}/cpuacct.usage_user`, ''), 10) / 1e6;
  const systemMs = Number.parseInt(readOr(`${path}/cpuacct.usage_sys`, ''), 10) / 1e6;
  return Number.isNaN(userMs) || Number.isNaN(systemMs)
    ? null
    : { userMs, systemMs, maxRssBytes: null };
}

function readOr<T>(path: string, otherwise: T): string | T {
  try {
    return readFileSync(path, 'utf8'); // the one encoding that Node.js reads in a single call
  } catch {
    return otherwise;
  }
}

/** By its links, as the kernel counts them: a listing for each of many short runs would be felt. */
function isLeaf(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.nlink === 2;
}

function listOr(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function tryWrite(path: string, text: string): boolean {
  try {
    // Never create: on another kind of file system the file would appear and do nothing.
    writeFileSync(path, text, { flag: 'r+' });
    return true;
  } catch {
    return false;
  }
}
