import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from '../errors/agent-error.js';
import { type CgroupPlace, findController } from './cgroup.js';

/** What the processes of a group may use together; what is left out is not limited. */
export interface Caps {
  /** `0-2,5`. */
  readonly cpus?: string;
  /** Memory nodes, `0-1`. */
  readonly mems?: string;
  /** Weight among the groups beside it when processors are busy; 1024 is that of a group without one. */
  readonly cpuShares?: number;
  /** Time of so many processors: 0.5 is half of one. */
  readonly processors?: number;
  /** Bytes. */
  readonly memory?: number;
  /** Bytes of memory and swap together. */
  readonly memoryAndSwap?: number;
  /** 0 to 100. */
  readonly swappiness?: number;
  /** Short of memory, processes wait instead of being ended. */
  readonly waitsForMemory?: boolean;
  /** Weight among the groups beside it when disks are busy, 10 to 1000. */
  readonly ioWeight?: number;
}

/** A group of groups, `svc1/app`, and what all below it may use. */
export interface CappedGroup {
  readonly name: string;
  readonly caps: Caps;
}

export type Controller = 'cpuset' | 'cpu' | 'memory' | 'blkio';

interface CapFile {
  readonly controller: Controller;
  readonly cap: keyof Caps;
  /** Names of the file; kernels differ, the first that is there is written. */
  readonly files: readonly string[];
  text(caps: Caps): string;
}

const periodUs = 100_000;
const quota = ({ processors = 1 }: Caps): string => String(Math.round(processors * periodUs));

/** The files of version 1 (Documentation/admin-guide/cgroup-v1), in the order in which they are written. */
const version1: readonly CapFile[] = [
  capFile('cpuset', 'cpus', 'cpuset.cpus'),
  capFile('cpuset', 'mems', 'cpuset.mems'),
  capFile('cpu', 'cpuShares', 'cpu.shares'),
  { ...capFile('cpu', 'processors', 'cpu.cfs_quota_us'), text: quota },
  capFile('memory', 'swappiness', 'memory.swappiness'),
  {
    ...capFile('memory', 'waitsForMemory', 'memory.oom_control'),
    text: ({ waitsForMemory }) => (waitsForMemory ? '1' : '0'),
  },
  capFile('memory', 'memory', 'memory.limit_in_bytes'),
  capFile('memory', 'memoryAndSwap', 'memory.memsw.limit_in_bytes'),
  capFile('blkio', 'ioWeight', 'blkio.weight', 'blkio.bfq.weight'),
];

/** The same of version 2 (cgroup-v2.rst); it knows neither swappiness nor waiting for memory. */
const version2: readonly CapFile[] = [
  capFile('cpuset', 'cpus', 'cpuset.cpus'),
  capFile('cpuset', 'mems', 'cpuset.mems'),
  {
    ...capFile('cpu', 'cpuShares', 'cpu.weight'),
    // 2..262144 of version 1 on 1..10000, as container runtimes do it.
    text: ({ cpuShares = 1024 }) => String(1 + Math.trunc(((cpuShares - 2) * 9999) / 262_142)),
  },
  { ...capFile('cpu', 'processors', 'cpu.max'), text: (caps) => `${quota(caps)} ${periodUs}` },
  capFile('memory', 'memory', 'memory.max'),
  {
    ...capFile('memory', 'memoryAndSwap', 'memory.swap.max'),
    text: ({ memoryAndSwap = 0, memory = 0 }) => String(Math.max(0, memoryAndSwap - memory)),
  },
  {
    ...capFile('blkio', 'ioWeight', 'io.weight'),
    text: ({ ioWeight = 500 }) => String(1 + Math.trunc(((ioWeight - 10) * 9999) / 990)),
  },
];

function capFile(controller: Controller, cap: keyof Caps, ...files: string[]): CapFile {
  return { controller, cap, files, text: (caps) => String(caps[cap]) };
}

export interface CapOptions {
  /** Where the groups of a controller are; default: looked for on this host. */
  readonly find?: (controller: Controller) => CgroupPlace | undefined;
  /** Told for each cap that cannot be set, and why. */
  readonly onRefused: (problem: CapProblem) => void;
}

export interface CapProblem {
  /** The host has no such controller; else the kernel did not take the value. */
  readonly kind: 'missing' | 'refused';
  readonly group: string;
  readonly cap: keyof Caps;
  readonly reason: string;
}

/**
 * Makes groups and sets what they may use; what they were given before and is no longer wanted stays
 * until they are gone.
 *
 * @returns the directories in which a process has to join its group, beside the one of its run
 */
export function capGroups(
  groups: readonly CappedGroup[],
  { find = findController, onRefused }: CapOptions,
): string[] {
  const wanted = (controller: Controller): boolean =>
    groups.some(({ caps }) => version1.some((f) => f.controller === controller && f.cap in caps));
  const places = (['cpuset', 'cpu', 'memory', 'blkio'] as const)
    .filter(wanted)
    .map((controller) => ({ controller, place: find(controller) }));
  for (const { name, caps } of groups) {
    for (const { controller, place } of places) {
      const files = (place?.version === 2 ? version2 : version1).filter(
        (file) => file.controller === controller && caps[file.cap] !== undefined,
      );
      const refuse = (kind: CapProblem['kind'], cap: keyof Caps, reason: string): void =>
        onRefused({ kind, group: name, cap, reason });
      if (!place) {
        for (const { cap } of files) refuse('missing', cap, `no cgroup controller ${controller}`);
        continue;
      }
      try {
        const directory = makeCapped(place, controller, name);
        writeCaps(directory, files, caps, refuse);
      } catch (error) {
        for (const { cap } of files) refuse('missing', cap, String(errnoOf(error) ?? error));
      }
    }
  }
  return places.flatMap(({ place }) => place?.directory ?? []);
}

/** Makes a group with all above it, ready to take caps and processes. */
function makeCapped(place: CgroupPlace, controller: Controller, name: string): string {
  let directory = place.directory;
  const enter = (): void => {
    mkdirSync(directory, { recursive: true });
    if (place.version === 2) delegate(dirname(directory), controller);
    else if (controller === 'cpuset') inheritSet(directory);
  };
  enter();
  for (const part of name.split('/')) {
    directory = join(directory, part);
    enter();
  }
  return directory;
}

/** Version 2: a group has the files of a controller when the group above passes it on. */
function delegate(parent: string, controller: Controller): void {
  const word = controller === 'blkio' ? 'io' : controller;
  const file = join(parent, 'cgroup.subtree_control');
  if (read(file).split(/\s+/).includes(word)) return;
  writeFileSync(file, `+${word}`, { flag: 'r+' });
}

/** Version 1: a new set has no processor and lets nobody in; those below copy from this one. */
function inheritSet(directory: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (read(join(directory, file)).trim() !== '') continue;
    writeFileSync(join(directory, file), read(join(dirname(directory), file)).trim(), {
      flag: 'r+',
    });
  }
  writeFileSync(join(directory, 'cgroup.clone_children'), '1', { flag: 'r+' });
}

function writeCaps(
  directory: string,
  files: readonly CapFile[],
  caps: Caps,
  refuse: (kind: CapProblem['kind'], cap: keyof Caps, reason: string) => void,
): void {
  const refused = files.filter((file) => writeCap(directory, file, caps) !== undefined);
  // Memory must stay below memory and swap: one of the two goes first, whichever it is that grows.
  for (const file of refused.reverse()) {
    const error = writeCap(directory, file, caps);
    if (error !== undefined) {
      refuse(error.errno === 'ENOENT' ? 'missing' : 'refused', file.cap, error.reason);
    }
  }
}

/** @returns why the kernel did not take it */
function writeCap(
  directory: string,
  { files, text }: CapFile,
  caps: Caps,
): { errno: string | undefined; reason: string } | undefined {
  let errno: string | undefined;
  for (const file of files) {
    try {
      writeFileSync(join(directory, file), text(caps), { flag: 'r+' });
      return undefined;
    } catch (error) {
      errno = errnoOf(error);
      if (errno !== 'ENOENT') return { errno, reason: `${file} = ${text(caps)}: ${errno}` };
    }
  }
  return { errno, reason: `no ${files.join(', ')}` };
}

function read(file: string): string {
  return readFileSync(file, 'utf8');
}
