import type { Run } from '../exec/run.js';
import type { InstalledPackage } from './package.js';
import { readTool } from './tool.js';

/** Installed Arch Linux packages; undefined without pacman. */
export async function readPacmanPackages(run: Run): Promise<InstalledPackage[] | undefined> {
  const text = await readTool(run, ['pacman', '-Qi']);
  return text === undefined ? undefined : parsePacman(text);
}

/** Blocks of `Name : value`; dates as the C locale writes them, in local time. */
export function parsePacman(text: string): InstalledPackage[] {
  return text.split(/\n\s*\n/).flatMap((block) => {
    const field = (name: string) => new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(block)?.[1]?.trim();
    const name = field('Name');
    const version = field('Version');
    if (!name || version === undefined) return [];
    const at = Date.parse(field('Install Date') ?? '');
    const arch = field('Architecture') ?? '';
    return [{ name, version, arch, type: 'pacman', installedAt: Number.isNaN(at) ? null : at }];
  });
}
