import { type Stats, statSync } from 'node:fs';
import { errnoOf } from '../errors/agent-error.js';
import type { AskPlace } from './hanging.js';
import type { Mount } from './mounts.js';
import { placeOf } from './place.js';

/** What stat(2) says of a file, links followed. */
export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'block' | 'char' | 'other';
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** `major:minor` of the file system that it lies on. */
  readonly deviceNumber: string;
  readonly inode: number;
  /** `major:minor` of the device that it is, `0:0` for other files. */
  readonly ownDeviceNumber: string;
}

export type FileAnswer =
  | { readonly state: 'exists'; readonly facts: FileFacts }
  | { readonly state: 'missing' }
  /** Its file system does not answer. */
  | { readonly state: 'silent'; readonly pid: number | undefined };

/**
 * Looks at a file, through a child process where its file system may hang. What cannot be looked at
 * for another reason (no permission, too many links) counts as missing.
 */
export async function readFileFacts(
  ask: AskPlace,
  mounts: readonly Mount[],
  path: string,
  timeoutMs: number,
): Promise<FileAnswer> {
  const place = placeOf(path, mounts);
  if (place.isSafe) {
    const stat = statOf(place.path);
    return stat ? { state: 'exists', facts: factsOf(stat) } : { state: 'missing' };
  }
  const answer = await ask(place.mount?.mountPoint ?? '/', [...statArgv, place.path], {
    timeoutMs,
  });
  if (answer.state === 'silent') return answer;
  const { exitCode, stdout } = answer.result;
  const facts = exitCode === 0 ? parseStat(stdout) : undefined;
  return facts ? { state: 'exists', facts } : { state: 'missing' };
}

/** stat(1) with the output that `parseStat` reads; coreutils and busybox agree on it. */
export const statArgv = ['stat', '-L', '-c', '%f %u %g %s %d %i %t %T', '--'] as const;

/** One line of `statArgv`; undefined when it is none. */
export function parseStat(text: string): FileFacts | undefined {
  const words = text.trim().split(' ');
  const [mode = '', uid = '', gid = '', size = '', device = '', inode = ''] = words;
  const [major = '', minor = ''] = words.slice(6);
  if (words.length !== 8 || !/^[0-9a-f]+$/.test(mode)) return undefined;
  const bits = Number.parseInt(mode, 16);
  return {
    kind: kindOf(bits),
    mode: bits & 0o7777,
    uid: Number(uid),
    gid: Number(gid),
    sizeBytes: Number(size),
    deviceNumber: deviceNumberOf(Number(device)),
    inode: Number(inode),
    ownDeviceNumber: `${Number.parseInt(major, 16)}:${Number.parseInt(minor, 16)}`,
  };
}

export function factsOf(stat: Stats): FileFacts {
  return {
    kind: kindOf(stat.mode),
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    sizeBytes: stat.size,
    deviceNumber: deviceNumberOf(stat.dev),
    inode: stat.ino,
    ownDeviceNumber: deviceNumberOf(stat.rdev),
  };
}

/** `major:minor` of a `dev_t`, as glibc encodes it (makedev(3)). */
function deviceNumberOf(device: number): string {
  const major = (device / 2 ** 8) & 0xfff;
  const minor = (device & 0xff) | ((device / 2 ** 12) & 0xfff00);
  return `${major}:${minor}`;
}

/** Somebody may execute it. */
export function isExecutable({ mode }: FileFacts): boolean {
  return (mode & 0o111) !== 0;
}

/** Types of files in a mode (inode(7)). */
const kinds: ReadonlyMap<number, FileFacts['kind']> = new Map([
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o060000, 'block'],
  [0o020000, 'char'],
]);

function kindOf(mode: number): FileFacts['kind'] {
  return kinds.get(mode & 0o170000) ?? 'other';
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
