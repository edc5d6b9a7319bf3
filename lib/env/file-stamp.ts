import { type Stats, statSync } from 'node:fs';
import { errnoOf } from '../errors/agent-error.js';

/** There is something that cannot be looked at, a loop of links for example: who reads it says why. */
export const unreadable = 'unreadable';

const quietly = { throwIfNoEntry: false } as const;

/** Facts of a file, undefined when there is none. */
export function statOf(path: string): Stats | typeof unreadable | undefined {
  try {
    return statSync(path, quietly);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return unreadable;
  }
}

/** Inode, size and times of a file: equal stamps mean an unchanged file. Undefined when there is none. */
export function fileStamp(path: string): string | undefined {
  const stat = statOf(path);
  if (stat === undefined || stat === unreadable) return stat;
  return `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}`;
}
