import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { errnoOf } from '../errors/agent-error.js';

/** Who holds a lock, as told by the file beside it. Good for messages, never for a decision. */
export interface LockHolder {
  readonly pid: number;
  /** Field 22 of `/proc/<pid>/stat`. */
  readonly startTime: number;
  readonly bootId: string;
  /** What the holder is doing: the action. */
  readonly intent: string;
  /** UTC milliseconds. */
  readonly since: number;
  /** The resource being worked on, when the holder tells. */
  readonly progress?: string;
}

const pathOf = (lock: string) => `${lock}.holder`;

/**
 * The living process that holds the lock, without touching the lock. Undefined when nobody does;
 * what a killed process left behind is not believed.
 */
export function holderOf(lock: string): LockHolder | undefined {
  let holder: LockHolder;
  try {
    holder = JSON.parse(readFileSync(pathOf(lock), 'utf8')) as LockHolder;
  } catch {
    return undefined; // none, or being written
  }
  return holder.bootId === readBootId() && startTimeOf(holder.pid) === holder.startTime
    ? holder
    : undefined;
}

export function writeHolder(
  lock: string,
  told: Pick<LockHolder, 'intent' | 'since' | 'progress'>,
): void {
  const { pid } = process;
  const holder: LockHolder = {
    pid,
    startTime: startTimeOf(pid) ?? 0,
    bootId: readBootId(),
    ...told,
  };
  try {
    writeFileSync(pathOf(lock), `${JSON.stringify(holder)}\n`, { mode: 0o644 });
  } catch {
    // A full disk costs the name in a message, not the lock.
  }
}

export function removeHolder(lock: string): void {
  try {
    unlinkSync(pathOf(lock));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'EROFS') throw error;
  }
}

function startTimeOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return undefined;
  }
}

let boot: string | undefined;

function readBootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return boot;
}
