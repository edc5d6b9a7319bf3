import { readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { statOf, unreadable } from '../env/file-stamp.js';
import type { Paths } from '../env/paths.js';

/**
 * A short text that changes when any configuration file or directory, the time zone, the node name
 * or the program changes. It is compared on every tick, so it keeps nothing per file: ten thousand
 * files cost their stat calls and little else.
 *
 * The sums are no protection against somebody who forges them: these files belong to root.
 */
export function configurationFingerprint(paths: Paths, zoneName: string, build: string): string {
  const sum = createSum();
  let files = 0;

  const addFile = (path: string): void => {
    const stat = statOf(path);
    if (!stat) return;
    files += 1;
    if (stat === unreadable) return;
    sum.add(stat.ino);
    sum.add(stat.size);
    sum.addInstant(stat.mtimeMs);
    sum.addInstant(stat.ctimeMs);
  };

  for (const directory of configurationDirectories(paths)) {
    addFile(directory);
    inside(directory, (prefix) => {
      for (const name of namesIn(directory)) {
        if (name.endsWith('.conf')) addFile(prefix + name);
      }
    });
  }
  addFile('/etc/localtime');
  return `${build}:${zoneName}:${hostname()}:${files}:${sum.text()}`;
}

/**
 * Works inside a directory and comes back: of ten thousand files each costs the kernel one name
 * instead of a whole path, an eighth of the time. Where that is not possible, names get a prefix.
 */
function inside(directory: string, work: (prefix: string) => void): void {
  let here: string;
  try {
    here = process.cwd();
    process.chdir(directory);
  } catch {
    work(`${directory}/`);
    return;
  }
  try {
    work('');
  } finally {
    process.chdir(here);
  }
}

/** The directories that hold service files: ETC itself and `namespaces/<ns>/svc`. */
export function configurationDirectories(paths: Paths): string[] {
  const directories = [paths.etc];
  const namespaces = `${paths.etc}/namespaces`;
  for (const name of namesIn(namespaces)) directories.push(`${namespaces}/${name}/svc`);
  return directories;
}

/** Names in a directory; none when it is missing or not readable. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function createSum() {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  const add = (value: number): void => {
    a = Math.imul(a ^ value, 0x01000193);
    a ^= a >>> 15;
    b = Math.imul(b ^ value, 0x85ebca6b);
    b ^= b >>> 13;
  };
  return {
    add,
    /** Adds milliseconds with their fraction: a double still tells quarter microseconds apart. */
    addInstant(ms: number): void {
      add(ms);
      add(ms * 4096);
    },
    text: (): string => (a >>> 0).toString(16) + (b >>> 0).toString(16),
  };
}
