import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from '../errors/agent-error.js';
import type { Mount } from './mounts.js';

/** Where a path lies, found out without touching a file system that may hang. */
export interface Place {
  /** The path without the symbolic links that lie on file systems that cannot hang. */
  readonly path: string;
  /** The mount that it lies on; undefined when the table has none. */
  readonly mount: Mount | undefined;
  /** False: looking at the path may hang, and links further down may not be resolved yet. */
  readonly isSafe: boolean;
}

/** File systems in the memory of this host. */
const safeTypes = new Set(['tmpfs', 'devtmpfs', 'proc', 'sysfs', 'ramfs']);

/** As many links as the kernel follows. */
const mostLinks = 40;

/**
 * Follows a path through the mount table. The root file system and those in memory are looked at; at
 * the first other one it ends: there only a child process may look.
 */
export function placeOf(path: string, mounts: readonly Mount[]): Place {
  let at = '/';
  let rest = path.split('/').filter(Boolean);
  for (let links = 0; ; ) {
    const mount = mountOf(at, mounts);
    if (!isSafe(mount, mounts)) return { path: join(at, ...rest), mount, isSafe: false };
    const [next, ...later] = rest;
    if (next === undefined) return { path: at, mount, isSafe: true };
    const target = links < mostLinks ? linkAt(join(at, next), mounts) : undefined;
    if (target === undefined) {
      at = join(at, next);
      rest = later;
      continue;
    }
    links += 1;
    rest = [...target.split('/').filter(Boolean), ...later];
    if (target.startsWith('/')) at = '/';
  }
}

/** The mount that a path without links lies on: the deepest one above it, of equals the last. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    if (!isAtOrBelow(path, mount.mountPoint)) continue;
    if (!found || mount.mountPoint.length >= found.mountPoint.length) found = mount;
  }
  return found;
}

export function isAtOrBelow(path: string, directory: string): boolean {
  return path === directory || isBelow(path, directory);
}

export function isBelow(path: string, directory: string): boolean {
  return path !== directory && path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

function isSafe(mount: Mount | undefined, mounts: readonly Mount[]): boolean {
  if (!mount || safeTypes.has(mount.type)) return true;
  return mount.deviceNumber === mountOf('/', mounts)?.deviceNumber;
}

/** The target of a symbolic link; undefined for anything else, mount points included. */
function linkAt(path: string, mounts: readonly Mount[]): string | undefined {
  if (mounts.some(({ mountPoint }) => mountPoint === path)) return undefined;
  if (dirname(path) === path) return undefined;
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined; // missing: there is nothing to follow
  }
}
