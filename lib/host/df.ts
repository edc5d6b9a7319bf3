import { isMissingCommand } from '../exec/run.js';
import type { AskPlace } from './hanging.js';
import { isRemote, type Mount } from './mounts.js';

/** Space and inodes of one file system, as df(1) counts them. */
export interface FileSystemUse {
  readonly sizeKib: number;
  readonly usedKib: number;
  /** For ordinary users: what is reserved for root is neither used nor free. */
  readonly freeKib: number;
  /** Rounded up; null for a file system without blocks. */
  readonly usedPercent: number | null;
  readonly inodes: number;
  readonly usedInodes: number;
  readonly freeInodes: number;
  /** Null where inodes are made on demand (btrfs). */
  readonly usedInodesPercent: number | null;
}

export type MountProbe =
  | { readonly mount: Mount; readonly state: 'ok'; readonly use: FileSystemUse }
  /** It did not answer; `pid` is what hangs there, undefined when it could be ended. */
  | { readonly mount: Mount; readonly state: 'silent'; readonly pid: number | undefined }
  | { readonly mount: Mount; readonly state: 'error'; readonly why: string };

export interface ProbeOptions {
  /** For each mount. */
  timeoutMs?: number;
  /** Mounts asked at a time; default 8. */
  parallel?: number;
}

/**
 * Asks every file system for its use, each in a child process of its own: a dead mount hangs whoever
 * asks it. Never throws for a mount; the answers are in the order of `mounts`. File systems of other
 * hosts are asked last, so that dead ones hold up nobody.
 */
export async function probeMounts(
  ask: AskPlace,
  mounts: readonly Mount[],
  { timeoutMs = 5000, parallel = 8 }: ProbeOptions = {},
): Promise<MountProbe[]> {
  const queue = [...mounts.keys()].sort(
    (a, b) => Number(isRemoteAt(mounts, a)) - Number(isRemoteAt(mounts, b)) || a - b,
  );
  const probes: MountProbe[] = [];
  const worker = async () => {
    for (let n = queue.shift(); n !== undefined; n = queue.shift()) {
      const mount = mounts[n];
      if (mount) probes[n] = await probeMount(ask, mount, timeoutMs);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return probes;
}

function isRemoteAt(mounts: readonly Mount[], n: number): boolean {
  const mount = mounts[n];
  return mount !== undefined && isRemote(mount);
}

/** Block size, blocks, free, available, inodes, free inodes: coreutils and busybox agree on these. */
const format = '%S %b %f %a %c %d';

async function probeMount(ask: AskPlace, mount: Mount, timeoutMs: number): Promise<MountProbe> {
  const { mountPoint } = mount;
  try {
    const answer = await ask(mountPoint, ['stat', '-f', '-c', format, '--', mountPoint], {
      timeoutMs,
    });
    if (answer.state === 'silent') return { mount, state: 'silent', pid: answer.pid };
    const { exitCode, stdout, stderr } = answer.result;
    const use = exitCode === 0 ? parseStatfs(stdout) : undefined;
    if (use) return { mount, state: 'ok', use };
    return { mount, state: 'error', why: stderr.trim() || `stat exited ${exitCode}` };
  } catch (error) {
    if (isMissingCommand(error)) return { mount, state: 'error', why: 'stat is not installed' };
    throw error;
  }
}

export function parseStatfs(text: string): FileSystemUse | undefined {
  const numbers = text.trim().split(' ').map(Number);
  const [blockSize, blocks, free, available, inodes, freeInodes] = numbers;
  if (
    blockSize === undefined ||
    blocks === undefined ||
    free === undefined ||
    available === undefined ||
    inodes === undefined ||
    freeInodes === undefined ||
    numbers.some(Number.isNaN)
  ) {
    return undefined;
  }
  const kib = (count: number) => Math.floor((count * blockSize) / 1024);
  const used = blocks - free;
  const usedInodes = inodes - freeInodes;
  return {
    sizeKib: kib(blocks),
    usedKib: kib(used),
    freeKib: kib(available),
    usedPercent: percent(used, used + available),
    inodes,
    usedInodes,
    freeInodes,
    usedInodesPercent: percent(usedInodes, inodes),
  };
}

function percent(part: number, whole: number): number | null {
  return whole > 0 ? Math.ceil((part * 100) / whole) : null;
}
