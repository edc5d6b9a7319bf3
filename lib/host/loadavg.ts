import { type HostRoot, readHostFile } from './host-file.js';

export interface Loadavg {
  readonly one: number;
  readonly five: number;
  readonly fifteen: number;
  readonly runnable: number;
  /** Scheduling entities: processes and threads. */
  readonly total: number;
}

export function readLoadavg(root: HostRoot = '/'): Loadavg {
  return parseLoadavg(readHostFile(root, 'proc/loadavg') ?? '');
}

export function parseLoadavg(text: string): Loadavg {
  const [one, five, fifteen, tasks = ''] = text.split(' ');
  const [runnable, total] = tasks.split('/');
  return {
    one: Number(one ?? 0),
    five: Number(five ?? 0),
    fifteen: Number(fifteen ?? 0),
    runnable: Number(runnable ?? 0),
    total: Number(total ?? 0),
  };
}
