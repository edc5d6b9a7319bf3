/** Units a bare number may be counted in. */
export type DurationUnit = 'ms' | 's' | 'm' | 'h' | 'd' | 'w';

const millisecondsOf = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
} as const satisfies Record<DurationUnit, number>;

const largestFirst = Object.keys(millisecondsOf) as DurationUnit[];

const number = String.raw`(\d{1,15}(?:\.\d{1,9})?)`;
const bare = new RegExp(`^${number}$`);
const parts = new RegExp(`^${largestFirst.map((unit) => `(?:${number}${unit})?`).join('')}$`, 'i');

/**
 * Reads `1w2d3h4m5s`: any part may be left out, the order is fixed, case does not matter; `ms` is
 * accepted after the seconds. A bare number counts `unit`.
 *
 * @returns milliseconds, or undefined when the text is no duration
 */
export function parseDuration(text: string, unit: DurationUnit = 's'): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const simple = bare.exec(trimmed);
  if (simple) return inRange(Number(simple[1]) * millisecondsOf[unit]);
  const match = parts.exec(trimmed);
  if (!match) return undefined;
  let sum = 0;
  largestFirst.forEach((name, index) => {
    sum += Number(match[index + 1] ?? 0) * millisecondsOf[name];
  });
  return inRange(sum);
}

/** Milliseconds as `1h30m`, largest unit first and `0s` for none; `parseDuration` reads it back. */
export function formatDuration(ms: number): string {
  let left = Math.round(Math.abs(ms));
  if (!Number.isFinite(left) || left === 0) return '0s';
  let text = ms < 0 ? '-' : '';
  for (const unit of largestFirst) {
    const count = Math.floor(left / millisecondsOf[unit]);
    if (count > 0) text += `${count}${unit}`;
    left -= count * millisecondsOf[unit];
  }
  return text;
}

/** How many `unit`s `ms` milliseconds are, the inverse of a bare number given to `parseDuration`. */
export function inUnit(ms: number, unit: DurationUnit): number {
  return ms / millisecondsOf[unit];
}

function inRange(ms: number): number | undefined {
  const rounded = Math.round(ms);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}
