/** sync.rsync: files of the instance copied to the other nodes with rsync(1). */

import { existsSync } from 'node:fs';
import { defineKeywords, type Values } from '../../config/keyword.js';
import { type ActionContext, defineDriver, Leave } from '../../driver/contract.js';
import { expandPath } from '../../host/expand-paths.js';
import { destinations, passGates } from './gates.js';
import { syncKeywords, targetKeyword } from './keywords.js';
import { statusOfTarget } from './last-sync.js';
import { withSnapshots } from './lvm-snapshot.js';
import { transfer } from './transfer.js';

const keywords = defineKeywords({
  ...syncKeywords,
  src: {
    kind: 'list',
    required: true,
    scopable: true,
    text: 'Files and directories to copy; globs are expanded here.',
  },
  dst: { kind: 'string', required: true, scopable: true, text: 'Where they go.' },
  target: targetKeyword,
  reset_options: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'The keyword `options` replaces the usual options of rsync.',
  },
  snap: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'Copy from LVM snapshots of the file systems that hold the files: all of one moment.',
  },
  dstfs: {
    kind: 'path',
    scopable: true,
    text: 'Mount point that must be mounted where the files go.',
  },
});

type Keywords = Values<typeof keywords>;

const longestSources = 300;

export default defineDriver<Keywords>({
  id: 'sync.rsync',
  describe: 'Files of the instance, copied to the other nodes.',
  keywords,
  label: ({ src, target }) =>
    `rsync ${src.join(',').slice(0, longestSources)} to ${[...target].sort().join(', ')}`,

  status: (kw, context) => statusOfTarget(kw, context, 'down'),

  sync: {
    nodes: (kw, context) => copy(kw, ['nodes'], context),
    drp: (kw, context) => copy(kw, ['drpnodes'], context),
  },
});

async function copy(
  kw: Keywords,
  wanted: readonly string[],
  context: ActionContext,
): Promise<void> {
  await passGates(context);
  const nodes = destinations(
    kw.target.filter((word) => wanted.includes(word)),
    context,
  );
  if (nodes.length === 0) return;
  const sources = kw.src.flatMap(expandSource);
  if (sources.length === 0) throw new Leave('resource', `nothing matches ${kw.src.join(' ')}`);
  const send = (from: readonly string[]): Promise<void> =>
    transfer(
      {
        sources: from,
        destination: kw.dst,
        options: kw.options ?? [],
        resetOptions: kw.reset_options,
        bandwidthKbps: kw.bwlimit,
        mounted: kw.dstfs,
      },
      nodes,
      context,
    );
  await (kw.snap ? withSnapshots(sources, context, send) : send(sources));
}

/** What there is of a source; a slash at its end, which means something to rsync, stays. */
function expandSource(source: string): string[] {
  const slash = source.length > 1 && source.endsWith('/') ? '/' : '';
  const paths = expandPath(slash === '' ? source : source.slice(0, -1));
  return paths.filter((path) => existsSync(path)).map((path) => `${path}${slash}`);
}
