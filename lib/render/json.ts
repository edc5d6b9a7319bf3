import { isControlAt } from './cell.js';

/**
 * JSON with sorted keys and an indentation of four blanks. Dates become ISO 8601 texts, maps
 * objects, sets lists; fields without a value are left out. Characters that steer a terminal are
 * escaped, all others stay readable.
 *
 * @returns the document and a line feed
 */
export function renderJson(value: unknown): string {
  return `${escapeInJson(JSON.stringify(sorted(value), undefined, 4) ?? 'null')}\n`;
}

/** A plain copy of a value with its keys in order, as `renderJson` writes it. */
export function sorted(value: unknown): unknown {
  if (typeof value === 'bigint')
    return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}`;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return value.map((item) => sorted(item) ?? null);
  if (value instanceof Set) return [...value].map((item) => sorted(item) ?? null);
  const entries: [string, unknown][] =
    value instanceof Map
      ? [...value].map(([key, item]) => [String(key), item])
      : Object.entries(value);
  return Object.fromEntries(
    entries
      .filter(([, item]) => item !== undefined && typeof item !== 'function')
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

function escapeInJson(text: string): string {
  let result = '';
  let done = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // Line feeds are the layout here: those inside texts are escaped already.
    if (code < 0x7f || !isControlAt(text, at)) continue;
    result += `${text.slice(done, at)}\\u${code.toString(16).padStart(4, '0')}`;
    done = at + 1;
  }
  return done === 0 ? text : result + text.slice(done);
}
