import { AgentError } from '../errors/agent-error.js';
import { textOfExpression } from './expression.js';
import { type IniFile, type IniLine, scanIni } from './ini.js';
import { findKeyword, type KeywordTable } from './keyword.js';
import { baseKey } from './keyword-path.js';
import { splitShellWords } from './shlex.js';
import type { Evaluator } from './values.js';

/** The keywords of a section, as far as they are known. */
export type TableOf = (section: string) => KeywordTable | undefined;

export const mask = '*****';

const telling = /passw|passphrase|secret|token|private_?key|credential|api_?key/;

/**
 * Whether a keyword holds a secret: as its table says, and by its name where no table knows it.
 */
export function isSecretKey(key: string, table: KeywordTable | undefined): boolean {
  const base = baseKey(key);
  const keyword = table && findKeyword([table], base)?.keyword;
  return keyword ? keyword.secret === true : telling.test(base);
}

/** The secret values of a configuration as written, for those who must never show them. */
export function secretValues(ini: IniFile, tableOf: TableOf): string[] {
  const values = ini.sections.flatMap(({ name, entries }) =>
    entries.filter(({ key }) => isSecretKey(key, tableOf(name))).map(({ value }) => value),
  );
  return [...new Set(values)].filter((value) => value !== '');
}

/**
 * The secrets of a configuration as programs get them and logs would show them: references evaluated,
 * and the values of words such as `DB_PASSWORD=…` and `--password …` inside of other keywords.
 */
export function secretTexts(evaluator: Evaluator, tableOf: TableOf): string[] {
  const found = evaluator.ini.sections.flatMap(({ name, entries }) => {
    const table = tableOf(name);
    return entries.flatMap(({ key, value }) => {
      const isSecret = isSecretKey(key, table);
      if (!isSecret && !tellingWord.test(value)) return [];
      const text = evaluated(evaluator, value, name);
      return isSecret ? partsOf(text) : valuesOfTellingWords(text);
    });
  });
  return [...new Set(found)].filter((text) => text !== '');
}

const tellingWord = new RegExp(`${telling.source}|creds\\b`, 'i');

function evaluated({ evaluate }: Evaluator, text: string, section: string): string {
  try {
    return textOfExpression(evaluate(text, section, true).value);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return text;
  }
}

/** A whole secret, and what of it may be shown alone: its lines, its words, their values. */
function partsOf(text: string): string[] {
  const words = text.split(/\s+/);
  return [text, ...words, ...words.map((word) => word.slice(word.indexOf('=') + 1))];
}

/** `NAME=VALUE`, `--name=VALUE` and `--name VALUE`, where the name tells that the value is secret. */
function valuesOfTellingWords(text: string): string[] {
  const words = wordsOf(text);
  return words.flatMap((word, at) => {
    const equal = word.indexOf('=');
    const name = equal === -1 ? word : word.slice(0, equal);
    if (!tellingWord.test(name) || /[_-](file|path|dir)$/i.test(name)) return [];
    const value = equal !== -1 ? word.slice(equal + 1) : name.startsWith('-') ? words[at + 1] : '';
    // Credentials are `user:password`.
    return [value ?? '', ...(/creds$/i.test(name) ? [value?.split(':').at(-1) ?? ''] : [])];
  });
}

function wordsOf(text: string): string[] {
  try {
    return splitShellWords(text);
  } catch {
    return text.split(/\s+/); // a quote of a shell that is left open here
  }
}

/** Masks every occurrence of the secrets in a text, longest first. */
export function maskValues(text: string, secrets: readonly string[]): string {
  return [...secrets]
    .filter((secret) => secret !== '')
    .sort((a, b) => b.length - a.length)
    .reduce((current, secret) => current.replaceAll(secret, mask), text);
}

/**
 * A configuration text with its secret values masked, also where they were commented out or stand
 * on a line that does not parse. Everything else stays.
 */
export function maskConfig(text: string, tableOf: TableOf): string {
  let result = '';
  let done = 0;
  let inside = false;
  for (const line of scanIni(text)) {
    const start = secretStart(text, line, inside, tableOf);
    if (line.kind === 'key' || line.kind === 'bad') inside = start !== undefined;
    if (line.kind === 'header') inside = false;
    if (start === undefined || start >= line.end) continue;
    result += text.slice(done, start) + mask;
    done = line.end;
  }
  return result + text.slice(done);
}

/** Where the secret of a line starts, undefined when it has none. */
function secretStart(
  text: string,
  line: IniLine,
  inside: boolean,
  tableOf: TableOf,
): number | undefined {
  if (line.kind === 'header' || line.kind === 'blank') return undefined;
  if (line.kind === 'more' || line.kind === 'lost') return inside ? line.valueStart : undefined;
  const table = line.section === undefined ? undefined : tableOf(line.section);
  if (line.kind === 'key') {
    const secret = isSecretKey(text.slice(line.start, line.keyEnd), table);
    return secret && line.valueEnd > line.valueStart ? line.valueStart : undefined;
  }
  const body = text.slice(line.start, line.end);
  const match = /^[\s#;]*([^\s=:#;][^\s=:]*)[\s=:]+\S/.exec(body);
  if (!match || !isSecretKey(match[1] ?? '', table)) return undefined;
  return line.start + match[0].length - 1;
}
