import { parseSize } from './size.js';

/**
 * Reads a transfer rate: a size with an optional `/s`, a bare number counts kilobytes.
 *
 * @returns whole KB (1024 bytes) per second, or undefined when the text is no rate
 */
export function parseSpeed(text: string): number | undefined {
  const bytes = parseSize(text.trim().replace(/\/s$/i, ''), 'k');
  return bytes === undefined ? undefined : Math.floor(bytes / 1024);
}
