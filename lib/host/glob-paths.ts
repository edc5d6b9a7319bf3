import { existsSync, readdirSync } from 'node:fs';
import { globMatches, isGlob } from '../config/glob.js';

/** The existing paths that a pattern names, sorted; a path without a pattern must exist itself. */
export function globSync(pattern: string): string[] {
  if (!isGlob(pattern)) return existsSync(pattern) ? [pattern] : [];
  // A slash at the end means something to rsync: it stays.
  const slash = pattern.endsWith('/') ? '/' : '';
  const parts = pattern.split('/').filter((part) => part !== '');
  let found = ['/'];
  for (const part of parts) {
    found = found.flatMap((directory) => below(directory, part));
  }
  return found.sort().map((path) => `${path}${slash}`);
}

function below(directory: string, part: string): string[] {
  const base = directory === '/' ? '' : directory;
  if (!isGlob(part)) return existsSync(`${base}/${part}`) ? [`${base}/${part}`] : [];
  return namesIn(directory)
    .filter((name) => (!name.startsWith('.') || part.startsWith('.')) && globMatches(part, name))
    .map((name) => `${base}/${name}`);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // no directory, or not ours to read
  }
}
