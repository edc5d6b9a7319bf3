import { defineKeywords, type Values } from '../../config/keyword.js';
import { ownershipKeywords } from '../ownership.js';

/** Keywords of everything that is mounted (spec service 8.3). */
export const mountKeywords = defineKeywords({
  dev: {
    kind: 'string',
    required: true,
    scopable: true,
    text: 'What is mounted: a device, `UUID=…`, `LABEL=…`, a directory (bind), a file (loop), `host:/path`, or `none`.',
  },
  mnt: { kind: 'path', required: true, scopable: true, text: 'Mount point; made when missing.' },
  mnt_opt: { kind: 'string', scopable: true, text: 'Mount options, separated by commas.' },
  stat_timeout: {
    kind: 'duration',
    default: '5s',
    scopable: true,
    text: 'How long the file system has to answer before its status is `warn`.',
  },
  ...ownershipKeywords,
});

/** Those of file systems that can be made on a device. */
export const formatKeywords = defineKeywords({
  ...mountKeywords,
  snap_size: {
    kind: 'size_or_share',
    default: '10%',
    scopable: true,
    text: 'Size of the snapshots that a sync takes of its volume.',
  },
  mkfs_opt: {
    kind: 'shlex',
    scopable: true,
    provisioning: true,
    text: 'Options for the program that makes the file system.',
  },
  vg: {
    kind: 'string',
    scopable: true,
    provisioning: true,
    text: 'Volume group: `dev` is a logical volume of it that provision makes and unprovision removes.',
  },
  size: {
    kind: 'size_or_share',
    scopable: true,
    provisioning: true,
    text: 'Size of that volume, or a share of its group: `50%FREE`.',
  },
});

export type MountKeywords = Values<typeof mountKeywords>;

export function mountOptions({ mnt_opt = '' }: Pick<MountKeywords, 'mnt_opt'>): string[] {
  return mnt_opt
    .split(',')
    .map((option) => option.trim())
    .filter(Boolean);
}

export function isBind(kw: Pick<MountKeywords, 'mnt_opt'>): boolean {
  return mountOptions(kw).some((option) => /^r?bind$/.test(option));
}
