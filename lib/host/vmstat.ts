import { type HostRoot, readHostFile } from './host-file.js';

/** The counters of `/proc/vmstat` by name. */
export type Vmstat = Readonly<Record<string, number>>;

export function readVmstat(root: HostRoot = '/'): Vmstat {
  return parseVmstat(readHostFile(root, 'proc/vmstat') ?? '');
}

export function parseVmstat(text: string): Vmstat {
  const counters: Record<string, number> = {};
  for (const [, name, value] of text.matchAll(/^(\w+) (\d+)$/gm)) {
    if (name !== undefined) counters[name] = Number(value);
  }
  return counters;
}
