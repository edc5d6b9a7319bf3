import { type Evaluator, readSection } from '../config/values.js';
import { legacyKeywords } from '../driver/resource-keywords.js';

/**
 * Whether a section is disabled, given what `disable` says: the lists of nodes of the first
 * generation have their say too, `enable_on` the last word.
 */
export function isDisabledBy(disable: boolean, evaluator: Evaluator, rid: string): boolean {
  const legacy = legacyLists(evaluator, rid);
  if (isListed(evaluator, legacy('enable_on'))) return false;
  return disable || isListed(evaluator, legacy('disable_on'));
}

/** Most files have none of these: they are looked for before they are evaluated. */
export function legacyLists(
  evaluator: Evaluator,
  rid: string,
): (key: keyof typeof legacyKeywords) => readonly string[] {
  const section = evaluator.ini.byName.get(rid);
  return (key) => {
    if (!section?.byKey.has(key)) return [];
    const { partial } = readSection(evaluator, rid, { [key]: legacyKeywords[key] });
    return (partial as Record<string, readonly string[] | undefined>)[key] ?? [];
  };
}

/** Whether this node is named by a list of node names, `nodes`, `drpnodes` and `encapnodes`. */
export function isListed({ sets, context }: Evaluator, words: readonly string[]): boolean {
  const node = context.nodename.toLowerCase();
  const drp = [...sets.drpnodes, ...(sets.drpnode ? [sets.drpnode] : [])];
  const named: Readonly<Record<string, readonly string[]>> = {
    nodes: sets.nodes,
    drpnodes: drp,
    encapnodes: sets.encapnodes,
  };
  return words.some((word) => named[word]?.includes(node) ?? word.toLowerCase() === node);
}
