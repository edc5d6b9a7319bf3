import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../exec/run.js';
import type { HostRoot } from './host-file.js';
import type { InstalledPackage } from './package.js';
import { readTool } from './tool.js';

/** Installed snaps; undefined without snapd. */
export async function readSnapPackages(
  run: Run,
  root: HostRoot = '/',
): Promise<InstalledPackage[] | undefined> {
  const text = await readTool(run, ['snap', 'list', '--unicode=never', '--color=never']);
  if (text === undefined) return undefined;
  return parseSnap(text, (name, revision) => {
    const file = join(root, 'var/lib/snapd/snaps', `${name}_${revision}.snap`);
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat ? Math.floor(stat.mtimeMs / 1000) * 1000 : null;
  });
}

/** Columns Name, Version, Rev, Tracking, Publisher, Notes. */
export function parseSnap(
  text: string,
  installedAt: (name: string, revision: string) => number | null,
): InstalledPackage[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [name, version, revision] = line.trim().split(/\s+/);
      if (!name || version === undefined || revision === undefined) return [];
      return [
        {
          name,
          version: `${version} rev ${revision}`,
          arch: '',
          type: 'snap',
          installedAt: installedAt(name, revision),
        },
      ];
    });
}
