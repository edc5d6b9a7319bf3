/** What collect_stats samples, and the rates between two samples. */
import type { DiskStats } from '../host/diskstats.js';
import type { Loadavg } from '../host/loadavg.js';
import type { NetDev } from '../host/net-dev.js';
import type { CpuTimes } from '../host/proc-stat.js';
import type { Sample } from '../store/samples.js';

/** Parts of /proc/meminfo that are kept, in bytes. */
export interface MemorySample {
  total: number;
  free: number;
  available: number;
  buffers: number;
  cached: number;
  swapTotal: number;
  swapFree: number;
}

/** Rates and levels between two samples of one boot. */
export interface StatsRow {
  /** End of the interval, UTC ms. */
  at: number;
  /** Percent of all cpu time. */
  cpu_usr: number;
  cpu_sys: number;
  cpu_iowait: number;
  cpu_steal: number;
  cpu_idle: number;
  load_1: number;
  load_5: number;
  load_15: number;
  /** Percent of memory that is not available to programs. */
  mem_used: number;
  /** Percent. */
  swap_used: number;
  /** KiB per second, all whole disks together. */
  disk_read: number;
  disk_write: number;
  /** KiB per second, all links together. */
  net_rx: number;
  net_tx: number;
}

export function pickMemory(info: Readonly<Record<string, number>>): MemorySample {
  const of = (name: string): number => info[name] ?? 0;
  return {
    total: of('MemTotal'),
    free: of('MemFree'),
    available: of('MemAvailable'),
    buffers: of('Buffers'),
    cached: of('Cached'),
    swapTotal: of('SwapTotal'),
    swapFree: of('SwapFree'),
  };
}

/** Whole disks: partitions and what lies on other disks would count twice. */
export function isCountedDisk(device: string): boolean {
  return /^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|hd[a-z]|nvme\d+n\d+|mmcblk\d+|dasd[a-z]+)$/.test(device);
}

/** Links to other hosts: not the loopback, nor the inner ends of containers and tunnels. */
export function isCountedLink(name: string): boolean {
  return !/^(lo|dummy|vnet|veth|pan|sit|docker|br-|virbr|cni|tun|tap)/.test(name);
}

/** The rows between consecutive samples of one boot, oldest first. */
export function statsRows(samples: readonly Sample[]): StatsRow[] {
  const moments = new Map<number, { bootId: string; data: Map<string, unknown> }>();
  for (const { at, topic, bootId, data } of samples) {
    const moment = moments.get(at) ?? { bootId, data: new Map() };
    moment.data.set(topic, JSON.parse(data));
    moments.set(at, moment);
  }
  const times = [...moments.keys()].sort((a, b) => a - b);
  return times.slice(1).flatMap((at, index) => {
    const begin = times[index];
    const before = begin === undefined ? undefined : moments.get(begin);
    const after = moments.get(at);
    if (begin === undefined || !before || !after || before.bootId !== after.bootId) return [];
    return [rowBetween(at, (at - begin) / 1000, before.data, after.data)];
  });
}

type Topics = ReadonlyMap<string, unknown>;

function rowBetween(at: number, seconds: number, before: Topics, after: Topics): StatsRow {
  const load = after.get('load') as Loadavg | undefined;
  const memory = after.get('mem') as MemorySample | undefined;
  const rate = <T extends { device: string }>(
    topic: string,
    field: keyof T,
    unit: number,
  ): number => {
    const old = new Map(((before.get(topic) ?? []) as T[]).map((row) => [row.device, row]));
    const grown = ((after.get(topic) ?? []) as T[]).reduce((sum, row) => {
      const base = old.get(row.device);
      // A counter that went back belongs to a device that came anew.
      const difference = base ? Number(row[field]) - Number(base[field]) : 0;
      return sum + Math.max(0, difference);
    }, 0);
    return rounded((grown * unit) / 1024 / seconds);
  };
  return {
    at,
    ...cpuShares(totalOf(before.get('cpu')), totalOf(after.get('cpu'))),
    load_1: load?.one ?? 0,
    load_5: load?.five ?? 0,
    load_15: load?.fifteen ?? 0,
    mem_used: share(memory?.total, memory?.available),
    swap_used: share(memory?.swapTotal, memory?.swapFree),
    disk_read: rate<DiskStats>('disk', 'sectorsRead', 512),
    disk_write: rate<DiskStats>('disk', 'sectorsWritten', 512),
    net_rx: rate<NetDev>('net', 'rxBytes', 1),
    net_tx: rate<NetDev>('net', 'txBytes', 1),
  };
}

function totalOf(cpus: unknown): CpuTimes | undefined {
  return (cpus as readonly CpuTimes[] | undefined)?.find(({ cpu }) => cpu === 'all');
}

function cpuShares(before: CpuTimes | undefined, after: CpuTimes | undefined) {
  const grown = (field: Exclude<keyof CpuTimes, 'cpu'>): number =>
    before && after ? Math.max(0, after[field] - before[field]) : 0;
  const times = {
    usr: grown('user') + grown('nice'),
    sys: grown('system') + grown('irq') + grown('softirq'),
    iowait: grown('iowait'),
    steal: grown('steal'),
    idle: grown('idle'),
  };
  const all = Object.values(times).reduce((sum, time) => sum + time, 0) || 1;
  const percent = (time: number): number => rounded((time / all) * 100);
  return {
    cpu_usr: percent(times.usr),
    cpu_sys: percent(times.sys),
    cpu_iowait: percent(times.iowait),
    cpu_steal: percent(times.steal),
    cpu_idle: percent(times.idle),
  };
}

function share(total = 0, free = 0): number {
  return total === 0 ? 0 : rounded(((total - free) / total) * 100);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
