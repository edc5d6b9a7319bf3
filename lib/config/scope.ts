import type { IniEntry, IniSection } from './ini.js';

/** The node lists of a service, which its scopes are named after. All lower case. */
export interface NodeSets {
  readonly nodes: readonly string[];
  readonly drpnodes: readonly string[];
  readonly drpnode: string | undefined;
  readonly encapnodes: readonly string[];
  readonly flexPrimary: string | undefined;
  readonly drpFlexPrimary: string | undefined;
}

export const noNodeSets: NodeSets = {
  nodes: [],
  drpnodes: [],
  drpnode: undefined,
  encapnodes: [],
  flexPrimary: undefined,
  drpFlexPrimary: undefined,
};

/** The scopes that count on a node, best first; a keyword without scope comes after all of them. */
export function scopesOf(node: string, sets: NodeSets): readonly string[] {
  const name = node.toLowerCase();
  const belongs: [string, boolean][] = [
    ['nodes', sets.nodes.includes(name)],
    ['drpnodes', sets.drpnodes.includes(name) || sets.drpnode === name],
    ['encapnodes', sets.encapnodes.includes(name)],
    ['flex_primary', sets.flexPrimary === name],
    ['drp_flex_primary', sets.drpFlexPrimary === name],
  ];
  return [name, ...belongs.filter(([, member]) => member).map(([scope]) => scope)];
}

/** The entry of a keyword that counts under these scopes. */
export function findScoped(
  section: IniSection,
  key: string,
  scopes: readonly string[],
): IniEntry | undefined {
  const lower = key.toLowerCase();
  if (section.hasScopes) {
    for (const scope of scopes) {
      const entry = section.byKey.get(`${lower}@${scope}`);
      if (entry) return entry;
    }
  }
  return section.byKey.get(lower);
}

/**
 * Works the node lists out, in the order in which they may use each other: a later one may be
 * scoped by an earlier one, none by itself.
 *
 * @param read the evaluated text of a DEFAULT keyword under the sets known so far
 */
export function bootstrapNodeSets(
  node: string,
  read: (key: string, known: NodeSets) => string | undefined,
): NodeSets {
  let sets = noNodeSets;
  const list = (key: string): string[] => [
    ...new Set((read(key, sets) ?? '').toLowerCase().split(/\s+/).filter(Boolean)),
  ];
  sets = { ...sets, encapnodes: list('encapnodes') };
  const nodes = list('nodes');
  sets = { ...sets, nodes: nodes.length > 0 ? nodes : [node.toLowerCase()] };
  sets = { ...sets, drpnodes: list('drpnodes') };
  sets = { ...sets, drpnode: list('drpnode')[0] };
  sets = { ...sets, flexPrimary: list('flex_primary')[0] ?? sets.nodes[0] };
  return { ...sets, drpFlexPrimary: list('drp_flex_primary')[0] ?? sets.drpnodes[0] };
}
