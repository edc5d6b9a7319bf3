/** sync.zfs: a dataset sent to the other nodes (zfs-send(8)): what changed, or everything. */
import { defineKeywords, type Values } from '../../config/keyword.js';
import { type ActionContext, defineDriver } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { type Dataset, datasetOn, destroyed, withoutSlashes } from './dataset.js';
import { copyToEach } from './each-node.js';
import { passGates } from './gates.js';
import { copyKeywords } from './keywords.js';
import { statusOfTarget } from './last-sync.js';
import { pipe } from './pipe.js';
import { type Round, roundsOf, verbsOfRounds, type Wanted } from './rounds.js';
import { changeOn, sideOf } from './side.js';

const keywords = defineKeywords({
  ...copyKeywords,
  src: { kind: 'string', required: true, scopable: true, text: 'The dataset that is sent.' },
  dst: {
    kind: 'string',
    required: true,
    scopable: true,
    text: 'The dataset that it becomes there. What it holds is rolled back.',
  },
  recursive: {
    kind: 'boolean',
    default: 'true',
    scopable: true,
    text: 'Send the datasets below it as well.',
  },
});

type Keywords = Values<typeof keywords>;

export default defineDriver<Keywords>({
  id: 'sync.zfs',
  describe: 'A dataset of zfs, sent to the other nodes.',
  keywords,
  label: ({ src, target }) => `zfs of ${src} to ${[...target].sort().join(', ')}`,

  status: (kw, context) => statusOfTarget(kw, context),

  ...verbsOfRounds<Keywords>(prepare, copy),
});

async function prepare(kw: Keywords, wanted: Wanted, context: ActionContext): Promise<void> {
  await passGates(context);
  for (const round of roundsOf(kw.target, wanted, context)) {
    await takeSnapshot(await sourceOf(kw, context), round, context);
  }
}

async function copy(
  kw: Keywords,
  wanted: Wanted,
  context: ActionContext,
  { full }: { full: boolean },
): Promise<void> {
  await passGates(context);
  const failures: AgentError[] = [];
  for (const round of roundsOf(kw.target, wanted, context)) {
    const here = await sourceOf(kw, context);
    if (!context.isPrepared) await takeSnapshot(here, round, context);
    const { copied, failure } = await copyToEach(round.nodes, context, async (node) => {
      const there = await datasetOn(withoutSlashes(kw.dst), kw, context, node);
      const base = full ? undefined : baseOf(here, there, round);
      // Everything is sent onto a dataset without snapshots of ours only.
      const old = [round.tosend, ...(full ? [round.sent] : [])];
      const cleared = old.flatMap((name) => destroyed(name, there));
      const receive = ['zfs', 'receive', ...placeOf(here, there)];
      await pipe(
        sendArgv(here, round, base),
        sideOf(context, node).argv(...cleared, receive),
        context,
      );
      await changeOn(there, rotation(round, there, { isCleared: full }), context);
    });
    const commands =
      copied.length > 0
        ? rotation(round, here)
        : destroyed(round.tosend, { ...here, snapshots: new Map([[round.tosend, '']]) });
    await changeOn(here, commands, context);
    if (failure) failures.push(failure);
  }
  if (failures[0]) throw failures[0];
}

const sourceOf = (kw: Keywords, context: ActionContext): Promise<Dataset> =>
  datasetOn(withoutSlashes(kw.src), kw, context);

async function takeSnapshot(here: Dataset, round: Round, context: ActionContext): Promise<void> {
  const name = `${here.name}@${round.tosend}`;
  const take = ['zfs', 'snapshot', ...(here.recursive ? ['-r'] : []), name];
  // What an ended run left is of another moment.
  await changeOn(here, [...destroyed(round.tosend, here), take], context);
}

/**
 * The last snapshot, when both sides have it.
 * @throws AgentError `E_BASE` when the node has another one
 */
function baseOf(here: Dataset, there: Dataset, { sent }: Round): string | undefined {
  const ours = here.snapshots.get(sent);
  const theirs = there.snapshots.get(sent);
  if (theirs === undefined) return undefined;
  if (ours === theirs) return `${here.name}@${sent}`;
  throw new AgentError('E_BASE', `${there.name}@${sent} is not the last snapshot from here`, {
    remedy: 'send everything anew: svcmgr sync full',
  });
}

function sendArgv(here: Dataset, { tosend }: Round, base: string | undefined): string[] {
  const recursive = here.recursive ? ['-R'] : [];
  const since = base === undefined ? [] : ['-i', base];
  return ['zfs', 'send', ...recursive, ...since, `${here.name}@${tosend}`];
}

/** Where it has the same path below another pool, zfs makes what is missing above it. */
function placeOf(here: Dataset, there: Dataset): string[] {
  const [, ...path] = here.name.split('/');
  const [pool = '', ...other] = there.name.split('/');
  return path.join('/') === other.join('/') ? ['-dF', pool] : ['-F', there.name];
}

/** The snapshot that was under way becomes the last one. */
function rotation(
  { tosend, sent }: Round,
  dataset: Dataset,
  { isCleared = false } = {},
): string[][] {
  const recursive = dataset.recursive ? ['-r'] : [];
  const [from, to] = [`${dataset.name}@${tosend}`, `${dataset.name}@${sent}`];
  return [
    ...(isCleared ? [] : destroyed(sent, dataset)),
    ['zfs', 'rename', ...recursive, from, to],
  ];
}
