import { parseSize } from './size.js';

const units = ['k', 'm', 'g', 't'] as const;

/**
 * Reads a transfer rate: a size with an optional `/s`, a bare number counts kilobytes.
 *
 * @returns whole KB (1024 bytes) per second, or undefined when the text is no rate
 */
export function parseSpeed(text: string): number | undefined {
  const bytes = parseSize(text.trim().replace(/\/s$/i, ''), 'k');
  return bytes === undefined ? undefined : Math.floor(bytes / 1024);
}

/** KB per second as `512k/s`, in the largest exact unit; `parseSpeed` reads it back. */
export function formatSpeed(kilobytesPerSecond: number): string {
  let value = kilobytesPerSecond;
  let power = 0;
  while (value !== 0 && value % 1024 === 0 && power < units.length - 1) {
    value /= 1024;
    power++;
  }
  return `${value}${units[power]}/s`;
}
