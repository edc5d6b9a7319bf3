import { AgentError } from '../errors/agent-error.js';

const blanks = ' \t\r\n';

/**
 * Splits a command line as a POSIX shell does, without expanding anything: blanks and newlines
 * separate, quotes and backslashes protect, a backslash before a newline joins the lines.
 *
 * @throws AgentError `E_VALUE` for a quote that is not closed or a trailing backslash
 */
export function splitShellWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let open = false;
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at++);
    if (blanks.includes(character)) {
      if (open) words.push(word);
      word = '';
      open = false;
    } else if (character === "'") {
      const close = text.indexOf("'", at);
      if (close === -1) throw unclosed('quote', at);
      word += text.slice(at, close);
      at = close + 1;
      open = true;
    } else if (character === '"') {
      const quoted = readDoubleQuoted(text, at);
      word += quoted.word;
      at = quoted.end;
      open = true;
    } else if (character === '\\') {
      if (at === text.length) throw unclosed('backslash', at);
      const next = text.charAt(at++);
      if (next === '\n') continue;
      word += next;
      open = true;
    } else {
      word += character;
      open = true;
    }
  }
  if (open) words.push(word);
  return words;
}

/** As `splitShellWords`, then spells joined one-letter options out: `-it` becomes `-i` `-t`. */
export function splitExpandedShellWords(text: string): string[] {
  return splitShellWords(text).flatMap((word) =>
    /^-[A-Za-z]{2,}$/.test(word) ? [...word.slice(1)].map((letter) => `-${letter}`) : [word],
  );
}

/** Writes a word so that a shell, and `splitShellWords`, read it back as one word. */
export function quoteShellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'"'"'`)}'`;
}

export function quoteShellWords(words: readonly string[]): string {
  return words.map(quoteShellWord).join(' ');
}

function readDoubleQuoted(text: string, start: number): { word: string; end: number } {
  let word = '';
  let at = start;
  while (at < text.length) {
    const character = text.charAt(at++);
    if (character === '"') return { word, end: at };
    const next = text.charAt(at);
    if (character === '\\' && next !== '' && '$`"\\\n'.includes(next)) {
      if (next !== '\n') word += next;
      at++;
    } else {
      word += character;
    }
  }
  throw unclosed('quote', start);
}

function unclosed(what: string, at: number): AgentError {
  const fact =
    what === 'quote' ? `the quote at character ${at} is not closed` : 'a trailing backslash';
  return new AgentError('E_VALUE', fact, {
    exit: 'config',
    remedy: 'close the quote, or protect it with a backslash',
  });
}
