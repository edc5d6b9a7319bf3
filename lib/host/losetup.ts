import type { FileFacts } from './file-facts.js';

/** One attached loop device (losetup(8)). */
export interface LoopDevice {
  /** `/dev/loop0`. */
  readonly device: string;
  /** Path of the file as the kernel knows it; ` (deleted)` follows when it is gone. */
  readonly file: string;
  /** Of the file: which inode of which file system. */
  readonly inode: number;
  readonly deviceNumber: string;
}

/** Lists the loop devices for `parseLosetup`. */
export const losetupArgv = [
  'losetup',
  '--list',
  '--json',
  '--output',
  'NAME,BACK-FILE,BACK-INO,BACK-MAJ:MIN',
] as const;

/** Output of `losetupArgv`: nothing at all where no device is attached (util-linux before 2.37). */
export function parseLosetup(text: string): LoopDevice[] {
  if (text.trim() === '') return [];
  const { loopdevices = [] } = JSON.parse(text) as {
    loopdevices?: Readonly<Record<string, string | number | null>>[];
  };
  return loopdevices.map((row) => ({
    device: String(row['name']),
    file: String(row['back-file'] ?? ''),
    inode: Number(row['back-ino']),
    deviceNumber: String(row['back-maj:min'] ?? '').trim(),
  }));
}

/**
 * The loop devices that hold a file. The name alone does not do: a container may have attached
 * another file of that name. A file that was deleted meanwhile is known by nothing but its name.
 *
 * @param path without symbolic links
 * @param facts of the file, undefined when it is missing
 */
export function loopsOf(
  loops: readonly LoopDevice[],
  path: string,
  facts: Pick<FileFacts, 'inode' | 'deviceNumber'> | undefined,
): LoopDevice[] {
  return loops.filter(
    ({ file, inode, deviceNumber }) =>
      file === `${path} (deleted)` ||
      (inode === facts?.inode && deviceNumber === facts.deviceNumber),
  );
}
