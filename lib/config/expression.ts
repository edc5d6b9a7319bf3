import { AgentError } from '../errors/agent-error.js';
import { quoteValue } from './convert.js';

/** The result of an expression, with its type. */
export type ExpressionValue = string | number | boolean;

export interface Expression {
  readonly value: ExpressionValue;
  /** The expression is one word or text and computes nothing. */
  readonly trivial: boolean;
}

const maxLength = 64 << 10;
const maxDepth = 64;
const maxText = 1 << 20;

/**
 * Evaluates the inside of `$( … )`: numbers, quoted texts, bare words, `+ - * / // % ** ^ | &`,
 * comparisons, `in`, `and or not`, parentheses and tuples. Nothing is executed; depth, numbers and
 * texts are bounded, so that no expression takes long.
 *
 * @throws AgentError `E_EXPRESSION`
 */
export function evaluateExpression(source: string): Expression {
  if (source.length > maxLength) throw expressionError(source, 'it is too long');
  const parser = createParser(source, tokensOf(source));
  const value = parser.parse();
  if (Array.isArray(value)) throw expressionError(source, 'a list is no value');
  return { value, trivial: parser.trivial() };
}

/** A result as text: whole numbers without decimals, booleans as `true` and `false`. */
export function textOfExpression(value: ExpressionValue): string {
  return String(value);
}

/**
 * End of the expression that starts with `$(` at `start`: after the parenthesis that closes it,
 * quotes considered; -1 when it is not closed.
 */
export function endOfExpression(text: string, start: number): number {
  let depth = 0;
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '(') depth++;
    if (character === ')' && --depth === 0) return at + 1;
    if (character === "'" || character === '"') {
      const close = text.indexOf(character, at + 1);
      if (close === -1) return -1;
      at = close;
    }
  }
  return -1;
}

type Value = ExpressionValue | Value[];

interface Token {
  readonly kind: 'number' | 'text' | 'word' | 'sign' | 'end';
  readonly text: string;
}

const signs = ['**', '//', '==', '!=', '<=', '>=', ...'+-*/%^|&<>(),'];
const comparisons = ['==', '!=', '<', '<=', '>', '>='];

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  const pattern =
    /\s*(?:(\d{1,40}(?:\.\d{0,40})?(?:e[+-]?\d{1,3})?|\.\d{1,40}(?:e[+-]?\d{1,3})?)(?![\w.])|([\p{L}_][\w\p{L}]*)|'([^']*)'|"([^"]*)")/iuy;
  let at = 0;
  while (at < source.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) {
      const [, number, word, single, double] = match;
      if (number !== undefined) tokens.push({ kind: 'number', text: number });
      else if (word !== undefined) tokens.push({ kind: 'word', text: word });
      else tokens.push({ kind: 'text', text: single ?? double ?? '' });
      at = pattern.lastIndex;
      continue;
    }
    while (/\s/.test(source.charAt(at))) at++;
    if (at === source.length) break;
    const sign = signs.find((candidate) => source.startsWith(candidate, at));
    if (sign === undefined)
      throw expressionError(source, `${quoteValue(source.slice(at, at + 10))} is unexpected`);
    tokens.push({ kind: 'sign', text: sign });
    at += sign.length;
  }
  return tokens;
}

function createParser(source: string, tokens: readonly Token[]) {
  let at = 0;
  let depth = 0;
  let computed = false;

  const fail = (reason: string): AgentError => expressionError(source, reason);
  const peek = (): Token => tokens[at] ?? { kind: 'end', text: '' };
  const isSign = (...texts: string[]): boolean =>
    peek().kind === 'sign' && texts.includes(peek().text);
  const isWord = (text: string): boolean => peek().kind === 'word' && peek().text === text;
  const take = (): string => {
    computed = true;
    return tokens[at++]?.text ?? '';
  };
  const nested = <T>(parse: () => T): T => {
    if (++depth > maxDepth) throw fail('it is nested too deeply');
    const value = parse();
    depth--;
    return value;
  };

  function parseOr(): Value {
    let left = parseAnd();
    while (isWord('or')) {
      take();
      const right = parseAnd();
      left = truthOf(left) ? left : right;
    }
    return left;
  }

  function parseAnd(): Value {
    let left = parseNot();
    while (isWord('and')) {
      take();
      const right = parseNot();
      left = truthOf(left) ? right : left;
    }
    return left;
  }

  function parseNot(): Value {
    if (!isWord('not')) return parseComparison();
    take();
    return !truthOf(nested(parseNot));
  }

  function parseComparison(): Value {
    let left = parseBits('|');
    let result: boolean | undefined;
    for (;;) {
      const negated = isWord('not') && tokens[at + 1]?.text === 'in';
      if (!negated && !isWord('in') && !isSign(...comparisons)) return result ?? left;
      if (negated) take();
      const operator = take();
      const right = parseBits('|');
      const holds =
        operator === 'in' ? isIn(left, right) !== negated : compare(operator, left, right);
      result = (result ?? true) && holds;
      left = right;
    }
  }

  /** `|` binds weakest, then `^`, then `&`. */
  function parseBits(operator: '|' | '^' | '&'): Value {
    const inner = (): Value =>
      operator === '&' ? parseSum() : parseBits(operator === '|' ? '^' : '&');
    let left = inner();
    while (isSign(operator)) {
      take();
      left = bits(operator, left, inner());
    }
    return left;
  }

  function parseSum(): Value {
    let left = parseProduct();
    while (isSign('+', '-')) {
      const operator = take();
      const right = parseProduct();
      left =
        operator === '+' && typeof left === 'string' && typeof right === 'string'
          ? bounded(left + right)
          : arithmetic(operator, left, right);
    }
    return left;
  }

  function parseProduct(): Value {
    let left = parseUnary();
    while (isSign('*', '/', '//', '%')) left = arithmetic(take(), left, parseUnary());
    return left;
  }

  function parseUnary(): Value {
    if (!isSign('+', '-')) return parsePower();
    const operator = take();
    return arithmetic(operator, 0, nested(parseUnary));
  }

  function parsePower(): Value {
    const base = parseAtom();
    if (!isSign('**')) return base;
    return arithmetic(take(), base, nested(parseUnary));
  }

  function parseAtom(): Value {
    const token = peek();
    if (isSign('(')) {
      at++;
      return nested(parseGroup);
    }
    if (token.kind === 'end') throw fail('it ends too early');
    if (token.kind === 'sign') throw fail(`${token.text} is unexpected`);
    at++;
    if (token.kind === 'number') {
      computed = true;
      return finite(Number(token.text));
    }
    if (token.kind === 'text') return token.text;
    if (['and', 'or', 'not', 'in'].includes(token.text)) throw fail(`${token.text} is unexpected`);
    const lower = token.text.toLowerCase();
    return lower === 'true' || lower === 'false' ? lower === 'true' : token.text;
  }

  function parseGroup(): Value {
    const items: Value[] = [];
    let tuple = false;
    while (!isSign(')')) {
      items.push(parseOr());
      if (!isSign(',')) break;
      take();
      tuple = true;
    }
    if (!isSign(')')) throw fail('a parenthesis is not closed');
    at++;
    const [only] = items;
    return tuple || only === undefined ? items : only;
  }

  function bits(operator: '|' | '^' | '&', left: Value, right: Value): Value {
    if (typeof left === 'boolean' && typeof right === 'boolean') {
      if (operator === '^') return left !== right;
      return operator === '|' ? left || right : left && right;
    }
    const [a, b] = [integer(left), integer(right)];
    if (operator === '|') return finite(Number(a | b));
    return finite(Number(operator === '^' ? a ^ b : a & b));
  }

  function arithmetic(operator: string, left: Value, right: Value): number {
    const [a, b] = [number(left), number(right)];
    if (operator === '+') return finite(a + b);
    if (operator === '-') return finite(a - b);
    if (operator === '*') return finite(a * b);
    if (operator === '**') return finite(a ** b);
    if (b === 0) throw fail('division by zero');
    if (operator === '/') return finite(a / b);
    const whole = Math.floor(a / b);
    return finite(operator === '//' ? whole : a - b * whole);
  }

  function compare(operator: string, left: Value, right: Value): boolean {
    if (operator === '==') return isSame(left, right);
    if (operator === '!=') return !isSame(left, right);
    const texts = typeof left === 'string' && typeof right === 'string';
    const [a, b] = texts ? [left, right] : [number(left), number(right)];
    if (operator === '<') return a < b;
    if (operator === '<=') return a <= b;
    return operator === '>' ? a > b : a >= b;
  }

  function isIn(left: Value, right: Value): boolean {
    if (Array.isArray(right)) return right.some((item) => isSame(left, item));
    if (typeof left === 'string' && typeof right === 'string') return right.includes(left);
    throw fail('only a list or a text can hold something');
  }

  function number(value: Value): number {
    if (typeof value === 'boolean') return Number(value);
    if (typeof value === 'number') return value;
    throw fail(`${describe(value)} is no number`);
  }

  function integer(value: Value): bigint {
    const whole = number(value);
    if (!Number.isSafeInteger(whole)) throw fail(`${whole} is no integer`);
    return BigInt(whole);
  }

  function finite(value: number): number {
    if (!Number.isFinite(value)) throw fail('a number is too large');
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      throw fail('a number is too large');
    return value === 0 ? 0 : value;
  }

  function bounded(text: string): string {
    if (text.length > maxText) throw fail('a text is too long');
    return text;
  }

  return {
    parse(): Value {
      const value = parseOr();
      if (peek().kind !== 'end') throw fail(`${quoteValue(peek().text)} is unexpected`);
      return value;
    },
    trivial: (): boolean => !computed,
  };
}

function isSame(left: Value, right: Value): boolean {
  if (Array.isArray(left) || Array.isArray(right)) return false;
  if (typeof left === typeof right) return left === right;
  return typeof left !== 'string' && typeof right !== 'string' && Number(left) === Number(right);
}

function truthOf(value: Value): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function describe(value: Value): string {
  return typeof value === 'string' ? quoteValue(value) : 'a list';
}

function expressionError(source: string, reason: string): AgentError {
  return new AgentError('E_EXPRESSION', `$(${quoteSource(source)}): ${reason}`, { exit: 'config' });
}

function quoteSource(source: string): string {
  return quoteValue(source).slice(1, -1);
}
