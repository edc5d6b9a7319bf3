import type { ActionContext, Driver, ReadContext } from '../../driver/contract.js';
import { destinations, targetWords } from './gates.js';

type Target = (typeof targetWords)[number];

/** The targets that an action is about. */
export type Wanted = readonly Target[];

/** What is sent at once to the nodes of one target. */
export interface Round {
  readonly nodes: readonly string[];
  /** Names of its snapshots: the one under way, and the last one that both sides have. */
  readonly tosend: string;
  readonly sent: string;
}

/**
 * The rounds of a synchronisation. The two targets are not synchronised together, so each has its own
 * last snapshot; a node of both belongs to `nodes`.
 */
export function roundsOf(
  targets: readonly string[],
  wanted: Wanted,
  context: Pick<ReadContext, 'service' | 'nodename'>,
): Round[] {
  const first = destinations(
    targets.filter((word) => word === 'nodes'),
    context,
  );
  const rounds: Record<Target, Round> = {
    nodes: { nodes: first, tosend: 'tosend', sent: 'sent' },
    drpnodes: {
      nodes: destinations(['drpnodes'], context).filter((node) => !first.includes(node)),
      tosend: 'tosend.drp',
      sent: 'sent.drp',
    },
  };
  return targetWords
    .filter((word) => wanted.includes(word) && targets.includes(word))
    .map((word) => rounds[word])
    .filter(({ nodes }) => nodes.length > 0);
}

type Prepare<V> = (keywords: V, wanted: Wanted, context: ActionContext) => Promise<void>;
type Copy<V> = (
  keywords: V,
  wanted: Wanted,
  context: ActionContext,
  options: { full: boolean },
) => Promise<void>;

/** The verbs of a driver that takes its snapshots first, and sends them in rounds. */
export function verbsOfRounds<V>(
  prepare: Prepare<V>,
  copy: Copy<V>,
): Required<Pick<Driver<V>, 'beforeSync' | 'sync'>> {
  const targets: Readonly<Record<string, Wanted>> = {
    nodes: ['nodes'],
    drp: ['drpnodes'],
    full: targetWords,
  };
  const verbs = Object.entries(targets);
  return {
    beforeSync: Object.fromEntries(
      verbs.map(([verb, wanted]) => [
        verb,
        (keywords: V, context: ActionContext) => prepare(keywords, wanted, context),
      ]),
    ),
    sync: Object.fromEntries(
      verbs.map(([verb, wanted]) => [
        verb,
        (keywords: V, context: ActionContext) =>
          copy(keywords, wanted, context, { full: verb === 'full' }),
      ]),
    ),
  };
}
