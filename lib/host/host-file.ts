import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where the files of a host are read from: `/`, or a captured tree. A reader takes it first, so that
 * its test runs on files of other hosts.
 */
export type HostRoot = string;

/** The text of a file, undefined when it is missing, not ours to read, or has no content to give. */
export function readHostFile(root: HostRoot, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

/** One value of sysfs, trimmed; undefined when absent or empty. */
export function readHostValue(root: HostRoot, path: string): string | undefined {
  return readHostFile(root, path)?.trim() || undefined;
}

/** Names in a directory, sorted; none when it is missing. */
export function listHostDirectory(root: HostRoot, path: string): string[] {
  try {
    return readdirSync(join(root, path)).sort();
  } catch {
    return [];
  }
}

/** The numbers of a line split at blanks. */
export function numbersOf(text: string): number[] {
  return text.trim().split(/\s+/).map(Number);
}
