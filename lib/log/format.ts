import type { Fields, Level } from './log.js';

/** The level as the files and the console write it. */
export const levelNames: Readonly<Record<Level, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
};

export const levelRanks: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A longer record is cut: one line of a program's output may be megabytes. */
const maxRecordLength = 64 << 10;

/**
 * The fixed phrase, then ` key=value` for each field that has a value.
 *
 * @param mask takes secrets out, before quoting changes how they look
 */
export function renderMessage(
  message: string,
  fields: Fields = {},
  mask: (text: string) => string = (text) => text,
): string {
  let text = mask(message);
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    text += ` ${key}=${renderValue(mask(String(value)))}`;
  }
  if (text.length <= maxRecordLength) return text;
  return `${text.slice(0, maxRecordLength)} [... ${text.length - maxRecordLength} characters dropped ...]`;
}

/** Quoted where a reader could not tell its end; a newline in a value never starts a line. */
function renderValue(value: string): string {
  return value !== '' && !/[\s"=]/.test(value)
    ? value
    : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/**
 * The lines of a message, a last empty one included. What would move a terminal's cursor, change its
 * colours or turn the direction of the text is shown as an escape.
 */
export function printableLines(text: string): string[] {
  return text.replaceAll('\r\n', '\n').split('\n').map(escapeControls);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to be found
const controls = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function escapeControls(line: string): string {
  return line.replace(controls, (character) => {
    if (character === '\r') return '\\r';
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** `YYYY-MM-DD HH:MM:SS,mmm` in local time. */
export function renderTime(at: number): string {
  const date = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time},${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** True when two instants fall on one local day. */
export function isSameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/** Replaces known secrets by `xxx`, also in the forms they take in URLs, JSON and commands. */
export function createMask(secrets: Iterable<string>): (text: string) => string {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < 3) continue; // masking single letters would hide the log, not the secret
    forms.add(secret);
    forms.add(urlForm(secret));
    forms.add(JSON.stringify(secret).slice(1, -1));
    forms.add(secret.replaceAll("'", "'\\''")); // in a quoted word of a command line
  }
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((masked, form) => masked.replaceAll(form, 'xxx'), text);
}

function urlForm(secret: string): string {
  try {
    return encodeURIComponent(secret);
  } catch {
    return secret; // half a surrogate pair
  }
}
