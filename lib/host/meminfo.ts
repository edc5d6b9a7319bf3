import { type HostRoot, readHostFile } from './host-file.js';

/** The names and values of `/proc/meminfo`, sizes in bytes, counts (`HugePages_*`) as they are. */
export type Meminfo = Readonly<Record<string, number>>;

export function readMeminfo(root: HostRoot = '/'): Meminfo {
  return parseMeminfo(readHostFile(root, 'proc/meminfo') ?? '');
}

export function parseMeminfo(text: string): Meminfo {
  const values: Record<string, number> = {};
  for (const [, name, value, unit] of text.matchAll(/^([^:\n]+):\s+(\d+)( kB)?$/gm)) {
    if (name !== undefined) values[name] = Number(value) * (unit ? 1024 : 1);
  }
  return values;
}
