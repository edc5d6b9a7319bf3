import { AgentError } from '../errors/agent-error.js';
import { type DurationUnit, formatDuration, inUnit, parseDuration } from '../units/duration.js';
import { parseSize, parseSizeShare } from '../units/size.js';
import { parseSpeed } from '../units/speed.js';
import { globMatches, isGlob } from './glob.js';
import type { Keyword, Kind, KindTypes } from './keyword.js';
import { splitExpandedShellWords, splitShellWords } from './shlex.js';

/** A node that a `nodes_selector` can choose. */
export interface KnownNode {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface ConvertOptions {
  /** What a bare number counts in a duration; default seconds. */
  readonly unit?: DurationUnit;
  /** Nodes that globs and labels are matched against; without them words pass as they are. */
  readonly nodes?: readonly KnownNode[];
  /** Says why a schedule is malformed, or undefined when it is not. */
  readonly checkSchedule?: (text: string) => string | undefined;
}

type Convert<K extends Kind> = (text: string, options: ConvertOptions) => KindTypes[K];

const truths = new Set(['yes', 'y', 'true', 't', '1']);
const falsehoods = new Set(['no', 'n', 'false', 'f', '0', '0.0', '', 'none', '[]', '{}']);
const numberPattern = /^[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:e[+-]?\d{1,3})?$/i;

const sizeForm = 'a size such as 512, 10k, 1.5g or 2t';

/** The converters by kind. Each throws `E_VALUE` for a text it does not accept. */
const converters: { readonly [K in Kind]: Convert<K> } = {
  string: (text) => text,
  lower: (text) => text.toLowerCase(),
  path(text) {
    if (!text.startsWith('/')) throw refused(text, 'an absolute path');
    return text;
  },
  boolean: toBoolean,
  tristate: toBoolean,
  integer: toInteger,
  duration(text, { unit = 's' }) {
    const ms = parseDuration(text, unit);
    if (ms === undefined) {
      throw refused(text, `a duration such as 30s, 5m or 1d12h (a bare number counts ${unit})`);
    }
    return ms;
  },
  size(text) {
    const bytes = parseSize(text);
    if (bytes === undefined) throw refused(text, sizeForm);
    return bytes;
  },
  size_or_share(text) {
    const value = parseSizeShare(text) ?? parseSize(text);
    if (value === undefined) throw refused(text, `${sizeForm}, or a share such as 50%FREE`);
    return value;
  },
  speed_kps(text) {
    const speed = parseSpeed(text);
    if (speed === undefined) throw refused(text, 'a rate such as 512, 10m or 1g/s');
    return speed;
  },
  list: words,
  list_lower: (text) => words(text.toLowerCase()),
  list_comma: (text) =>
    text
      .split(/[,\n]/)
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  set: (text) => [...new Set(words(text))],
  shlex: splitShellWords,
  expanded_shlex: splitExpandedShellWords,
  nodes_selector: selectNodes,
  schedule(text, { checkSchedule }) {
    const reason = checkSchedule?.(text);
    if (reason !== undefined) throw refused(text, 'a schedule', reason);
    return text;
  },
};

/**
 * Converts a text to the type of its kind.
 *
 * @throws AgentError `E_VALUE` naming the value and what is accepted
 */
export function convert<K extends Kind>(
  kind: K,
  text: string,
  options: ConvertOptions = {},
): KindTypes[K] {
  return converters[kind](text, options);
}

/**
 * Converts the text of one keyword and checks it against its candidates. An error shows the value
 * unless it is secret.
 *
 * @throws AgentError `E_VALUE`
 */
export function convertKeyword(
  keyword: Keyword,
  text: string,
  options: ConvertOptions = {},
): KindTypes[Kind] {
  try {
    const unit = keyword.unit === undefined ? {} : { unit: keyword.unit };
    const value = convert(keyword.kind, text, { ...options, ...unit });
    checkCandidates(keyword, value);
    return value;
  } catch (error) {
    if (!keyword.secret || !(error instanceof AgentError)) throw error;
    throw new AgentError('E_VALUE', 'the value is not accepted', { exit: 'config' });
  }
}

/**
 * A converted value as the text that scripts and selectors compare: durations as a number of the
 * keyword's unit, sizes in bytes, lists joined by a blank, nothing for what is unset.
 */
export function textOfValue(
  keyword: Pick<Keyword, 'kind' | 'unit'>,
  value: KindTypes[Kind] | undefined,
): string {
  if (value === undefined || value === null) return '';
  if (keyword.kind === 'duration') return String(inUnit(Number(value), keyword.unit ?? 's'));
  return typeof value === 'object' ? value.join(' ') : String(value);
}

/** A converted value for people: durations as `1h30m`, everything else as `textOfValue`. */
export function displayOfValue(
  keyword: Pick<Keyword, 'kind' | 'unit'>,
  value: KindTypes[Kind] | undefined,
): string {
  return keyword.kind === 'duration' && typeof value === 'number'
    ? formatDuration(value)
    : textOfValue(keyword, value);
}

/** A value as an error may show it: quoted, short, without control characters. */
export function quoteValue(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** Whether a text is one of those that stand for false. */
export function isFalse(text: string): boolean {
  return falsehoods.has(text.trim().toLowerCase());
}

function toBoolean(text: string): boolean {
  if (truths.has(text.trim().toLowerCase())) return true;
  if (isFalse(text)) return false;
  throw refused(text, 'a boolean: yes or no, true or false, 1 or 0');
}

function toInteger(text: string): number {
  const trimmed = text.trim();
  const number = numberPattern.test(trimmed) ? Math.trunc(Number(trimmed)) : Number.NaN;
  const value = Number.isNaN(number) && trimmed !== '' ? parseSize(trimmed) : number;
  if (value === undefined || !Number.isSafeInteger(value)) throw refused(text, 'an integer');
  return value + 0;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function selectNodes(text: string, { nodes }: ConvertOptions): string[] {
  const selected = words(text.toLowerCase()).flatMap((word) => {
    if (!nodes) return [word];
    const equals = word.indexOf('=');
    if (equals > 0) {
      const value = word.slice(equals + 1);
      return namesOf(
        nodes,
        ({ labels }) => labels?.[word.slice(0, equals)]?.toLowerCase() === value,
      );
    }
    return isGlob(word) ? namesOf(nodes, ({ name }) => globMatches(word, name)) : [word];
  });
  return [...new Set(selected)];
}

function namesOf(nodes: readonly KnownNode[], chosen: (node: KnownNode) => boolean): string[] {
  return nodes.filter(chosen).map(({ name }) => name);
}

function checkCandidates(keyword: Keyword, value: KindTypes[Kind]): void {
  const { candidates, strict } = keyword;
  if (!strict || !candidates || value === null) return;
  const given = typeof value === 'object' ? value : [textOfValue(keyword, value)];
  const stranger = given.find((word) => !candidates.includes(word));
  if (stranger !== undefined) throw refused(stranger, `one of ${candidates.join(', ')}`);
}

function refused(text: string, accepted: string, reason?: string): AgentError {
  const why = reason === undefined ? '' : `: ${reason}`;
  return new AgentError('E_VALUE', `${quoteValue(text)} is not ${accepted}${why}`, {
    exit: 'config',
    remedy: `write ${accepted}`,
  });
}
