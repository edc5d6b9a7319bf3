import { basename, join } from 'node:path';
import type { ActionContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { parseVolumeFacts, type VolumeFacts, volumeFactsArgv } from '../../host/lvm.js';
import type { Mount } from '../../host/mounts.js';
import { placeOf } from '../../host/place.js';
import { argvOfCommand } from '../../task/command-text.js';
import { changeLvm, lvmEnvironment } from '../disk/lvm-questions.js';
import { mountTable } from '../storage-questions.js';

/** A logical volume with the file system on it. */
interface Volume {
  readonly mount: Mount;
  readonly facts: VolumeFacts;
}

/**
 * Gives some work the files as they were at one moment: from snapshots of the logical volumes that
 * they lie on, which are gone afterwards.
 *
 * @param paths of files on mounted logical volumes
 * @param work gets where they are in the snapshots, in the same order
 * @throws AgentError `E_NO_LV` for a path that lies elsewhere
 */
export async function withSnapshots(
  paths: readonly string[],
  context: ActionContext,
  work: (paths: readonly string[]) => Promise<void>,
): Promise<void> {
  const volumes = new Map<string, Volume>();
  const placed: string[] = [];
  const root = join(context.paths.run, 'snap', nameOf(context));
  const mounts = await mountTable(context);
  for (const path of paths) {
    const { mount } = placeOf(path, mounts);
    const known = mount && volumes.get(mount.device);
    if (!known) volumes.set(mount?.device ?? '', await volumeOf(path, mount, context));
    // `/./`: with -R what follows is the path at the other end, as without a snapshot.
    placed.push(`${root}/.${path}`);
  }
  const taken: Volume[] = [];
  const remove = async (): Promise<void> => {
    for (const volume of taken.reverse()) await removeSnapshot(volume, root, context);
  };
  try {
    await runTrigger('presnap_trigger', context.service.snapTriggers.before, context);
    try {
      for (const volume of volumes.values()) {
        await removeLeft(volume, root, context);
        await takeSnapshot(volume, context);
        taken.push(volume);
      }
    } finally {
      // What was brought to rest goes on, whatever became of the snapshots.
      await runTrigger('postsnap_trigger', context.service.snapTriggers.after, context);
    }
    for (const volume of volumes.values()) await mountSnapshot(volume, root, context);
    await work(placed);
  } catch (error) {
    await remove().catch((second: unknown) => context.log.warn(String(second)));
    throw error;
  }
  await remove();
}

function nameOf({ service, rid }: ActionContext): string {
  return `${service.scope.replaceAll('/', '.')}.${rid.replace('#', '.')}`;
}

async function volumeOf(
  path: string,
  mount: Mount | undefined,
  { probe }: ActionContext,
): Promise<Volume> {
  const device = mount?.device ?? 'nothing';
  if (mount && device.startsWith('/dev/')) {
    const { exitCode, stdout } = await probe(volumeFactsArgv(device), { env: lvmEnvironment });
    const facts = exitCode === 0 ? parseVolumeFacts(stdout) : undefined;
    if (facts) return { mount, facts };
  }
  throw new AgentError('E_NO_LV', `snap: ${path} lies on ${device}, which is no logical volume`, {
    exit: 'config',
    remedy: 'set `snap = false`, or move the files to a logical volume',
  });
}

const snapshotOf = ({ facts }: Volume): string => `osvc_sync_${facts.name}`;
const deviceOf = (volume: Volume): string => `/dev/${volume.facts.group}/${snapshotOf(volume)}`;

async function takeSnapshot(volume: Volume, context: ActionContext): Promise<void> {
  const { group, name } = volume.facts;
  const size = sizeOf(volume, context);
  const words = ['-n', snapshotOf(volume), `${group}/${name}`];
  await changeLvm(['lvcreate', '-A', 'n', '-s', ...size, ...words], context);
}

/** As the file system says by its keyword `snap_size`; a tenth of the volume without one. */
function sizeOf({ mount, facts }: Volume, { siblings }: ActionContext): string[] {
  const owner = siblings.find(
    ({ group, values }) => group === 'fs' && values?.['mnt'] === mount.mountPoint,
  );
  const wanted = owner?.values?.['snap_size'] ?? '10%';
  const [, share, of] = /^(\d+)%(\w*)$/.exec(String(wanted)) ?? [];
  if (share !== undefined && of !== '' && of !== 'ORIGIN') return ['-l', String(wanted)];
  const bytes = share === undefined ? Number(wanted) : (facts.sizeBytes * Number(share)) / 100;
  return [`-L${Math.max(1, Math.ceil(bytes / 2 ** 20))}M`];
}

async function mountSnapshot(volume: Volume, root: string, context: ActionContext): Promise<void> {
  const { mountPoint, type } = volume.mount;
  const place = join(root, mountPoint);
  // Its uuid is that of the mounted origin; a log to be replayed would be a write.
  const options = type === 'xfs' ? 'ro,nouuid,norecovery' : 'ro';
  await context.change(['mkdir', '-p', place], { shows: 'nothing' });
  await context.change(['mount', '-t', type, '-o', options, deviceOf(volume), place]);
}

async function removeSnapshot(
  volume: Volume,
  root: string,
  context: ActionContext,
  { isLeft = false } = {},
): Promise<void> {
  // An interrupted action leaves nothing behind either.
  const options = { signal: new AbortController().signal };
  const place = join(root, volume.mount.mountPoint);
  const isMounted = (await context.probe(['mountpoint', '-q', place])).exitCode === 0;
  if (isMounted || (context.dryRun && !isLeft)) await context.change(['umount', place], options);
  await changeLvm(['lvremove', '-f', deviceOf(volume)], context, options);
}

/** What a killed run left is of another moment. */
async function removeLeft(volume: Volume, root: string, context: ActionContext): Promise<void> {
  const argv = volumeFactsArgv(deviceOf(volume));
  const { exitCode, stdout } = await context.probe(argv, { env: lvmEnvironment });
  if (exitCode !== 0 || parseVolumeFacts(stdout)?.name !== basename(deviceOf(volume))) return;
  await removeSnapshot(volume, root, context, { isLeft: true });
}

/** One that fails is told; the snapshot is taken all the same. */
async function runTrigger(
  name: string,
  command: string | undefined,
  context: ActionContext,
): Promise<void> {
  if (command === undefined) return;
  try {
    await context.change(argvOfCommand(command), {
      announce: `${name}: ${command}`,
      streams: true,
      timeoutMs: 0,
      env: { ...context.environment, LANG: 'C' },
    });
  } catch (error) {
    if (!(error instanceof AgentError) || context.signal.aborted) throw error;
    context.log.error(error.message);
  }
}
