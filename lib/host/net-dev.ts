import { type HostRoot, numbersOf, readHostFile } from './host-file.js';

/** Counters of one network interface since it appeared (proc_pid_net(5)). */
export interface NetDev {
  readonly device: string;
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly multicast: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
  readonly collisions: number;
}

export function readNetDev(root: HostRoot = '/'): NetDev[] {
  return parseNetDev(readHostFile(root, 'proc/net/dev') ?? '');
}

export function parseNetDev(text: string): NetDev[] {
  return text.split('\n').flatMap((line) => {
    const colon = line.lastIndexOf(':'); // an alias has one in its name; counters may follow at once
    if (colon < 0) return [];
    const counters = numbersOf(line.slice(colon + 1));
    const count = (n: number) => counters[n] ?? 0;
    return [
      {
        device: line.slice(0, colon).trim(),
        rxBytes: count(0),
        rxPackets: count(1),
        rxErrors: count(2),
        rxDropped: count(3),
        multicast: count(7),
        txBytes: count(8),
        txPackets: count(9),
        txErrors: count(10),
        txDropped: count(11),
        collisions: count(13),
      },
    ];
  });
}
