import { type IniFile, type IniLine, scanIni } from './ini.js';
import { findKeyword, type KeywordTable } from './keyword.js';
import { baseKey } from './keyword-path.js';

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
