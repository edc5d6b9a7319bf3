import type { ClockReading, ScanStamp } from './stamps.js';

/** Smaller differences are the daily work of NTP, not a step. */
const toleranceMs = 5 * 60_000;

/**
 * How far the wall clock was moved since the last complete tick, in ms: negative when it was set
 * back. Within one boot the time since the boot tells the truth; across boots only a wall clock that
 * is earlier than before is certain to be wrong.
 */
export function clockStepMs(previous: ScanStamp | undefined, current: ClockReading): number {
  if (!previous) return 0;
  const elapsed = current.wallMs - previous.wallMs;
  if (previous.bootId !== current.bootId) return elapsed < -toleranceMs ? elapsed : 0;
  const step = current.wallMs - current.uptimeMs - previous.bootedAtMs;
  return Math.abs(step) > toleranceMs ? step : 0;
}
