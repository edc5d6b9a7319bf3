import type { Run } from '../exec/run.js';
import { readApkPackages } from './apk.js';
import { readDpkgPackages } from './dpkg.js';
import type { HostRoot } from './host-file.js';
import type { InstalledPackage } from './package.js';
import { readPacmanPackages } from './pacman.js';
import { readRpmPackages } from './rpm.js';
import { readSnapPackages } from './snap.js';

export type { InstalledPackage } from './package.js';

/** What every package manager of this host has installed; undefined when there is no manager. */
export async function readPackages(
  run: Run,
  root: HostRoot = '/',
): Promise<InstalledPackage[] | undefined> {
  const lists = await Promise.all([
    readDpkgPackages(run, root),
    readRpmPackages(run),
    readSnapPackages(run, root),
    readApkPackages(run),
    readPacmanPackages(run),
  ]);
  const present = lists.filter((list) => list !== undefined);
  return present.length > 0 ? present.flat() : undefined;
}
