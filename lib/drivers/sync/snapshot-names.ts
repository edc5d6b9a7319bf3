import type { Note, StatusReport } from '../../driver/contract.js';

/** Snapshots that are kept under a name of their own: `<name>.snap.2026-03-09.10:09:52`, local time. */
export interface Series {
  /** Undefined: without a name in front. */
  readonly name: string | undefined;
}

export interface KeptSnapshot {
  /** As the tool knows it. */
  readonly path: string;
  /** Local wall time, which sorts as text. */
  readonly date: string;
}

/** @param now UTC ms */
export function snapshotName({ name }: Series, now: number): string {
  const at = new Date(now);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  return `${name === undefined ? '' : `${name}.`}snap.${day}.${time}`;
}

/**
 * The snapshots of a series among others, the newest first.
 * @param base what all of them begin with
 */
export function snapshotsOfSeries(
  paths: readonly string[],
  base: string,
  { name }: Series,
): KeptSnapshot[] {
  const head = `${base}${name === undefined ? '' : `${name}.`}snap.`;
  return paths
    .filter((path) => path.startsWith(head))
    .map((path) => ({ path, date: path.slice(head.length) }))
    .filter(({ date }) => /^\d{4}-\d\d-\d\d\.\d\d:\d\d:\d\d$/.test(date))
    .sort((a, b) => (a.date < b.date ? 1 : -1));
}

/** How many snapshots stay. */
export function keptOf({ keep }: { keep: number }): number {
  return Math.max(1, keep);
}

/** What is wrong with the snapshots of one thing. */
export function troubleOf(
  what: string,
  snapshots: readonly KeptSnapshot[],
  { keep, maxDelayMs, now }: { keep: number; maxDelayMs: number; now: number },
): Note[] {
  const [newest] = snapshots;
  const warn = (text: string): Note => ({ level: 'warn', text });
  if (!newest) return [warn(`${what} has no snapshot`)];
  const surplus = snapshots.length - keep;
  const isOld = now - timeOf(newest) > maxDelayMs;
  return [
    ...(surplus > 0 ? [warn(`${what} has ${surplus} too many snapshots`)] : []),
    ...(isOld ? [warn(`the last snapshot of ${what} is too old: ${newest.date}`)] : []),
  ];
}

export function reportOf(notes: readonly Note[]): StatusReport {
  return { status: notes.some(({ level }) => level === 'warn') ? 'warn' : 'up', notes };
}

/** UTC ms. */
function timeOf({ date }: KeptSnapshot): number {
  const [day = '', time = ''] = date.split('.');
  return new Date(`${day}T${time}`).getTime();
}
