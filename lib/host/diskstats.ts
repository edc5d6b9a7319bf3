import { type HostRoot, readHostFile } from './host-file.js';

/** Counters of one block device since boot (proc_diskstats(5), iostats of the kernel). */
export interface DiskStats {
  readonly device: string;
  readonly major: number;
  readonly minor: number;
  readonly reads: number;
  readonly readsMerged: number;
  /** Sectors of 512 bytes, whatever the device uses. */
  readonly sectorsRead: number;
  readonly readMs: number;
  readonly writes: number;
  readonly writesMerged: number;
  readonly sectorsWritten: number;
  readonly writeMs: number;
  /** Requests in flight now. */
  readonly inFlight: number;
  readonly busyMs: number;
  readonly weightedMs: number;
  /** Since Linux 4.18. */
  readonly discards: number;
  readonly sectorsDiscarded: number;
}

export function readDiskstats(root: HostRoot = '/'): DiskStats[] {
  return parseDiskstats(readHostFile(root, 'proc/diskstats') ?? '');
}

export function parseDiskstats(text: string): DiskStats[] {
  return text.split('\n').flatMap((line) => {
    const [major, minor, device, ...counters] = line.trim().split(/\s+/);
    if (device === undefined || counters.length < 11) return [];
    const count = (n: number) => Number(counters[n] ?? 0);
    return [
      {
        device,
        major: Number(major),
        minor: Number(minor),
        reads: count(0),
        readsMerged: count(1),
        sectorsRead: count(2),
        readMs: count(3),
        writes: count(4),
        writesMerged: count(5),
        sectorsWritten: count(6),
        writeMs: count(7),
        inFlight: count(8),
        busyMs: count(9),
        weightedMs: count(10),
        discards: count(11),
        sectorsDiscarded: count(13),
      },
    ];
  });
}
