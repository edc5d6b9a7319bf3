import { type HostRoot, readHostFile, readHostValue } from './host-file.js';

export interface Cpuinfo {
  /** MHz, the integer part; undefined where the kernel does not tell. */
  readonly mhz: number | undefined;
  readonly threads: number | undefined;
  readonly cores: number | undefined;
  /** Sockets; without them the number of processors. */
  readonly dies: number | undefined;
  readonly model: string | undefined;
}

export function readCpuinfo(root: HostRoot = '/'): Cpuinfo {
  const parsed = parseCpuinfo(readHostFile(root, 'proc/cpuinfo') ?? '');
  if (parsed.mhz !== undefined) return parsed;
  const kHz = Number(
    readHostValue(root, 'sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq') ?? Number.NaN,
  );
  return Number.isNaN(kHz) ? parsed : { ...parsed, mhz: Math.floor(kHz / 1000) };
}

export function parseCpuinfo(text: string): Cpuinfo {
  const blocks = text.split(/\n\s*\n/).map(
    (block) =>
      new Map(
        block.split('\n').map((line) => {
          const colon = line.indexOf(':');
          return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const;
        }),
      ),
  );
  const first = (name: string) =>
    blocks.find((block) => block.get(name))?.get(name) as string | undefined;
  const processors = blocks.filter((block) => block.has('processor')).length;
  const located = blocks.filter((block) => block.has('physical id'));
  const dies = new Set(located.map((block) => block.get('physical id'))).size || processors;
  const cores = new Set(
    located
      .filter((block) => block.has('core id'))
      .map((block) => `${block.get('physical id')} ${block.get('core id')}`),
  ).size;
  const mhz = Number.parseInt(first('cpu MHz') ?? first('clock') ?? '', 10);
  return {
    mhz: Number.isNaN(mhz) ? undefined : mhz,
    threads: located.length || dies || undefined,
    cores: cores || dies || undefined,
    dies: dies || undefined,
    // Arm has no model name; Power calls it cpu.
    model: first('model name') ?? first('Hardware') ?? first('Model') ?? first('cpu'),
  };
}
