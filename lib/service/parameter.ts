import { AgentError } from '../errors/agent-error.js';
import { freeSections } from './sections.js';

/** One keyword of a service file, with its `@scope`. */
export interface Parameter {
  readonly section: string;
  readonly key: string;
}

/**
 * Reads `fs#1.dev@n1.acme.com` as an operator writes it; without a section the keyword is one of
 * DEFAULT.
 *
 * @param isSection whether the file has a section of this name
 * @throws AgentError `E_USAGE` when it names no keyword
 */
export function parseServiceParameter(
  text: string,
  isSection: (name: string) => boolean,
): Parameter {
  const { section, key } = splitServiceParameter(text.trim(), isSection);
  if (section !== '' && key !== '' && !key.startsWith('@')) return { section, key };
  const fact = text === '' ? 'a parameter is missing' : `"${text}" is not a parameter`;
  throw new AgentError('E_USAGE', fact, {
    exit: 'usage',
    remedy: 'write it as section.key, for example fs#1.dev, or as a key of DEFAULT',
  });
}

/**
 * The same for any text. Names of sections may hold dots: the longest one that is there counts, else
 * everything up to the last dot. Keywords of `env`, `labels` and `data` may hold dots too.
 */
export function splitServiceParameter(
  text: string,
  isSection: (name: string) => boolean,
): Parameter {
  const scope = text.indexOf('@');
  const last = text.lastIndexOf('.', scope === -1 ? text.length : scope);
  if (last === -1) return { section: 'DEFAULT', key: text };
  const at = (dot: number): Parameter => ({
    section: text.slice(0, dot),
    key: text.slice(dot + 1),
  });
  for (let dot = last; dot > 0; dot = text.lastIndexOf('.', dot - 1)) {
    const section = text.slice(0, dot);
    if (isSection(section) || freeSections.includes(section)) return at(dot);
  }
  return at(last);
}
