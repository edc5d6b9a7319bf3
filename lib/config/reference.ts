import { AgentError } from '../errors/agent-error.js';
import {
  type ExpressionValue,
  endOfExpression,
  evaluateExpression,
  textOfExpression,
} from './expression.js';

/** References nested or following each other deeper than this are a circle. */
export const maxReferenceDepth = 20;

/** Longest text that an evaluation may give. */
const maxEvaluatedLength = 1 << 20;

const maxTokenLength = 256;

const modifiers = ['upper', 'lower', 'capitalize', 'title', 'swapcase'] as const;

type Modifier = (typeof modifiers)[number];

/** What `{ … }` asks for. */
export interface Reference {
  /** As written, without the braces. */
  readonly token: string;
  readonly modifier: Modifier | undefined;
  /** The number of words is asked for, not the words. */
  readonly count: boolean;
  /** One word is asked for; negative ones count from the end. */
  readonly index: number | undefined;
  readonly section: string | undefined;
  readonly key: string;
}

/** The answer to a reference: a text, nothing yet, or undefined when there is no such thing. */
export type Resolution = { readonly text: string } | 'deferred' | undefined;

export interface ExpandOptions {
  readonly resolve: (reference: Reference) => Resolution;
  /** The text is a command: what means nothing to us stays as it is. */
  readonly command: boolean;
  /** Pays for work in characters; throws when a file asks for too much. */
  readonly spend: (characters: number) => void;
}

export interface Expansion {
  /** A number or boolean only when the whole text is one expression. */
  readonly value: ExpressionValue;
  /** References that have no value before the resources are built; they stand for nothing. */
  readonly deferred: readonly string[];
}

/**
 * Evaluates a raw value: references, then `$( … )`, then references again.
 *
 * @throws AgentError `E_REFERENCE` or `E_EXPRESSION`
 */
export function expandText(text: string, options: ExpandOptions): Expansion {
  if (!text.includes('{') && !text.includes('$(')) return { value: checked(text), deferred: [] };
  const deferred: string[] = [];
  const first = expandReferences(text, options, deferred);
  if (!first.includes('$(')) return { value: checked(first), deferred };
  const value = expandExpressions(first, options);
  if (typeof value !== 'string') return { value, deferred };
  return { value: checked(expandReferences(value, options, deferred)), deferred };
}

/** Reads the inside of the braces, or undefined when it has no meaning. */
export function parseReference(token: string): Reference | undefined {
  const colon = token.indexOf(':');
  const modifier = modifiers.find((word) => token.slice(0, colon) === word);
  let rest = modifier === undefined ? token : token.slice(colon + 1);
  const indexed = /\[(-?\d{1,6})\]$/.exec(rest);
  if (indexed) rest = rest.slice(0, indexed.index);
  let count = rest.startsWith('#');
  if (count) rest = rest.slice(1);
  const dot = rest.indexOf('.');
  let key = dot === -1 ? rest : rest.slice(dot + 1);
  if (dot !== -1 && key.startsWith('#')) {
    count = true;
    key = key.slice(1);
  }
  if (key === '' || dot === 0 || /[[\]]/.test(rest)) return undefined;
  return {
    token,
    modifier,
    count,
    index: indexed ? Number(indexed[1]) : undefined,
    section: dot === -1 ? undefined : rest.slice(0, dot),
    key,
  };
}

/** Replaces references, inner ones first, until nothing changes. */
function expandReferences(text: string, options: ExpandOptions, deferred: string[]): string {
  let current = text;
  for (let depth = 0; current.includes('{'); depth++) {
    if (depth > maxReferenceDepth)
      throw referenceError(text, 'references follow each other in a circle');
    options.spend(current.length);
    const next = expandOnce(current, options, deferred);
    if (next === undefined) break;
    current = checked(next);
  }
  return current;
}

/** Replaces the innermost references; undefined when there is none. */
function expandOnce(text: string, options: ExpandOptions, deferred: string[]): string | undefined {
  let result = '';
  let done = 0;
  for (let open = text.indexOf('{'); open !== -1; open = text.indexOf('{', open + 1)) {
    const close = endOfToken(text, open + 1);
    if (close === -1) continue;
    const token = text.slice(open + 1, close);
    const replaced = replacement(token, options, deferred);
    if (replaced === undefined) continue;
    options.spend(replaced.length + 1);
    result += text.slice(done, open) + replaced;
    done = close + 1;
    checked(result);
  }
  return done === 0 ? undefined : result + text.slice(done);
}

/** The text for a token, or undefined when it stays. */
function replacement(
  token: string,
  { resolve, command }: ExpandOptions,
  deferred: string[],
): string | undefined {
  const reference = parseReference(token);
  const resolution = reference && resolve(reference);
  if (!reference || resolution === undefined) {
    if (command) return undefined;
    throw referenceError(token, 'there is no such section or keyword');
  }
  if (resolution === 'deferred') {
    deferred.push(token);
    return '';
  }
  return modified(reference, resolution.text);
}

function modified({ token, count, index, modifier }: Reference, text: string): string {
  const words = (): string[] => text.split(/\s+/).filter((word) => word !== '');
  if (count) return String(words().length);
  let value = text;
  if (index !== undefined) {
    const list = words();
    const word = list.at(index);
    if (word === undefined) throw referenceError(token, `there are only ${list.length} words`);
    value = word;
  }
  if (modifier === 'upper') return value.toUpperCase();
  if (modifier === 'lower') return value.toLowerCase();
  if (modifier === 'capitalize') return capitalised(value);
  if (modifier === 'title') return value.replace(/\p{L}+/gu, capitalised);
  if (modifier === 'swapcase') return swapped(value);
  return value;
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();
}

function swapped(text: string): string {
  return text.replace(/\p{L}/gu, (letter) =>
    letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
  );
}

/** Offset of the brace that closes a token starting at `start`, -1 when this is no token. */
function endOfToken(text: string, start: number): number {
  const limit = Math.min(text.length, start + maxTokenLength);
  for (let at = start; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === 125) return at > start ? at : -1;
    if (isWordCode(code)) continue;
    if (at === start) return -1;
    const minus = code === 45 && text[at - 1] === '[';
    // The first character of a token is a word character or #; later ones may also be . [ ] : /
    if (!minus && !(code === 46 || code === 91 || code === 93 || code === 58 || code === 47))
      return -1;
  }
  return -1;
}

function isWordCode(code: number): boolean {
  return (
    (code >= 48 && code <= 57) ||
    (code >= 65 && code <= 90) ||
    (code >= 97 && code <= 122) ||
    code === 95 ||
    code === 35
  );
}

function expandExpressions(text: string, { command, spend }: ExpandOptions): ExpressionValue {
  spend(text.length);
  const whole = text.trim();
  if (whole.startsWith('$(') && endOfExpression(whole, 0) === whole.length) {
    const value = evaluated(whole.slice(2, -1), command);
    if (value !== undefined) return value;
  }
  let result = '';
  let done = 0;
  for (let open = text.indexOf('$('); open !== -1; ) {
    const end = endOfExpression(text, open);
    if (end === -1) {
      if (command) break;
      throw new AgentError('E_EXPRESSION', 'an expression $( is not closed', { exit: 'config' });
    }
    const value = evaluated(text.slice(open + 2, end - 1), command);
    if (value !== undefined) {
      result += text.slice(done, open) + textOfExpression(value);
      done = end;
      checked(result);
    }
    open = text.indexOf('$(', end);
  }
  return result + text.slice(done);
}

/** The value of an expression, or undefined when a command keeps it for the shell. */
function evaluated(source: string, command: boolean): ExpressionValue | undefined {
  try {
    const { value, trivial } = evaluateExpression(source);
    return command && trivial ? undefined : value;
  } catch (error) {
    if (command && error instanceof AgentError && error.code === 'E_EXPRESSION') return undefined;
    throw error;
  }
}

function checked(text: string): string {
  if (text.length <= maxEvaluatedLength) return text;
  throw new AgentError('E_REFERENCE', 'the evaluated value is longer than 1 MiB', {
    exit: 'config',
  });
}

export function referenceError(token: string, reason: string): AgentError {
  const shown = token.length > 60 ? `${token.slice(0, 60)}…` : token;
  const braced = shown.startsWith('{') ? shown : `{${shown}}`;
  return new AgentError('E_REFERENCE', `${braced}: ${reason}`, {
    exit: 'config',
    remedy: 'name an existing section and keyword',
  });
}
