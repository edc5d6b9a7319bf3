/** sync.btrfs: a subvolume sent to the other nodes (btrfs-send(8)): what changed, or everything. */
import { dirname, join } from 'node:path';
import { defineKeywords, type Values } from '../../config/keyword.js';
import { type ActionContext, defineDriver } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { copyToEach } from './each-node.js';
import { passGates } from './gates.js';
import { copyKeywords } from './keywords.js';
import { lastSync, statusOfTarget } from './last-sync.js';
import { pipe } from './pipe.js';
import { type Round, roundsOf, verbsOfRounds, type Wanted } from './rounds.js';
import { changeOn, sideOf } from './side.js';
import {
  parseSubvolumePlace,
  removal,
  type SubvolumePlace,
  type Top,
  withTop,
} from './subvolume.js';

const keywords = defineKeywords({
  ...copyKeywords,
  src: {
    kind: 'string',
    required: true,
    scopable: true,
    text: 'What is sent: `<label>:<subvolume>`, the label of a file system and a path below its top.',
  },
  dst: {
    kind: 'string',
    required: true,
    scopable: true,
    text: 'Where it goes, in the same form. What is there is replaced.',
  },
  recursive: {
    kind: 'boolean',
    default: 'false',
    scopable: true,
    text: 'Send the subvolumes inside it as well.',
  },
});

type Keywords = Values<typeof keywords>;

export default defineDriver<Keywords>({
  id: 'sync.btrfs',
  describe: 'A subvolume of btrfs, sent to the other nodes.',
  keywords,
  label: ({ src, target }) => `btrfs of ${src} to ${[...target].sort().join(', ')}`,

  status: (kw, context) => statusOfTarget(kw, context),

  ...verbsOfRounds<Keywords>(prepare, copy),
});

async function prepare(kw: Keywords, wanted: Wanted, context: ActionContext): Promise<void> {
  await passGates(context);
  const rounds = roundsOf(kw.target, wanted, context);
  const { label } = parseSubvolumePlace('src', kw.src);
  if (rounds.length === 0) return;
  await withTop({ label, dryRun: context.dryRun }, context, async (here) => {
    for (const round of rounds) await takeSnapshots(kw, round, here, context);
  });
}

async function copy(
  kw: Keywords,
  wanted: Wanted,
  context: ActionContext,
  { full }: { full: boolean },
): Promise<void> {
  await passGates(context);
  const { dryRun } = context;
  const source = parseSubvolumePlace('src', kw.src);
  const destination = parseSubvolumePlace('dst', kw.dst);
  const failures: AgentError[] = [];
  for (const round of roundsOf(kw.target, wanted, context)) {
    await withTop({ label: source.label, dryRun }, context, async (here) => {
      if (!context.isPrepared) await takeSnapshots(kw, round, here, context);
      const members = membersOf(kw, here);
      const { copied, failure } = await copyToEach(round.nodes, context, (node) =>
        withTop({ label: destination.label, node, dryRun }, context, async (there) => {
          refuseMounted(destination.path, there);
          for (const path of members) {
            await send(snapshotsOf(path, round), { node, here, there, full }, context);
          }
          const installs = install(members, round, { source, destination, there });
          const rotations = members.flatMap((path) => rotation(snapshotsOf(path, round), there));
          await changeOn(there, [...rotations, ...installs], context);
        }),
      );
      // Whoever has none needs everything next time, the others only what changes from here on.
      const ends = members.map((path) => snapshotsOf(path, round));
      const commands =
        copied.length > 0
          ? ends.flatMap((names) => rotation(names, here))
          : ends.map(({ tosend }) => [
              'btrfs',
              'subvolume',
              'delete',
              join(here.directory, tosend),
            ]);
      await changeOn(here, commands, context);
      if (failure) failures.push(failure);
    });
  }
  if (failures[0]) throw failures[0];
}

/** Names below the top, those of the original agent. */
interface Snapshots {
  readonly tosend: string;
  readonly sent: string;
}

function snapshotsOf(path: string, { tosend, sent }: Round): Snapshots {
  const base = path.replaceAll('/', '_');
  return { tosend: `${base}@${tosend}`, sent: `${base}@${sent}` };
}

/** The subvolume and, where they go along, those inside it, outermost first. */
function membersOf({ src, recursive }: Keywords, { subvolumes }: Top): string[] {
  const { path } = parseSubvolumePlace('src', src);
  return [path, ...(recursive ? inside(path, subvolumes) : [])];
}

function inside(path: string, subvolumes: Top['subvolumes']): string[] {
  return [...subvolumes.keys()].filter((other) => other.startsWith(`${path}/`)).sort();
}

async function takeSnapshots(
  kw: Keywords,
  round: Round,
  here: Top,
  context: ActionContext,
): Promise<void> {
  for (const path of membersOf(kw, here)) {
    const { tosend } = snapshotsOf(path, round);
    const [from, to] = [join(here.directory, path), join(here.directory, tosend)];
    // What an ended run left is of another moment.
    const commands = [...removal(tosend, here), ['btrfs', 'subvolume', 'snapshot', '-r', from, to]];
    await changeOn(here, commands, context);
  }
}

/** An instance that runs there would lose its files under its feet. @throws AgentError `E_BUSY` */
function refuseMounted(path: string, there: Top): void {
  const point = there.mountPointOf(path);
  if (point === undefined) return;
  throw new AgentError('E_BUSY', `${path} is mounted on ${point} there; it is not replaced`, {
    remedy: 'stop the instance there, or unmount it',
  });
}

interface Way {
  readonly node: string;
  readonly here: Top;
  readonly there: Top;
  /** Everything, whatever both sides have. */
  readonly full: boolean;
}

async function send(names: Snapshots, way: Way, context: ActionContext): Promise<void> {
  const { node, here, there } = way;
  const base = hasBase(names, way, context) ? ['-p', join(here.directory, names.sent)] : [];
  await pipe(
    ['btrfs', 'send', '-q', ...base, join(here.directory, names.tosend)],
    sideOf(context, node).argv(
      // What an interrupted one left.
      ...removal(names.tosend, there),
      ['btrfs', 'receive', there.directory],
    ),
    context,
  );
}

/** Whether the last snapshot is the same on both sides, so that only what changed has to go. */
function hasBase(
  { sent }: Snapshots,
  { node, here, there, full }: Way,
  context: ActionContext,
): boolean {
  if (full) return false;
  // A dry run has nothing to look at.
  if (context.dryRun) return lastSync(context, node) !== undefined;
  const ours = here.subvolumes.get(sent);
  const theirs = there.subvolumes.get(sent);
  if (ours !== undefined && ours === theirs) return true;
  if (ours !== undefined || theirs !== undefined) {
    context.log.info(`${node} does not have the last snapshot from here: everything is sent`);
  }
  return false;
}

/** The snapshot that was under way becomes the last one. */
function rotation({ tosend, sent }: Snapshots, top: Top): string[][] {
  const move = ['mv', join(top.directory, tosend), join(top.directory, sent)];
  return [...removal(sent, top), move];
}

/** Puts writable copies of what was received in the place of what is there. */
function install(
  members: readonly string[],
  round: Round,
  {
    source,
    destination,
    there,
  }: { source: SubvolumePlace; destination: SubvolumePlace; there: Top },
): string[][] {
  const { directory, subvolumes } = there;
  const old = [destination.path, ...inside(destination.path, subvolumes)].reverse();
  const fresh = members.flatMap((path) => {
    const place = join(directory, destination.path, path.slice(source.path.length));
    const from = join(directory, snapshotsOf(path, round).sent);
    // Where a subvolume lies inside another one, a snapshot of that may have an empty directory.
    const cleared = path === source.path ? [] : [['rm', '-df', place]];
    const parent = ['mkdir', '-p', dirname(place)];
    return [...cleared, parent, ['btrfs', 'subvolume', 'snapshot', from, place]];
  });
  return [...old.flatMap((path) => removal(path, there)), ...fresh];
}
