import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../exec/run.js';
import type { HostRoot } from './host-file.js';
import type { InstalledPackage } from './package.js';
import { readTool } from './tool.js';

/** dpkg-query and not `dpkg -l`: that one cuts names to the width of a terminal. */
const argv = [
  'dpkg-query',
  '-W',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the format language of dpkg-query
  '-f=${db:Status-Abbrev}\\t${Package}\\t${Version}\\t${Architecture}\\n',
];

/** Installed Debian packages, held ones too; undefined without dpkg. */
export async function readDpkgPackages(
  run: Run,
  root: HostRoot = '/',
): Promise<InstalledPackage[] | undefined> {
  const text = await readTool(run, argv);
  return text === undefined
    ? undefined
    : parseDpkg(text, (name, arch) => listedAt(root, name, arch));
}

/** @param installedAt tells when a package was unpacked, UTC ms */
export function parseDpkg(
  text: string,
  installedAt: (name: string, arch: string) => number | null,
): InstalledPackage[] {
  return text.split('\n').flatMap((line) => {
    const [status, name, version, arch] = line.split('\t');
    // The second letter is the state: `ii` installed, `hi` installed and held, `rc` removed.
    if (status?.[1] !== 'i' || !name || version === undefined || arch === undefined) return [];
    return [{ name, version, arch, type: 'deb', installedAt: installedAt(name, arch) }];
  });
}

/** The list of a package's files is written when it is unpacked. */
function listedAt(root: HostRoot, name: string, arch: string): number | null {
  for (const file of [`${name}.list`, `${name}:${arch}.list`]) {
    const stat = statSync(join(root, 'var/lib/dpkg/info', file), { throwIfNoEntry: false });
    if (stat) return Math.floor(stat.mtimeMs / 1000) * 1000;
  }
  return null;
}
