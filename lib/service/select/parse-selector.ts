import { AgentError } from '../../errors/agent-error.js';

export const operators = ['<=', '>=', '~=', '<', '>', '=', '~', ':'] as const;
export type Operator = (typeof operators)[number];

/** A question to the configuration of a service: `app.timeout>1`. */
export interface Match {
  /** `rid.key`, `group.key`, `.key`, `key`, or a group. */
  readonly param: string;
  readonly operator: Operator;
  readonly value: string;
}

/** What stands between the separators: a path, a glob or a match, perhaps negated. */
export interface Fragment {
  /** As typed. */
  readonly text: string;
  readonly negated: boolean;
  /** Without the negation. */
  readonly body: string;
  /** Undefined without an operator. What equals the path of a service is that path all the same. */
  readonly match: Match | undefined;
}

/** Chains of fragments: of one chain all must hold, of the chains any. */
export type Selector = readonly (readonly Fragment[])[];

/**
 * Reads a selector expression (spec service 2.3): `,` is or, `+` is and, `!` negates a fragment.
 * There are no parentheses and no quotes. Whether a fragment is the path of a service, a glob or a
 * test of existence depends on what is installed, and is decided later.
 *
 * @throws AgentError `E_SELECTOR`
 */
export function parseSelector(text: string): Selector {
  const chains = text
    .split(',')
    .map((chain) => chain.trim())
    .filter((chain) => chain !== '');
  if (chains.length === 0) throw selectorError(text, 'it is empty');
  return chains.map((chain) => chain.split('+').map((fragment) => parseFragment(text, fragment)));
}

function parseFragment(selector: string, written: string): Fragment {
  const text = written.trim();
  const negated = text.startsWith('!');
  const body = negated ? text.slice(1).trim() : text;
  if (body === '') throw selectorError(selector, 'something is missing beside + or !');
  if (body.startsWith('!')) throw selectorError(selector, 'one ! negates, two are too many');
  return { text, negated, body, match: parseMatch(selector, body) };
}

/** The leftmost operator counts; where two begin at the same place, the longer one. */
function parseMatch(selector: string, body: string): Match | undefined {
  for (let at = 0; at < body.length; at++) {
    const operator = operators.find((candidate) => body.startsWith(candidate, at));
    if (operator === undefined) continue;
    const param = body.slice(0, at).trim();
    const value = body.slice(at + operator.length).trim();
    if (param === '') throw selectorError(selector, `a keyword is missing before ${operator}`);
    if (param.endsWith('!')) {
      const meant = `!${param.slice(0, -1)}${operator}${value}`;
      throw selectorError(selector, `there is no operator !${operator}`, `write ${meant}`);
    }
    return { param, operator, value };
  }
  return undefined;
}

/** What is wrong with an expression that somebody typed. */
export function selectorError(
  selector: string,
  reason: string,
  remedy = 'write names, globs or matches such as app.timeout>1, joined by + (and) or , (or)',
): AgentError {
  return new AgentError('E_SELECTOR', `selector '${selector}': ${reason}`, {
    exit: 'usage',
    remedy,
  });
}
