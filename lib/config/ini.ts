import { isUtf8 } from 'node:buffer';

/** Larger files are refused as a whole. */
export const maxIniBytes = 4 << 20;

const maxProblems = 100;

export interface IniEntry {
  /** As written, with its `@scope`. */
  readonly key: string;
  /** Without inline comments; continuation lines follow a newline character. */
  readonly value: string;
  /** Of the key, counted from 1. */
  readonly line: number;
}

export interface IniSection {
  readonly name: string;
  /** Of the first header. */
  readonly line: number;
  /** In file order; a repeated key stands where it was first written, with its last value. */
  readonly entries: readonly IniEntry[];
  /** The same entries by lower-cased key. */
  readonly byKey: ReadonlyMap<string, IniEntry>;
  /** Some key of it is for certain nodes only: `dev@node1`. */
  readonly hasScopes: boolean;
  /** A problem touches this section: its other entries are readable, but it must not be used. */
  readonly broken: boolean;
}

export interface IniProblem {
  readonly line: number;
  readonly column: number;
  /** The section it disables; none when it stands before the first header. */
  readonly section?: string;
  readonly message: string;
}

export interface IniFile {
  /** In file order of their first header. */
  readonly sections: readonly IniSection[];
  readonly byName: ReadonlyMap<string, IniSection>;
  /** At most a hundred; the sections they disable are all marked. */
  readonly problems: readonly IniProblem[];
}

/**
 * Reads a configuration file as far as it can be read. It never throws: what is wrong becomes a
 * problem with its place, and disables the section around it and nothing else. Time is linear in
 * the length of the input.
 */
export function parseIni(input: string | Uint8Array): IniFile {
  const length = typeof input === 'string' ? input.length : input.byteLength;
  if (length > maxIniBytes) {
    const message = `the file is larger than ${maxIniBytes >> 20} MiB`;
    return { sections: [], byName: new Map(), problems: [{ line: 1, column: 1, message }] };
  }
  const { text, badLines } = typeof input === 'string' ? { text: input } : decode(input);
  const sections = new Map<string, Draft>();
  const problems: IniProblem[] = [];
  let parts: string[] | undefined;

  for (const line of scanIni(text)) {
    const draft = line.section === undefined ? undefined : sections.get(line.section);
    const bad = badText(text, line, badLines) ?? line.problem;
    if (line.kind === 'header' && line.section !== undefined && !draft) {
      sections.set(line.section, {
        name: line.section,
        line: line.number,
        entries: new Map(),
        broken: bad !== undefined,
      });
    } else if (draft && bad) {
      draft.broken = true;
    }
    if (bad) {
      const where = line.section === undefined ? {} : { section: line.section };
      if (problems.length < maxProblems) problems.push({ line: line.number, ...bad, ...where });
      if (line.kind !== 'more') parts = undefined;
      continue;
    }
    if (line.kind === 'header') parts = undefined;
    if (line.kind === 'key' && draft) {
      parts = [text.slice(line.valueStart, line.valueEnd)];
      const entry = { key: text.slice(line.start, line.keyEnd), parts, line: line.number };
      draft.entries.set(entry.key.toLowerCase(), entry);
    }
    if (line.kind === 'more') parts?.push(text.slice(line.valueStart, line.valueEnd));
  }
  return finish(sections, problems);
}

/** One line of the text with the offsets of its parts; `end` is before the line break. */
export interface IniLine {
  /** `more` continues a key, `lost` a line that was refused. */
  readonly kind: 'blank' | 'comment' | 'header' | 'key' | 'more' | 'bad' | 'lost';
  readonly number: number;
  readonly start: number;
  readonly end: number;
  /** Start of the next line. */
  readonly next: number;
  /** The section it stands in; of a header, the one it opens. */
  readonly section: string | undefined;
  /** Of a key: end of its name. */
  readonly keyEnd: number;
  /** Of a key or continuation: the value, without blanks around it and without inline comment. */
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly problem: LineProblem | undefined;
}

/** Splits a text into classified lines. The reader and the editor agree because both use this. */
export function* scanIni(text: string): Generator<IniLine> {
  let section: string | undefined;
  /** What an indented line belongs to: a key, a line that was refused, or nothing. */
  let owner: 'key' | 'refused' | 'none' = 'none';
  let number = 0;
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (start < text.length) {
    number++;
    const feed = text.indexOf('\n', start);
    const next = feed === -1 ? text.length : feed + 1;
    const limit = feed === -1 ? text.length : feed;
    const end = limit > start && text.charCodeAt(limit - 1) === 13 ? limit - 1 : limit;
    const first = skipBlanks(text, start, end);
    const sign = text.charCodeAt(first);
    let kind: IniLine['kind'] = 'blank';
    let keyEnd = first;
    let valueStart = first;
    let valueStop = end;
    let problem: LineProblem | undefined;
    if (first === end) {
      kind = 'blank';
    } else if (sign === hash || sign === semicolon) {
      kind = 'comment';
    } else if (first > start && owner === 'none') {
      kind = 'bad';
      problem = {
        column: first - start + 1,
        message: 'an indented line continues a value, but no keyword precedes it',
      };
    } else if (first > start) {
      kind = owner === 'key' ? 'more' : 'lost';
      valueStop = valueEnd(text, start, end);
    } else if (sign === openBracket) {
      const header = readHeader(text, start, end);
      kind = 'header';
      section = header.name;
      problem = header.problem;
      owner = problem ? 'refused' : 'none';
    } else {
      const delimiter = findDelimiter(text, start, end);
      problem = problemOfKey(start, delimiter, section);
      kind = problem ? 'bad' : 'key';
      owner = problem ? 'refused' : 'key';
      if (!problem) {
        keyEnd = trimEnd(text, start, delimiter);
        valueStop = valueEnd(text, delimiter + 1, end);
        valueStart = Math.min(skipBlanks(text, delimiter + 1, end), valueStop);
      }
    }
    // One shape for every line: a file may have millions.
    yield {
      kind,
      number,
      start,
      end,
      next,
      section,
      keyEnd,
      valueStart,
      valueEnd: valueStop,
      problem,
    };
    start = next;
  }
}

interface LineProblem {
  readonly column: number;
  readonly message: string;
}

const hash = 35;
const semicolon = 59;
const openBracket = 91;

interface Draft {
  readonly name: string;
  readonly line: number;
  readonly entries: Map<string, { key: string; parts: string[]; line: number }>;
  broken: boolean;
}

function finish(drafts: Map<string, Draft>, problems: IniProblem[]): IniFile {
  const byName = new Map<string, IniSection>();
  for (const { name, line, entries, broken } of drafts.values()) {
    const byKey = new Map<string, IniEntry>();
    for (const [lower, { key, parts, line }] of entries) {
      const value = parts.length === 1 ? parts[0] : parts.filter((part) => part !== '').join('\n');
      byKey.set(lower, { key, value: value === '""' ? '' : (value ?? ''), line });
    }
    const hasScopes = [...byKey.keys()].some((key) => key.includes('@'));
    byName.set(name, { name, line, entries: [...byKey.values()], byKey, hasScopes, broken });
  }
  return { sections: [...byName.values()], byName, problems };
}

function decode(bytes: Uint8Array): { text: string; badLines?: ReadonlySet<number> } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return { text: buffer.toString('utf8') };
  const badLines = new Set<number>();
  let number = 0;
  for (let start = 0; start < buffer.length; ) {
    number++;
    const feed = buffer.indexOf(10, start);
    const next = feed === -1 ? buffer.length : feed + 1;
    if (!isUtf8(buffer.subarray(start, next))) badLines.add(number);
    start = next;
  }
  return { text: buffer.toString('utf8'), badLines };
}

/** What makes a line unreadable whatever it says. What is not read may hold anything. */
function badText(
  text: string,
  line: IniLine,
  badLines: ReadonlySet<number> | undefined,
): LineProblem | undefined {
  if (line.kind === 'blank' || line.kind === 'comment' || line.kind === 'lost') return undefined;
  for (let at = line.start; at < line.end; at++) {
    if (isControl(text.charCodeAt(at))) {
      return { column: at - line.start + 1, message: 'control character' };
    }
  }
  return badLines?.has(line.number) ? { column: 1, message: 'not valid UTF-8' } : undefined;
}

function readHeader(
  text: string,
  start: number,
  end: number,
): { name: string; problem?: LineProblem } {
  const whole = trimEnd(text, start, end);
  const stop =
    text[whole - 1] === ']' ? whole : trimEnd(text, start, findComment(text, start, end));
  const close = start + text.slice(start, stop).lastIndexOf(']');
  const unclosed = close <= start;
  const name = text.slice(start + 1, unclosed ? stop : close);
  const problem = unclosed
    ? { column: stop - start + 1, message: 'the section header has no closing bracket' }
    : close !== stop - 1
      ? { column: close - start + 2, message: 'text after the section header' }
      : name === ''
        ? { column: 2, message: 'the section has no name' }
        : undefined;
  return problem ? { name, problem } : { name };
}

function problemOfKey(
  start: number,
  delimiter: number,
  section: string | undefined,
): LineProblem | undefined {
  if (delimiter === -1)
    return { column: 1, message: 'neither a section, nor a keyword with = or :' };
  if (delimiter === start) return { column: 1, message: 'no keyword before the delimiter' };
  if (section === undefined) return { column: 1, message: 'a keyword before the first section' };
  return undefined;
}

function findDelimiter(text: string, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === 61 || code === 58) return at;
  }
  return -1;
}

/** End of a value that starts somewhere after `start`: before its inline comment and blanks. */
function valueEnd(text: string, start: number, end: number): number {
  return trimEnd(text, start, findComment(text, start, end));
}

/** Offset of the first `;` with a blank on its left, or `end`. */
function findComment(text: string, start: number, end: number): number {
  for (let at = start + 1; at < end; at++) {
    if (text.charCodeAt(at) === semicolon && isBlank(text.charCodeAt(at - 1))) return at;
  }
  return end;
}

function skipBlanks(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isBlank(text.charCodeAt(at))) at++;
  return at;
}

function trimEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(text.charCodeAt(at - 1))) at--;
  return at;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

function isControl(code: number): boolean {
  return (code < 32 && code !== 9) || code === 127;
}
