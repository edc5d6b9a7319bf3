/** sync#i0: the configuration of the service itself, copied to all its other nodes. */
import { existsSync, lstatSync } from 'node:fs';
import type { Values } from '../../config/keyword.js';
import { type ActionContext, defineDriver, type LabelFacts } from '../../driver/contract.js';
import { destinations, passGates } from './gates.js';
import { syncKeywords } from './keywords.js';
import { statusOfCopies } from './last-sync.js';
import { transfer } from './transfer.js';

type Keywords = Values<typeof syncKeywords>;

export default defineDriver<Keywords>({
  id: 'sync.config',
  describe: 'The configuration of the service, copied to its other nodes.',
  keywords: syncKeywords,
  label: (_, { service }) => `rsync svc config to ${targetsOf(service).join(', ')}`,

  status: (kw, context) =>
    statusOfCopies(
      destinations(['nodes', 'drpnodes'], { ...context, nodename: '' }),
      kw.sync_max_delay,
      context,
    ),

  sync: {
    nodes: (kw, context) => copy(kw, ['nodes'], context),
    drp: (kw, context) => copy(kw, ['drpnodes'], context),
  },
});

function targetsOf({ nodes, drpnodes }: LabelFacts['service']): string[] {
  return [...(drpnodes.length > 0 ? ['drpnodes'] : []), ...(nodes.length > 0 ? ['nodes'] : [])];
}

async function copy(
  kw: Keywords,
  targets: readonly string[],
  context: ActionContext,
): Promise<void> {
  await passGates(context);
  const nodes = destinations(targets, context);
  if (nodes.length === 0) return;
  const { file, scripts } = context.service;
  const link = file.replace(/\.conf$/, '');
  const isLink = lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink();
  const told = context.siblings.flatMap(({ disabled, replicates }) =>
    disabled ? [] : replicates(),
  );
  await transfer(
    {
      sources: [
        file,
        // Where it leads to need not exist here.
        ...(isLink ? [link] : []),
        // The first generation kept the launchers in `.dir`, and `.d` was a link to it.
        ...[scripts, `${scripts}ir`, ...new Set(told)].filter((path) => existsSync(path)),
      ],
      destination: '/',
      options: ['-R', '--exclude=*.core', ...(kw.options ?? [])],
      resetOptions: false,
      bandwidthKbps: kw.bwlimit,
      mounted: undefined,
      announce: 'copy the configuration',
    },
    nodes,
    context,
  );
}
