import type { KeywordTable } from '../../config/keyword.js';
import {
  type ActionContext,
  type Driver,
  defineDriver,
  type ReadContext,
  type StatusReport,
} from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { parseStat, statArgv } from '../../host/file-facts.js';
import type { Mount } from '../../host/mounts.js';
import { makeDirectory } from '../make-directory.js';
import { fixOwnership } from '../ownership.js';
import { silentError, silentText } from '../storage-questions.js';
import { type Found, findMount } from './find-mount.js';
import { type Format, isFormatted, makeFileSystem } from './format.js';
import { mountArgv } from './mount-argv.js';
import { mountTroubles } from './mount-health.js';
import { formatKeywords, type MountKeywords, mountKeywords } from './mount-keywords.js';
import { removeMountPoint } from './mount-point.js';
import { readSource, type Source, withoutSlashes } from './source.js';
import { unmount } from './unmount.js';
import { provisionVolume, unprovisionVolume, type VolumeKeywords } from './volume.js';

/** What file systems of one type have of their own. */
export interface MountType {
  /** `fs.ext4`. */
  readonly id: string;
  readonly describe: string;
  /** For `mount -t` and in front of the label; undefined: mount(8) finds out. */
  readonly type: string | undefined;
  /** Before each mount. */
  readonly check?: {
    argv(device: string): readonly string[];
    readonly acceptExitCodes?: readonly number[];
  };
  /** In place of mount(8). */
  mount?(kw: FormatKeywords, context: ActionContext): Promise<void>;
  /** In place of umount(8): `find` says where it is mounted still. */
  unmount?(
    kw: FormatKeywords,
    find: () => Promise<Mount | undefined>,
    context: ActionContext,
  ): Promise<void>;
  readonly format?: Format;
  /** Default: what is made on a device is mounted by one node at a time. */
  readonly isForOneNode?: boolean;
  /** After it was made, on its device. */
  finish?(kw: FormatKeywords, device: string, context: ActionContext): Promise<void>;
}

export interface FormatKeywords extends MountKeywords, VolumeKeywords {
  readonly mkfs_opt?: readonly string[] | undefined;
}

/** A driver for file systems that mount(8) mounts, one for each type. */
export function defineMount(kind: MountType): Driver<FormatKeywords> & { keywords: KeywordTable } {
  const { id, describe, type, format } = kind;
  const labelOf = ({ dev, mnt }: MountKeywords): string =>
    `${type === undefined ? '' : `${type} `}${dev}@${mnt}`;

  /** Looks at the source, then for it in the mount table. */
  async function look(
    kw: MountKeywords,
    context: ReadContext,
  ): Promise<{ source: Source; found: Found }> {
    const timeoutMs = kw.stat_timeout;
    const source = await readSource(kw, context);
    return { source, found: await findMount({ mnt: kw.mnt, type, timeoutMs }, source, context) };
  }

  async function stop(kw: FormatKeywords, context: ActionContext): Promise<void> {
    const { source, found } = await look(kw, context);
    if (!found.ours) {
      context.log.info(`${labelOf(kw)} is already umounted`);
      return;
    }
    if (found.other) throw hiddenError(found);
    const find = async () => (await look(kw, context)).found.ours;
    if (kind.unmount) await kind.unmount(kw, find, context);
    else await unmount({ find, isBind: source.kind === 'directory' }, context);
  }

  return defineDriver<FormatKeywords>({
    id,
    describe,
    keywords: format ? formatKeywords : mountKeywords,
    label: labelOf,
    sortKey: ({ mnt }) => withoutSlashes(mnt),
    isForOneNode: kind.isForOneNode ?? format !== undefined,

    async status(kw, context): Promise<StatusReport> {
      const { source, found } = await look(kw, context);
      const { ours, other } = found;
      const warn = (text: string) => ({ level: 'warn', text }) as const;
      if (!ours) {
        return { status: 'down', notes: other ? [warn(takenText(found))] : [] };
      }
      if (source.kind === 'silent') {
        return { status: 'warn', notes: [warn(silentText(kw.dev, source.pid))] };
      }
      const notes = [
        ...(other ? [warn(hiddenText(found))] : []),
        ...(source.kind === 'missing' ? [warn(`${kw.dev} does not exist`)] : []),
        ...(await mountTroubles(kw, ours, context)),
      ];
      return { status: notes.length > 0 ? 'warn' : 'up', notes };
    },

    async conflict(kw, context) {
      const { found } = await look(kw, context);
      return !found.ours && found.other ? takenText(found) : undefined;
    },

    async start(kw, context) {
      const { source, found } = await look(kw, context);
      if (found.ours) {
        if (found.other) throw hiddenError(found);
        context.log.info(`${labelOf(kw)} is already mounted`);
        await fixMounted(kw, context);
        return;
      }
      if (found.other) {
        throw new AgentError('E_MOUNT_POINT_TAKEN', takenText(found), {
          remedy: 'unmount that, or correct `mnt`',
        });
      }
      if (source.kind === 'silent') throw silentError(kw.dev, source.pid);
      // A dry run has not started what the device stands on.
      if (source.kind === 'missing' && !context.dryRun) throw missingError(source);
      await makeDirectory(withoutSlashes(kw.mnt), context);
      if (kind.check && source.kind !== 'directory') {
        const { argv, acceptExitCodes = [0] } = kind.check;
        await context.change(argv(source.argument), { acceptExitCodes, timeoutMs: 0 });
      }
      if (kind.mount) await kind.mount(kw, context);
      else await context.change(mountArgv(type, kw, source));
      context.undo(() => stop(kw, context));
      if (!context.dryRun && !(await look(kw, context)).found.ours) {
        throw new AgentError('E_NOT_MOUNTED', `${kw.dev} is not on ${kw.mnt} after its mount`, {
          remedy: `look at \`findmnt ${kw.mnt}\``,
        });
      }
      await fixMounted(kw, context);
    },

    stop,

    async devices(kw, context) {
      const source = await readSource(kw, context);
      return { exposed: [], base: source.kind === 'device' ? source.devices.slice(0, 1) : [] };
    },

    ...(format && {
      async provisioned(kw: FormatKeywords, context: ReadContext) {
        const { source, found } = await look(kw, context);
        return found.ours !== undefined || (await isFormatted(format, source, context));
      },

      async provision(kw: FormatKeywords, context: ActionContext) {
        await provisionVolume(kw, context);
        const { source } = await look(kw, context);
        const device = await makeFileSystem(
          { format, source, options: kw.mkfs_opt ?? [], label: fileSystemLabel(context) },
          context,
        );
        await kind.finish?.(kw, device, context);
      },
    }),

    /** The data stay where they are, unless their volume was made for them. */
    async unprovision(kw, context) {
      await removeMountPoint(withoutSlashes(kw.mnt), context);
      if (format) await unprovisionVolume(kw, context);
    },
  }) as Driver<FormatKeywords> & { keywords: KeywordTable };
}

/** `<name>.<rid with .>`: by this label a file system is found again. */
export function fileSystemLabel({ service, rid }: ReadContext): string {
  return `${service.path.name}.${rid.replace('#', '.')}`;
}

async function fixMounted(kw: MountKeywords, context: ActionContext): Promise<void> {
  if ((kw.user ?? kw.group ?? kw.perm) === undefined) return;
  // A dry run sees the mount point without the file system.
  if (context.dryRun) return fixOwnership(kw, kw.mnt, undefined, context);
  const answer = await context.probePlace(kw.mnt, [...statArgv, kw.mnt], {
    timeoutMs: kw.stat_timeout,
  });
  if (answer.state === 'silent') throw silentError(kw.mnt, answer.pid);
  await fixOwnership(kw, kw.mnt, parseStat(answer.result.stdout), context);
}

function takenText({ mountPoint, other }: Found): string {
  return `${mountPoint} is taken: ${other?.type} ${other?.device} is mounted there`;
}

function hiddenText({ mountPoint, other }: Found): string {
  return `${mountPoint} is hidden: ${other?.type} ${other?.device} is mounted over it`;
}

function hiddenError(found: Found): AgentError {
  return new AgentError('E_MOUNT_HIDDEN', hiddenText(found), { remedy: 'unmount that first' });
}

function missingError({ argument }: Source): AgentError {
  return new AgentError('E_NO_DEVICE', `${argument} does not exist`, {
    remedy: 'start or provision what it stands on, or correct `dev`',
  });
}
