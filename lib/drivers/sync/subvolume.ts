import { join } from 'node:path';
import type { ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { showCommand } from '../../exec/run.js';
import { listSubvolumesArgv, parseSubvolumes } from '../../host/btrfs.js';

/** A subvolume by the label of its file system and its path below the top. */
export interface SubvolumePlace {
  readonly label: string;
  readonly path: string;
}

/**
 * @param text `<label>:<subvolume>`
 * @throws AgentError `E_CONFIG`
 */
export function parseSubvolumePlace(keyword: string, text: string): SubvolumePlace {
  const at = text.indexOf(':');
  const path = text.slice(at + 1).replace(/^\/+|\/+$/g, '');
  const isPath = path.split('/').every((word) => !['', '.', '..'].includes(word));
  if (at > 0 && isPath) return { label: text.slice(0, at), path };
  throw new AgentError('E_CONFIG', `${keyword}: "${text}" is not <label>:<subvolume>`, {
    exit: 'config',
    remedy: `write the label of the file system and the path below its top: ${keyword} = data:web`,
  });
}

/** A btrfs file system whose top is mounted for us alone. */
export interface Top {
  /** Undefined: this node. */
  readonly node: string | undefined;
  /** Where its top is. */
  readonly directory: string;
  /** What it had when it was mounted, see `parseSubvolumes`. */
  readonly subvolumes: ReadonlyMap<string, string>;
  /** Where else a subvolume is mounted; undefined: nowhere. */
  mountPointOf(path: string): string | undefined;
}

/** A large file system takes a while to be mounted. */
const mountTimeoutMs = 300_000;

/**
 * Mounts the top of a file system for some work: a snapshot lies beside what it is of, wherever that
 * one is mounted. In a dry run nothing is mounted, and nothing is known.
 *
 * @param place `node` undefined: this node
 * @throws AgentError `E_NO_BTRFS` when there is no such file system, or the node does not answer
 */
export async function withTop<T>(
  { label, node, dryRun }: { label: string; node?: string | undefined; dryRun: boolean },
  context: ReadContext,
  work: (top: Top) => Promise<T>,
): Promise<T> {
  const directory = topOf(label, context);
  if (dryRun) {
    return work({ node, directory, subvolumes: new Map(), mountPointOf: () => undefined });
  }
  const ask = (text: string) => {
    const argv = ['sh', '-c', text];
    const options = { timeoutMs: mountTimeoutMs, maxOutputBytes: 64 << 20 };
    return context.probe(node === undefined ? argv : context.peers.argv(node, argv), options);
  };
  const { exitCode, stdout, stderr } = await ask(openText(label, directory));
  try {
    if (exitCode !== 0) {
      const why = stderr.trim().split('\n').at(-1) || 'no answer';
      throw new AgentError('E_NO_BTRFS', `btrfs ${label}: ${why}`, { exit: 'unavailable' });
    }
    const subvolumes = parseSubvolumes(stdout);
    return await work({ node, directory, subvolumes, mountPointOf: mountsIn(stdout, directory) });
  } finally {
    // Without a signal: an interrupted action leaves no mount behind either.
    const closed = await ask(closeText(directory));
    if (closed.exitCode !== 0 && exitCode === 0) context.log.warn(closed.stderr.trim());
  }
}

/**
 * What a killed run left mounted is used. Of mounted file systems btrfs asks the kernel for the label;
 * mount(8) believes the cache of libblkid, which others may be writing.
 */
function openText(label: string, directory: string): string {
  const place = showCommand([directory]);
  const show = `${showCommand(['btrfs', 'filesystem', 'show', label])} 2>/dev/null`;
  const mount = [
    `device=$(${show} | sed -n 's/^.* path //p' | head -n 1)`,
    `[ -n "$device" ] || device=${showCommand([`LABEL=${label}`])}`,
    `mount -t btrfs -o subvolid=5 "$device" ${place}`,
  ].join('; ');
  return [
    `{ mountpoint -q ${place} || { mkdir -p ${place} && { ${mount}; }; }; }`,
    showCommand(listSubvolumesArgv(directory)),
    'findmnt -rn -t btrfs -o MAJ:MIN,FSROOT,TARGET',
  ].join(' && ');
}

function closeText(directory: string): string {
  const place = showCommand([directory]);
  return `! mountpoint -q ${place} || umount ${place}; ! test -d ${place} || rmdir ${place}`;
}

function topOf(label: string, { paths, service, rid }: ReadContext): string {
  const name = [service.scope, rid.replace('#', '.'), label].join('.').replaceAll('/', '.');
  return join(paths.run, 'btrfs', name);
}

/** @param text lines of findmnt(8) among others */
function mountsIn(text: string, directory: string): Top['mountPointOf'] {
  const rows = text
    .split('\n')
    .filter((line) => /^\d+:\d+ /.test(line))
    .map((line) => line.split(' '));
  const number = rows.find(([, , target]) => target === directory)?.[0];
  return (path) => {
    const isBelow = (root = ''): boolean => root === `/${path}` || root.startsWith(`/${path}/`);
    return rows.find(([other, root]) => other === number && isBelow(root))?.[2];
  };
}

/** What removes a subvolume; nothing when there is none. */
export function removal(path: string, { directory, subvolumes }: Top): string[][] {
  if (!subvolumes.has(path)) return [];
  return [['btrfs', 'subvolume', 'delete', join(directory, path)]];
}
