import { isMissingCommand, type Run } from '../exec/run.js';
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
  /**
   * It did not answer. `stuckPids` are probes that not even SIGKILL ended: remember the mount and do
   * not ask again while one of them lives.
   */
  | { readonly mount: Mount; readonly state: 'timeout'; readonly stuckPids: readonly number[] }
  | { readonly mount: Mount; readonly state: 'error'; readonly why: string }
  /** Left out because an earlier probe still hangs. */
  | { readonly mount: Mount; readonly state: 'skipped' };

export interface ProbeOptions {
  /** For each mount. */
  timeoutMs?: number;
  /** Mounts asked at a time; default 8. */
  parallel?: number;
  /** True for mounts that are known to hang. */
  isKnownDead?: (mount: Mount) => boolean;
}

/**
 * Asks every file system for its use, each in a child process of its own: a dead mount hangs whoever
 * asks it. Never throws for a mount; the answers are in the order of `mounts`. File systems of other
 * hosts are asked last, so that dead ones hold up nobody.
 */
export async function probeMounts(
  run: Run,
  mounts: readonly Mount[],
  options: ProbeOptions = {},
): Promise<MountProbe[]> {
  const queue = [...mounts.keys()].sort(
    (a, b) => Number(isRemoteAt(mounts, a)) - Number(isRemoteAt(mounts, b)) || a - b,
  );
  const probes: MountProbe[] = [];
  const worker = async () => {
    for (let n = queue.shift(); n !== undefined; n = queue.shift()) {
      const mount = mounts[n];
      if (!mount) continue;
      probes[n] = options.isKnownDead?.(mount)
        ? { mount, state: 'skipped' }
        : await probeMount(run, mount, options.timeoutMs ?? 5000);
    }
  };
  await Promise.all(Array.from({ length: options.parallel ?? 8 }, worker));
  return probes;
}

function isRemoteAt(mounts: readonly Mount[], n: number): boolean {
  const mount = mounts[n];
  return mount !== undefined && isRemote(mount);
}

/** Block size, blocks, free, available, inodes, free inodes: coreutils and busybox agree on these. */
const format = '%S %b %f %a %c %d';

async function probeMount(run: Run, mount: Mount, timeoutMs: number): Promise<MountProbe> {
  try {
    const result = await run(['stat', '-f', '-c', format, '--', mount.mountPoint], {
      timeoutMs,
      graceMs: 0,
      vanishMs: 300,
    });
    if (result.timedOut) return { mount, state: 'timeout', stuckPids: result.stuckPids };
    const use = result.exitCode === 0 ? parseStatfs(result.stdout) : undefined;
    if (use) return { mount, state: 'ok', use };
    return { mount, state: 'error', why: result.stderr.trim() || `stat exited ${result.exitCode}` };
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
