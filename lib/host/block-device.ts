import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import { errnoOf } from '../errors/agent-error.js';
import { type HostRoot, listHostDirectory, readHostValue } from './host-file.js';

/** What sysfs says of a block device. */
export interface BlockDevice {
  /** `dm-0` for `/dev/mapper/vg-lv`. */
  readonly name: string;
  /** `major:minor`. */
  readonly number: string;
  /** Names of the devices that stand on it. */
  readonly holders: readonly string[];
}

/** A block device by any of its names below `/dev`; undefined when the kernel has none. */
export function readBlockDevice(path: string, root: HostRoot = '/'): BlockDevice | undefined {
  const name = basename(realDevice(path));
  const number = readHostValue(root, `sys/class/block/${name}/dev`);
  if (number === undefined) return undefined;
  return { name, number, holders: listHostDirectory(root, `sys/class/block/${name}/holders`) };
}

/** The node that a link below `/dev` leads to; the path itself when there is none. */
export function realDevice(path: string): string {
  if (!path.startsWith('/dev/')) return path;
  try {
    return realpathSync(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return path;
  }
}

/** The file that a loop device holds now, by the name it had; undefined for any other device. */
export function loopFile(device: string, root: HostRoot = '/'): string | undefined {
  return readHostValue(root, `sys/class/block/${basename(device)}/loop/backing_file`);
}

/** The devices of the btrfs file system, known to the kernel, that one of them belongs to. */
export function btrfsDevices(device: string, root: HostRoot = '/'): string[] {
  const name = basename(realDevice(device));
  const all = listHostDirectory(root, 'sys/fs/btrfs').map((id) =>
    listHostDirectory(root, `sys/fs/btrfs/${id}/devices`),
  );
  return (all.find((names) => names.includes(name)) ?? []).map((one) => `/dev/${one}`);
}
