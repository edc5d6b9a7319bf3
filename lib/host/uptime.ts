import { type HostRoot, numbersOf, readHostFile } from './host-file.js';

export interface Uptime {
  /** Seconds since boot, time asleep included. */
  readonly seconds: number;
  /** Summed over all cpus. */
  readonly idleSeconds: number;
}

export function readUptime(root: HostRoot = '/'): Uptime {
  const [seconds = 0, idleSeconds = 0] = numbersOf(readHostFile(root, 'proc/uptime') ?? '0 0');
  return { seconds, idleSeconds };
}

/** When the host was booted, in UTC milliseconds, to the second. */
export function lastBoot(now: number, uptime: Uptime): number {
  return Math.round(now / 1000 - uptime.seconds) * 1000;
}
