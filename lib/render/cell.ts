/** The text of a value in a table, a tree or CSV: one line, nothing that moves the cursor. */
export function cellText(value: unknown): string {
  return fieldText(value) || '-';
}

/** As `cellText`, with nothing for what is not there. */
export function fieldText(value: unknown): string {
  return value === null || value === undefined ? '' : escapeControls(plainText(value));
}

/** Nearly every cell: nothing to count or to escape in it. */
const isPlain = /^[ -~]*$/;

/** Number of characters, counted in code points. */
export function widthOf(text: string): number {
  if (isPlain.test(text)) return text.length;
  let width = 0;
  for (const _ of text) width++;
  return width;
}

/** Fills a text with blanks up to a width; a longer one stays whole. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'left' ? text + blanks : blanks + text;
}

/**
 * Spells control characters out, so that a name in a configuration cannot break a line or speak to
 * the terminal: line feed as `\n`, others as `\x1b` or `\u202e`.
 */
export function escapeControls(text: string): string {
  if (isPlain.test(text)) return text;
  let result = '';
  let done = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const escaped = escapeOf(text, at, code);
    if (escaped === undefined) continue;
    result += text.slice(done, at) + escaped;
    done = at + 1;
  }
  return done === 0 ? text : result + text.slice(done);
}

/** Whether a UTF-16 unit steers terminals or text direction, or is half a character. */
export function isControlAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  if (code < 0x2028) return code === 0x200e || code === 0x200f || code === 0x061c;
  if (code <= 0x202e || (code >= 0x2066 && code <= 0x2069) || code === 0xfeff) return true;
  if (code >= 0xd800 && code < 0xdc00) return !isLow(text.charCodeAt(at + 1));
  return isLow(code) && !isHigh(text.charCodeAt(at - 1));
}

function escapeOf(text: string, at: number, code: number): string | undefined {
  if (code >= 0x20 && code < 0x7f) return undefined;
  if (!isControlAt(text, at)) return undefined;
  if (code === 10) return '\\n';
  if (code === 13) return '\\r';
  if (code === 9) return '\\t';
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return String(value);
  }
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => plainText(item)).join(' ');
  return JSON.stringify(value) ?? '';
}

function isHigh(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}
