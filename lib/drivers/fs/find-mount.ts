import type { ReadContext } from '../../driver/contract.js';
import { btrfsDevices, loopFile, realDevice } from '../../host/block-device.js';
import type { Mount } from '../../host/mounts.js';
import { placeOf } from '../../host/place.js';
import { mountTable } from '../storage-questions.js';
import { type DirectoryPlace, type Source, withoutSlashes } from './source.js';

/** What the mount table says of a mount point. */
export interface Found {
  /** The mount point as the kernel writes it. */
  readonly mountPoint: string;
  /** Our file system; undefined when it is not mounted there. */
  readonly ours: Mount | undefined;
  /** What hides ours, or stands where it should be. */
  readonly other: Mount | undefined;
}

/**
 * Looks for a source at a mount point, in the mount table alone: no file system is touched, unless a
 * symbolic link on one that may hang has to be followed.
 *
 * @param type as mount(8) got it; undefined: any
 */
export async function findMount(
  { mnt, type, timeoutMs }: { mnt: string; type: string | undefined; timeoutMs: number },
  source: Source,
  context: ReadContext,
): Promise<Found> {
  const mounts = await mountTable(context);
  const mountPoint = await realMountPoint(mnt, mounts, timeoutMs, context);
  const here = mounts.filter((mount) => mount.mountPoint === mountPoint);
  const ours = here.findLast((mount) => isSource(mount, source, type));
  const top = here.at(-1);
  return { mountPoint, ours, other: top === ours ? undefined : top };
}

async function realMountPoint(
  mnt: string,
  mounts: readonly Mount[],
  timeoutMs: number,
  context: ReadContext,
): Promise<string> {
  const text = withoutSlashes(mnt);
  if (mounts.some(({ mountPoint }) => mountPoint === text)) return text;
  const { path, mount, isSafe } = placeOf(text, mounts);
  if (isSafe || path === mount?.mountPoint) return path;
  const argv = ['readlink', '-f', '--', path];
  const answer = await context.probePlace(mount?.mountPoint ?? '/', argv, { timeoutMs });
  const real = answer.state === 'answered' ? answer.result.stdout.trim() : '';
  return real || path;
}

function isSource(mount: Mount, source: Source, type: string | undefined): boolean {
  switch (source.kind) {
    case 'device':
      return (
        source.numbers.includes(mount.deviceNumber) ||
        source.devices.includes(mount.device) ||
        // The table keeps the name that mount(8) was given.
        (mount.device.startsWith('/dev/') && source.devices.includes(realDevice(mount.device))) ||
        // Of several devices the table names one.
        (mount.type === 'btrfs' &&
          btrfsDevices(mount.device).some((device) => source.devices.includes(device)))
      );
    case 'directory':
      return isDirectory(mount, source.place);
    case 'name':
      return (
        withoutSlashes(mount.device) === withoutSlashes(source.argument) &&
        // mount.nfs(8) takes the newest version that the server has.
        (type === undefined || mount.type === type || mount.type === `${type}4`)
      );
    case 'silent':
      return isDirectory(mount, source.place) || isNamed(mount, source.argument);
    default:
      return isNamed(mount, source.argument);
  }
}

function isDirectory(mount: Mount, { deviceNumber, root }: DirectoryPlace): boolean {
  return mount.deviceNumber === deviceNumber && mount.root === root;
}

/** For what cannot be looked at, or is gone since it was mounted. */
function isNamed({ device }: Mount, path: string): boolean {
  return device === path || loopFile(device) === path;
}
