const prefixes = ['', 'k', 'm', 'g', 't', 'p', 'e', 'z'] as const;

/** First letter of a size unit; empty for bytes. */
export type SizePrefix = (typeof prefixes)[number];

const sizePattern = /^(\d{1,20})(?:[.,](\d{1,20}))?[ \t]*([kmgtpez]?)(i?)b?$/i;
const shares = ['FREE', 'VG', 'PVS', 'ORIGIN'];
const sharePattern = /^(\d{1,3})%([A-Z]*)$/i;

/**
 * Reads a size: `10`, `1.5g`, `1,5G`, `100 MB`; nothing at all is 0. Units are powers of 1024,
 * except that a unit written with an `i` counts in powers of 1000: `1MiB` is 1 000 000 bytes. This
 * is upside down, and kept, because existing files depend on it (the original agent).
 *
 * @param unit counted by a bare number
 * @returns whole bytes, or undefined when the text is no size
 */
export function parseSize(text: string, unit: SizePrefix = ''): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return 0;
  const match = sizePattern.exec(trimmed);
  if (!match) return undefined;
  const [, whole = '', fraction = '0', letter = '', decimal = ''] = match;
  const named = /[a-z]$/i.test(trimmed);
  const power = prefixes.indexOf(named ? (letter.toLowerCase() as SizePrefix) : unit);
  const bytes = Number(`${whole}.${fraction}`) * (decimal === '' ? 1024 : 1000) ** power;
  const rounded = Math.floor(bytes + 1e-6);
  return Number.isSafeInteger(rounded) ? rounded : undefined;
}

/** True when the unit of this size is written with an `i`, which counts in powers of 1000. */
export function isDecimalSize(text: string): boolean {
  return sizePattern.exec(text.trim())?.[4]?.toLowerCase() === 'i';
}

/** A share of something that exists, as LVM writes it: `50%FREE`, or `10%` of the origin. */
export type SizeShare = `${number}%${string}`;

/** Reads `<n>%FREE|VG|PVS|ORIGIN` or `<n>%`; passed through in upper case, undefined for anything else. */
export function parseSizeShare(text: string): SizeShare | undefined {
  const match = sharePattern.exec(text.trim());
  const of = match?.[2]?.toUpperCase();
  if (!match || of === undefined || (of !== '' && !shares.includes(of))) return undefined;
  return `${Number(match[1])}%${of}`;
}
