import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../env/paths.js';

/** The clock as a tick saw it. */
export interface ClockReading {
  bootId: string;
  /** Wall time, UTC ms. */
  wallMs: number;
  /** Time since the boot, ms. */
  uptimeMs: number;
}

/** What the last complete tick saw: a clock that never steps keeps `wallMs - uptimeMs`. */
export interface ScanStamp {
  bootId: string;
  wallMs: number;
  bootedAtMs: number;
}

/**
 * What the guard (`bin/tick`) looks at, in the run directory, which a reboot empties:
 *
 * - `next_due`: its modification time is the instant before which nothing comes due;
 * - `scan`: its modification time is when a tick began to read the configuration; its text is
 *   `<boot id> <wall time of the boot, ms>`.
 */
export const stampNames = { nextDue: 'next_due', scan: 'scan' } as const;

/** The guard looks again at least this often, so that clock steps and zone updates heal. */
const longestSleepMs = 3_600_000;

/** Files are dated by a clock that the kernel moves on every few milliseconds only. */
const kernelClockLagMs = 20;

/** The wall time of the boot may drift by so much before it is written again. */
const driftMs = 1000;

/** The stamp of the last complete tick, undefined when there is none. */
export function readScan(paths: Paths): ScanStamp | undefined {
  const path = join(paths.run, stampNames.scan);
  try {
    const [bootId = '', bootedAt = ''] = readFileSync(path, 'utf8').split(/\s/);
    const bootedAtMs = Number(bootedAt);
    if (bootId === '' || bootedAt === '' || Number.isNaN(bootedAtMs)) return undefined;
    return { bootId, bootedAtMs, wallMs: statSync(path).mtimeMs };
  } catch {
    return undefined;
  }
}

/**
 * Tells the guard that a tick which began at `reading` came to its end, and until when nothing
 * comes due. The stamp bears the time of the begin: an edit during the tick is newer.
 *
 * Failures are left alone: without stamps the guard falls through to the full tick.
 */
export function finishScan(
  paths: Paths,
  reading: ClockReading,
  previous: ScanStamp | undefined,
  nextDue: number,
): void {
  const { wallMs, uptimeMs, bootId } = reading;
  const bootedAtMs = wallMs - uptimeMs;
  const text =
    previous?.bootId === bootId && Math.abs(previous.bootedAtMs - bootedAtMs) < driftMs
      ? undefined
      : `${bootId} ${bootedAtMs}\n`;
  const due = Math.min(nextDue, wallMs + longestSleepMs);
  try {
    putStamp(join(paths.run, stampNames.nextDue), previous ? undefined : '', due);
    putStamp(join(paths.run, stampNames.scan), text, wallMs - kernelClockLagMs);
  } catch {
    // The next start does not find them and looks for itself.
  }
}

/** @param text undefined: the file has the right one */
function putStamp(path: string, text: string | undefined, atMs: number): void {
  if (text === undefined) {
    try {
      utimesSync(path, atMs / 1000, atMs / 1000);
      return;
    } catch {
      // Somebody removed it: it is made anew below.
    }
  }
  try {
    writeFileSync(path, text ?? '', { mode: 0o644 });
  } catch {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o755 });
    writeFileSync(path, text ?? '', { mode: 0o644 });
  }
  utimesSync(path, atMs / 1000, atMs / 1000);
}
