import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../errors/agent-error.js';
import {
  type CgroupPlace,
  cgroupPids,
  findCgroup,
  findController,
  killGroup,
  removeGroup,
} from './cgroup.js';

/** Hierarchies in which groups can be frozen; version 2 does it without a controller. */
function places(): CgroupPlace[] {
  const found = [findCgroup({ version: 2 }), findController('freezer')];
  return found.filter((place) => place !== undefined);
}

const files = {
  1: { state: 'freezer.state', change: 'freezer.state', frozen: 'FROZEN', thawed: 'THAWED' },
  2: { state: 'cgroup.events', change: 'cgroup.freeze', frozen: '1', thawed: '0' },
} as const;

/**
 * Stops every process of a group and of all groups below it where it stands, or lets them go on.
 *
 * @param name `svc1`, `svc1/app/app.1`
 * @returns false when nothing ever ran in it, or the host cannot freeze
 */
export function freezeGroup(name: string, wanted: 'frozen' | 'thawed'): boolean {
  const directories = directoriesOf(name);
  for (const { directory, version } of directories) {
    writeFileSync(join(directory, files[version].change), files[version][wanted], { flag: 'r+' });
  }
  return directories.length > 0;
}

/** Whether a group stands still, by itself or with one above it. */
export function isGroupFrozen(name: string): boolean {
  return directoriesOf(name).some(({ directory, version }) =>
    /^(frozen 1|FROZEN|FREEZING)$/m.test(
      readFileSync(join(directory, files[version].state), 'utf8'),
    ),
  );
}

const triesToKill = 50;
const betweenTriesMs = 20;

/**
 * Ends every process of a group and of all below it, at once and without asking.
 *
 * @returns the pids that were there
 * @throws AgentError `E_STUCK` for processes that not even SIGKILL ended within a second
 */
export async function killGroupAt(name: string): Promise<number[]> {
  const directories = directoriesOf(name).map(({ directory }) => directory);
  const living = (): number[] => [...new Set(directories.flatMap(cgroupPids))];
  const before = living();
  for (let n = 0; n < triesToKill && living().length > 0; n++) {
    for (const directory of directories) killGroup(directory);
    await new Promise((resolve) => setTimeout(resolve, betweenTriesMs));
  }
  const stuck = living();
  if (stuck.length === 0) return before;
  throw new AgentError('E_STUCK', `${name}: ${stuck.join(' ')} cannot be ended`, {
    remedy: 'look at what they wait for: a file system or a device that does not answer',
  });
}

/** Takes away what is left of a group in every hierarchy, once nothing runs in it any more. */
export function removeGroupAt(name: string): void {
  const controllers = ['cpuset', 'cpu', 'memory', 'blkio', 'cpuacct'].map((controller) =>
    findController(controller),
  );
  const tops = [...places(), ...controllers].flatMap((place) => place?.directory ?? []);
  for (const top of new Set(tops)) {
    const directory = join(top, name);
    if (existsSync(directory)) removeGroup(directory);
  }
}

function directoriesOf(name: string): CgroupPlace[] {
  return places().flatMap(({ directory, version }) => {
    const group = join(directory, name);
    return existsSync(join(group, files[version].change)) ? [{ directory: group, version }] : [];
  });
}
