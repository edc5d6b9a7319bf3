import { textOfValue } from '../../config/convert.js';
import { findKeyword, type Kind, type KindTypes } from '../../config/keyword.js';
import { baseKey } from '../../config/keyword-path.js';
import { type Evaluator, evaluateFound } from '../../config/values.js';
import { AgentError } from '../../errors/agent-error.js';
import { headKeywords } from '../keywords.js';
import { splitServiceParameter } from '../parameter.js';
import { sectionKeywords } from '../section-keywords.js';
import { groupOf, parseSectionName, resourceGroups } from '../sections.js';
import { compilePattern } from './bounded-pattern.js';
import type { Match, Operator } from './parse-selector.js';

/** Whether the configuration of a service answers a question with yes. */
export type ConfigTest = (evaluator: Evaluator) => Promise<boolean>;

/**
 * Prepares a match: a keyword of a section or of DEFAULT is compared; a group with `:` asks for a
 * resource; a keyword of a group, or of all resources, must hold for one of them. What is not set
 * anywhere does not exist: defaults are never compared.
 *
 * @returns undefined when the match can hold for no service, negated or not
 * @throws AgentError `E_SELECTOR` for a regular expression that does not parse
 */
export function configTest(match: Match, selector: string): ConfigTest | undefined {
  const { param, operator } = match;
  const holds = comparison(match, selector);
  if (!holds) return undefined;
  const dot = param.indexOf('.');
  const group = param.slice(0, Math.max(dot, 0));
  const isOfGroup = dot >= 0 && (group === '' || resourceGroups.includes(group));
  const isGroup = operator === ':' && resourceGroups.includes(param);

  return async (evaluator) => {
    const { ini } = evaluator;
    const { section, key } = splitServiceParameter(param, (name) => ini.byName.has(name));
    const exact = await setValueOf(evaluator, section, key);
    if (exact) return holds(exact);
    const rids = ini.sections.map(({ name }) => name);
    if (isGroup) return rids.some((rid) => groupOf(rid) === param);
    if (!isOfGroup) return false;
    for (const rid of rids) {
      const own = groupOf(rid);
      if (own === undefined || (group !== '' && own !== group)) continue;
      const value = await setValueOf(evaluator, rid, param.slice(dot + 1));
      if (value && holds(value)) return true;
    }
    return false;
  };
}

/** Whether a bare word asks for the existence of a keyword: of DEFAULT, of a resource, of a group. */
export function isKeyword(body: string): boolean {
  const name = baseKey(body);
  const dot = name.lastIndexOf('.');
  if (dot === -1) return findKeyword([headKeywords], name) !== undefined;
  const owner = body.slice(0, dot);
  const isOwner =
    owner === '' || resourceGroups.includes(owner) || parseSectionName(owner) !== undefined;
  return isOwner && /^[a-z]\w*$/.test(name.slice(dot + 1));
}

/** A keyword that is set, in the forms in which it can be compared. */
interface SetValue {
  /** As it stands in the file. */
  readonly raw: string;
  /** References and expressions evaluated; the raw text where that fails. */
  readonly evaluated: string;
  /** After conversion, as `textOfValue` writes it; the evaluated text where that fails. */
  readonly converted: string;
  readonly elements: readonly string[] | undefined;
  readonly isBoolean: boolean;
}

async function setValueOf(
  evaluator: Evaluator,
  section: string,
  key: string,
): Promise<SetValue | undefined> {
  const header = evaluator.ini.byName.get(section);
  if (!header) return undefined;
  const table = await sectionKeywords(evaluator, section);
  const named = findKeyword(table ? [table] : [], baseKey(key));
  const keyword = named?.keyword;
  const written = key.includes('@') ? header.byKey.get(key.toLowerCase()) : undefined;
  const found = written
    ? { text: written.value, entry: written }
    : key.includes('@')
      ? undefined
      : evaluator.find(section, named?.name ?? key, keyword);
  if (!found?.entry) return undefined;
  const raw = found.text;
  try {
    const { text, value } = evaluateFound(evaluator, found, section, keyword);
    return {
      raw,
      evaluated: text,
      converted: keyword ? textOfValue(keyword, value) : text,
      elements: elementsOf(value),
      isBoolean: typeof value === 'boolean',
    };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    return { raw, evaluated: raw, converted: raw, elements: undefined, isBoolean: false };
  }
}

function elementsOf(value: KindTypes[Kind] | undefined): readonly string[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

type Comparison = (value: SetValue) => boolean;

function comparison({ operator, value }: Match, selector: string): Comparison | undefined {
  if (operator === ':') return () => true;
  if (operator === '=') return (is) => equals(is, value);
  if (operator === '~' || operator === '~=') {
    const found = compilePattern(value, selector);
    return ({ evaluated, converted, elements }) => {
      if (elements) return elements.some(operator === '~=' ? (one) => one === value : found);
      return found(evaluated) || (converted !== evaluated && found(converted));
    };
  }
  const limit = numberOf(value);
  if (limit === undefined) return undefined;
  return ({ converted, evaluated }) => {
    const number = numberOf(converted) ?? numberOf(evaluated);
    return number !== undefined && inOrder(operator, number, limit);
  };
}

function equals({ raw, evaluated, converted, isBoolean }: SetValue, value: string): boolean {
  const forms = [converted, evaluated, raw];
  if (!isBoolean) return forms.includes(value);
  const wanted = value.toLowerCase();
  return forms.some((form) => form.toLowerCase() === wanted);
}

function inOrder(operator: Exclude<Operator, ':'>, left: number, right: number): boolean {
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}

/** Plain decimal numbers alone: an empty text is none. */
function numberOf(text: string): number | undefined {
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text.trim())
    ? Number(text)
    : undefined;
}
