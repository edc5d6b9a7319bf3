import { escapeControls } from './cell.js';
import { sorted } from './json.js';

/**
 * One `<path> = <value>` line per leaf, for grep and awk: `.resources.'fs#1'.status = up`. Steps are
 * `.key` and `[index]`; a key that is no plain word is quoted, so that no two leaves share a path.
 * Texts are not quoted; an empty list or object is a leaf of its own.
 */
export function renderFlatJson(value: unknown): string {
  const lines: string[] = [];
  addLeaves(sorted(value), '', lines);
  return lines.map((line) => `${line}\n`).join('');
}

function addLeaves(value: unknown, path: string, lines: string[]): void {
  if (Array.isArray(value)) {
    if (value.length === 0) lines.push(`${path || '.'} = []`);
    value.forEach((item, index) => {
      addLeaves(item, `${path}[${index}]`, lines);
    });
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    if (entries.length === 0) lines.push(`${path || '.'} = {}`);
    for (const [key, item] of entries) addLeaves(item, `${path}.${stepOf(key)}`, lines);
  } else {
    lines.push(`${path || '.'} = ${escapeControls(String(value))}`);
  }
}

function stepOf(key: string): string {
  if (/^[\w@-]+$/.test(key)) return key;
  return `'${escapeControls(key.replaceAll('\\', '\\\\').replaceAll("'", "\\'"))}'`;
}
