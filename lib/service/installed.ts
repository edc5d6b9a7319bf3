import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatObjectPath, type ObjectPath, objectOfConfigFile } from '../config/object-path.js';
import type { Paths } from '../env/paths.js';

/** A service that has a configuration file on this node. */
export interface InstalledService {
  path: ObjectPath;
  /** Display form of the path: the scope of its runs. */
  scope: string;
  file: string;
}

/** Every service of the node, sorted by path. */
export function installedServices(paths: Paths): InstalledService[] {
  const namespaces = join(paths.etc, 'namespaces');
  const directories = [
    paths.etc,
    ...namesIn(namespaces).map((name) => join(namespaces, name, 'svc')),
  ];
  return directories
    .flatMap((directory) => namesIn(directory).map((name) => `${directory}/${name}`))
    .flatMap((file) => {
      const path = objectOfConfigFile(paths, file);
      return path?.kind === 'svc' ? [{ path, scope: formatObjectPath(path), file }] : [];
    })
    .sort((a, b) => (a.scope < b.scope ? -1 : 1));
}

/** Whether the file of a service holds a word at all, in any case: cheaper than reading what it says. */
export function mentions({ file }: InstalledService, word: string): boolean {
  try {
    return readFileSync(file, 'latin1').toLowerCase().includes(word);
  } catch {
    return false;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
