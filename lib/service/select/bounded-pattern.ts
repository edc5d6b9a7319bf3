import { createContext, Script } from 'node:vm';
import { systemClock } from '../../env/clock.js';
import { selectorError } from './parse-selector.js';

/** How long one expression may work on all values together, ms. */
const budgetMs = 1000;

/** Only these can make a search slow. Repetition by `+` and `{n,m}` cannot be written in a selector. */
const repeats = /[*?{]/;

/**
 * Prepares an unanchored, case-sensitive search. A search that goes back and forth without end is
 * interrupted: an expression has one second for all the values that it meets.
 *
 * @throws AgentError `E_SELECTOR` for a source that does not parse, and from a search that takes
 *   too long
 */
export function compilePattern(source: string, selector: string): (text: string) => boolean {
  let pattern: RegExp;
  try {
    pattern = new RegExp(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /s, '') : '';
    throw selectorError(
      selector,
      `'${source}' is no regular expression: ${reason.toLowerCase()}`,
      'escape characters with a meaning of their own with a backslash',
    );
  }
  if (!repeats.test(source)) return (text) => pattern.test(text);

  const script = new Script('search()');
  let left = budgetMs;
  return (text) => {
    const began = systemClock.monotonic();
    const tooLong = (): Error =>
      selectorError(
        selector,
        `the regular expression '${source}' takes too long`,
        'write it without repetitions inside repetitions',
      );
    if (left < 1) throw tooLong();
    try {
      const context = createContext({ search: () => pattern.test(text) });
      return script.runInContext(context, { timeout: Math.ceil(left) }) === true;
    } catch (error) {
      throw (error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
        ? tooLong()
        : error;
    } finally {
      left -= systemClock.monotonic() - began;
    }
  };
}
