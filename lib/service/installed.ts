import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { globMatches, isGlob } from '../config/glob.js';
import {
  formatObjectPath,
  fullObjectPath,
  type ObjectPath,
  objectOfConfigFile,
  parseObjectPath,
} from '../config/object-path.js';
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

/**
 * Selects by a comma list of names and globs. A slash-less glob matches services of every
 * namespace, a plain name the root namespace; `**` is everything.
 */
export function selectServices(
  installed: readonly InstalledService[],
  selector: string,
): { services: InstalledService[]; missing: string[] } {
  const chosen = new Set<InstalledService>();
  const missing: string[] = [];
  for (const word of selector
    .split(',')
    .map((text) => text.trim())
    .filter(Boolean)) {
    if (isGlob(word)) {
      const pattern = word === '**' ? '*/*/*' : word.includes('/') ? word : `*/svc/${word}`;
      for (const service of installed) {
        if (globMatches(pattern, fullObjectPath(service.path))) chosen.add(service);
      }
      continue;
    }
    const full = fullObjectPath(parseObjectPath(word));
    const found = installed.find((service) => fullObjectPath(service.path) === full);
    if (found) chosen.add(found);
    else missing.push(word);
  }
  return { services: installed.filter((service) => chosen.has(service)), missing };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
