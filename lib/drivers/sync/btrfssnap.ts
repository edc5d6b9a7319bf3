/** sync.btrfssnap: read-only snapshots of subvolumes, the newest of which are kept. */
import { join } from 'node:path';
import { defineKeywords, type Values } from '../../config/keyword.js';
import {
  type ActionContext,
  defineDriver,
  type Note,
  type ReadContext,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { listSubvolumesArgv, parseSubvolumes } from '../../host/btrfs.js';
import { mountTable, silentError } from '../storage-questions.js';
import { passGates } from './gates.js';
import { seriesKeywords } from './keywords.js';
import { changeOn } from './side.js';
import { keptOf, reportOf, snapshotName, snapshotsOfSeries, troubleOf } from './snapshot-names.js';
import { parseSubvolumePlace, removal, type SubvolumePlace, withTop } from './subvolume.js';

const keywords = defineKeywords({
  ...seriesKeywords,
  subvol: {
    kind: 'list',
    required: true,
    scopable: true,
    text: 'What snapshots are taken of: `<label>:<subvolume>` each.',
  },
});

type Keywords = Values<typeof keywords>;

export default defineDriver<Keywords>({
  id: 'sync.btrfssnap',
  describe: 'Snapshots of subvolumes of btrfs, kept on this node.',
  keywords,
  label: ({ name, subvol }) =>
    `btrfs ${name === undefined ? '' : `'${name}' `}snapshot ${subvol.join(', ')}`,

  async status(kw, context) {
    const notes: Note[] = [];
    let isHere = false;
    for (const { label, path } of placesOf(kw)) {
      const mountPoint = await mountPointOf(label, context);
      if (mountPoint === undefined) {
        notes.push({ level: 'info', text: `btrfs ${label} is not mounted here` });
        continue;
      }
      isHere = true;
      const snapshots = snapshotsOfSeries(await subvolumesAt(mountPoint, context), `${path}.`, kw);
      notes.push(
        ...troubleOf(`${label}:${path}`, snapshots, {
          keep: keptOf(kw),
          maxDelayMs: kw.sync_max_delay,
          now: context.clock.now(),
        }),
      );
    }
    return isHere ? reportOf(notes) : { status: 'n/a', notes };
  },

  sync: { update: takeAll },
});

async function takeAll(kw: Keywords, context: ActionContext): Promise<void> {
  await passGates(context);
  const places = placesOf(kw);
  const { dryRun } = context;
  for (const label of new Set(places.map((place) => place.label))) {
    const paths = places.filter((place) => place.label === label).map(({ path }) => path);
    await withTop({ label, dryRun }, context, async (top) => {
      const name = snapshotName(kw, context.clock.now());
      for (const path of paths) {
        const fresh = `${path}.${name}`;
        if (top.subvolumes.has(fresh)) {
          context.log.info(`${fresh} exists already`);
          continue;
        }
        const [from, to] = [join(top.directory, path), join(top.directory, fresh)];
        await changeOn(top, [['btrfs', 'subvolume', 'snapshot', '-r', from, to]], context);
        const older = snapshotsOfSeries([...top.subvolumes.keys()], `${path}.`, kw);
        const surplus = older.slice(keptOf(kw) - 1).flatMap((one) => removal(one.path, top));
        await changeOn(top, surplus, context);
      }
    });
  }
}

/** @throws AgentError `E_CONFIG` */
function placesOf({ subvol }: Keywords): SubvolumePlace[] {
  return subvol.map((text) => parseSubvolumePlace('subvol', text));
}

/** One mount point of a file system by its label, asked of the kernel: nothing is mounted for it. */
async function mountPointOf(label: string, context: ReadContext): Promise<string | undefined> {
  const mounts = (await mountTable(context)).filter(({ type }) => type === 'btrfs');
  const each = new Map(mounts.map((mount) => [mount.deviceNumber, mount.mountPoint]));
  for (const mountPoint of each.values()) {
    const found = await askThere(mountPoint, ['btrfs', 'filesystem', 'label', mountPoint], context);
    if (found.trim() === label) return mountPoint;
  }
  return undefined;
}

async function subvolumesAt(mountPoint: string, context: ReadContext): Promise<string[]> {
  const text = await askThere(mountPoint, listSubvolumesArgv(mountPoint), context);
  return [...parseSubvolumes(text).keys()];
}

/** @throws AgentError `E_COMMAND`, or `E_SILENT` when the file system hangs */
function askThere(
  mountPoint: string,
  argv: readonly string[],
  context: ReadContext,
): Promise<string> {
  return context.once(argv.join(' '), async () => {
    const answer = await context.probePlace(mountPoint, argv, { timeoutMs: 10_000 });
    if (answer.state === 'silent') throw silentError(mountPoint, answer.pid);
    const { exitCode, stdout, stderr } = answer.result;
    if (exitCode === 0) return stdout;
    throw new AgentError('E_COMMAND', `${argv.join(' ')}: ${stderr.trim()}`);
  });
}
