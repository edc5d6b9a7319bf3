/** sync.zfssnap: snapshots of datasets, the newest of which are kept. */
import { defineKeywords, type Values } from '../../config/keyword.js';
import {
  type ActionContext,
  defineDriver,
  type Note,
  type ReadContext,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { parseZfsSnapshots, zfsSnapshotsArgv } from '../../host/zfs.js';
import { silentError } from '../storage-questions.js';
import { datasetOn, destroyed, withoutSlashes } from './dataset.js';
import { passGates } from './gates.js';
import { seriesKeywords } from './keywords.js';
import { changeOn } from './side.js';
import { keptOf, reportOf, snapshotName, snapshotsOfSeries, troubleOf } from './snapshot-names.js';

const keywords = defineKeywords({
  ...seriesKeywords,
  dataset: {
    kind: 'list',
    required: true,
    scopable: true,
    text: 'The datasets that snapshots are taken of.',
  },
  recursive: {
    kind: 'boolean',
    default: 'true',
    scopable: true,
    text: 'Of the datasets below as well.',
  },
});

type Keywords = Values<typeof keywords>;

export default defineDriver<Keywords>({
  id: 'sync.zfssnap',
  describe: 'Snapshots of datasets of zfs, kept on this node.',
  keywords,
  label: ({ name, dataset }) =>
    `zfs ${name === undefined ? '' : `'${name}' `}snapshot ${dataset.map(withoutSlashes).join(', ')}`,

  async status(kw, context) {
    const notes: Note[] = [];
    let isHere = false;
    for (const dataset of kw.dataset.map(withoutSlashes)) {
      const paths = await snapshotsOf(dataset, context);
      if (paths === undefined) {
        notes.push({ level: 'info', text: `${dataset} is not on this node` });
        continue;
      }
      isHere = true;
      const facts = {
        keep: keptOf(kw),
        maxDelayMs: kw.sync_max_delay,
        now: context.clock.now(),
      };
      notes.push(...troubleOf(dataset, snapshotsOfSeries(paths, '', kw), facts));
    }
    return isHere ? reportOf(notes) : { status: 'n/a', notes };
  },

  sync: { update: takeAll },
});

async function takeAll(kw: Keywords, context: ActionContext): Promise<void> {
  await passGates(context);
  const fresh = snapshotName(kw, context.clock.now());
  const recursive = kw.recursive ? ['-r'] : [];
  for (const name of kw.dataset.map(withoutSlashes)) {
    const dataset = await datasetOn(name, kw, context);
    if (dataset.snapshots.has(fresh)) {
      context.log.info(`${name}@${fresh} exists already`);
      continue;
    }
    const take = ['zfs', 'snapshot', ...recursive, `${name}@${fresh}`];
    await changeOn(dataset, [take], context);
    const older = snapshotsOfSeries([...dataset.snapshots.keys()], '', kw);
    const surplus = older.slice(keptOf(kw) - 1).flatMap(({ path }) => destroyed(path, dataset));
    await changeOn(dataset, surplus, context);
  }
}

/**
 * Names of the snapshots of a dataset; undefined when it is not here.
 * @throws AgentError `E_SILENT` when its pool hangs
 */
async function snapshotsOf(dataset: string, context: ReadContext): Promise<string[] | undefined> {
  const pool = `pool ${dataset.split('/')[0]}`;
  const answer = await context.probePlace(pool, zfsSnapshotsArgv(dataset), {
    timeoutMs: 10_000,
  });
  if (answer.state === 'silent') throw silentError(pool, answer.pid);
  const { exitCode, stdout, stderr } = answer.result;
  if (exitCode === 0) return [...parseZfsSnapshots(stdout).keys()];
  if (stderr.includes('does not exist')) return undefined;
  throw new AgentError('E_ZFS', `zfs ${dataset}: ${stderr.trim()}`, { exit: 'unavailable' });
}
