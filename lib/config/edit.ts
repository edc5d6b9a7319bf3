import { AgentError } from '../errors/agent-error.js';
import { type IniLine, parseIni, scanIni } from './ini.js';

/** One change of a configuration text. */
export type IniEdit =
  | { readonly op: 'set'; readonly section: string; readonly key: string; readonly value: string }
  | { readonly op: 'unset'; readonly section: string; readonly key: string }
  | { readonly op: 'remove'; readonly section: string };

/**
 * Applies changes in order. Comments, order, blank lines, line ends and everything the changes are
 * not about stay byte for byte; the same text comes back when nothing has to change.
 *
 * @throws AgentError `E_CONFIG_VALUE`, see `setValue`
 */
export function applyEdits(text: string, edits: readonly IniEdit[]): string {
  return edits.reduce((current, edit) => {
    if (edit.op === 'set') return setValue(current, edit.section, edit.key, edit.value);
    if (edit.op === 'unset') return unsetKey(current, edit.section, edit.key);
    return removeSection(current, edit.section);
  }, text);
}

/**
 * Sets a keyword. The line that holds it keeps its spelling and its inline comment; later lines
 * with the same keyword go. A new keyword follows the last line of its section, a new section ends
 * the file. Lines of the value are trimmed and empty ones dropped, as the reader does.
 *
 * @throws AgentError `E_CONFIG_VALUE` when the file format cannot say this
 */
export function setValue(text: string, section: string, key: string, value: string): string {
  const wanted = normalise(value);
  checkWritable(section, key, wanted);
  const lines = [...scanIni(text)];
  const found = keyLines(text, lines, section, key);
  const current = parseIni(text).byName.get(section)?.byKey.get(key.toLowerCase())?.value;
  if (current === wanted) return text;

  const feed = text.charAt(text.indexOf('\n') - 1) === '\r' ? '\r\n' : '\n';
  const [first, ...more] = wanted === '' ? ['""'] : wanted.split('\n');
  const tail = more.map((line) => `\t${line}${feed}`).join('');

  const [target] = found;
  if (target) {
    const head = text.slice(target.start, target.valueStart);
    const gap = target.valueStart === target.valueEnd && !/[ \t]$/.test(head) ? ' ' : '';
    const comment = trimEnd(text.slice(target.valueEnd, target.end));
    return splice(text, [
      { ...cut(target), by: `${head}${gap}${first}${comment}${feed}${tail}` },
      ...found.slice(1).map(cut),
      ...found.flatMap((line) => continuation(lines, line).map(cut)),
    ]);
  }

  const written = `${key} = ${first}${feed}${tail}`;
  const after = lastLineOf(lines, section);
  if (after) {
    const ended = text[after.next - 1] === '\n' ? '' : feed;
    return splice(text, [{ start: after.next, end: after.next, by: `${ended}${written}` }]);
  }
  const last = lines.at(-1);
  const ended = last === undefined || text[last.next - 1] === '\n' ? '' : feed;
  const gap = last === undefined || last.kind === 'blank' ? '' : feed;
  return `${text}${ended}${gap}[${section}]${feed}${written}`;
}

/** Removes a keyword with its continuation lines wherever the section holds it. */
export function unsetKey(text: string, section: string, key: string): string {
  const lines = [...scanIni(text)];
  const found = keyLines(text, lines, section, key);
  return splice(text, found.flatMap((line) => [line, ...continuation(lines, line)]).map(cut));
}

/** Removes a section, also where it is repeated, each time up to what belongs to the next header. */
export function removeSection(text: string, section: string): string {
  const lines = [...scanIni(text)];
  return splice(
    text,
    headersOf(lines, section).map((index) => ({
      start: lines[index]?.start ?? 0,
      end: lines[ownEnd(lines, index)]?.start ?? text.length,
      by: '',
    })),
  );
}

interface Change {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

function cut(line: IniLine): Change {
  return { start: line.start, end: line.next, by: '' };
}

function splice(text: string, changes: readonly Change[]): string {
  let result = '';
  let done = 0;
  for (const { start, end, by } of [...changes].sort((a, b) => a.start - b.start)) {
    result += text.slice(done, start) + by;
    done = end;
  }
  return done === 0 ? text : result + text.slice(done);
}

function keyLines(text: string, lines: readonly IniLine[], section: string, key: string) {
  const lower = key.toLowerCase();
  return lines.filter(
    (line) =>
      line.kind === 'key' &&
      line.section === section &&
      text.slice(line.start, line.keyEnd).toLowerCase() === lower,
  );
}

/** The continuation lines of a key; comments and blank lines between them are not part of it. */
function continuation(lines: readonly IniLine[], key: IniLine): IniLine[] {
  const found: IniLine[] = [];
  for (let at = key.number; at < lines.length; at++) {
    const line = lines[at];
    if (line?.kind === 'more') found.push(line);
    else if (line?.kind !== 'blank' && line?.kind !== 'comment') break;
  }
  return found;
}

function headersOf(lines: readonly IniLine[], section: string): number[] {
  return lines.flatMap((line, index) =>
    line.kind === 'header' && line.section === section ? [index] : [],
  );
}

/**
 * Index after the last line of the section opened at `header`. A block of comments that touches the
 * next header, with a blank line above, is the heading of that one.
 */
function ownEnd(lines: readonly IniLine[], header: number): number {
  const next = lines.findIndex((line, index) => index > header && line.kind === 'header');
  if (next === -1) return lines.length;
  let at = next;
  while (lines[at - 1]?.kind === 'comment') at--;
  return lines[at - 1]?.kind === 'blank' ? at : next;
}

/** The last line of the section that is not blank, or undefined without such a section. */
function lastLineOf(lines: readonly IniLine[], section: string): IniLine | undefined {
  const [header] = headersOf(lines, section);
  if (header === undefined) return undefined;
  let at = ownEnd(lines, header);
  while (lines[at - 1]?.kind === 'blank') at--;
  return lines[at - 1];
}

function normalise(value: string): string {
  const lines = value
    .split(/\r?\n/)
    .map(trimBlanks)
    .filter((line) => line !== '');
  const text = lines.join('\n');
  return text === '""' ? '' : text;
}

function trimBlanks(line: string): string {
  let start = 0;
  while (isBlank(line[start])) start++;
  return trimEnd(line.slice(start));
}

/** Unlike `String.trimEnd` it takes blanks and tabs only: the text may be bytes, see `file.ts`. */
function trimEnd(line: string): string {
  let end = line.length;
  while (isBlank(line[end - 1])) end--;
  return line.slice(0, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

/** Asks the reader whether it would give back what is going to be written. */
function checkWritable(section: string, key: string, value: string): void {
  const written = value === '' ? '""' : value.replaceAll('\n', '\n\t');
  const { problems, sections } = parseIni(`[${section}]\n${key} = ${written}`);
  const [only] = sections;
  const [entry] = only?.entries ?? [];
  const same = only?.name === section && entry?.key === key && entry.value === value;
  if (same && problems.length === 0 && sections.length === 1 && only.entries.length === 1) return;
  throw new AgentError('E_CONFIG_VALUE', `${section}.${key}: the file format cannot hold this`, {
    exit: 'config',
    remedy:
      'leave out control characters, a semicolon after a blank, lines that start with # or ;, and = or : in a keyword',
  });
}
