import type { ReadContext } from '../../driver/contract.js';
import { destinations, targetWords } from './gates.js';

type Target = (typeof targetWords)[number];

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
  wanted: readonly Target[],
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
