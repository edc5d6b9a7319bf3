import { type HostRoot, numbersOf, readHostFile } from './host-file.js';

/** Time spent by one cpu since boot, in clock ticks (proc_stat(5)). */
export interface CpuTimes {
  /** `all`, or the number of the cpu. */
  readonly cpu: string;
  readonly user: number;
  readonly nice: number;
  readonly system: number;
  readonly idle: number;
  readonly iowait: number;
  readonly irq: number;
  readonly softirq: number;
  readonly steal: number;
  readonly guest: number;
  readonly guestNice: number;
}

export interface ProcStat {
  /** `all` first. */
  readonly cpus: readonly CpuTimes[];
  readonly contextSwitches: number;
  readonly interrupts: number;
  readonly forks: number;
  readonly running: number;
  readonly blocked: number;
  /** Seconds since the epoch. */
  readonly bootTime: number;
}

export function readProcStat(root: HostRoot = '/'): ProcStat {
  return parseProcStat(readHostFile(root, 'proc/stat') ?? '');
}

export function parseProcStat(text: string): ProcStat {
  const cpus: CpuTimes[] = [];
  const counters = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [name = '', ...rest] = line.trim().split(/\s+/);
    if (!name.startsWith('cpu')) {
      counters.set(name, Number(rest[0]));
      continue;
    }
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0] = numbersOf(
      rest.join(' '),
    );
    // Older kernels have fewer columns.
    const [steal = 0, guest = 0, guestNice = 0] = rest.slice(7).map(Number);
    cpus.push({
      cpu: name === 'cpu' ? 'all' : name.slice(3),
      ...{ user, nice, system, idle, iowait, irq, softirq, steal, guest, guestNice },
    });
  }
  const counter = (name: string) => counters.get(name) ?? 0;
  return {
    cpus,
    contextSwitches: counter('ctxt'),
    interrupts: counter('intr'),
    forks: counter('processes'),
    running: counter('procs_running'),
    blocked: counter('procs_blocked'),
    bootTime: counter('btime'),
  };
}
