import type { ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import { parseZfsSnapshots, zfsSnapshotsArgv } from '../../host/zfs.js';
import { sideOf } from './side.js';

/** A dataset of zfs, and what snapshots it had when it was looked at. */
export interface Dataset {
  readonly name: string;
  /** Undefined: this node. */
  readonly node: string | undefined;
  /** What is done to it is done to all below. */
  readonly recursive: boolean;
  /** Guids by name. */
  readonly snapshots: ReadonlyMap<string, string>;
}

/**
 * Looks at a dataset; one that does not exist has no snapshots.
 * @throws AgentError `E_ZFS` when that cannot be said
 */
export async function datasetOn(
  name: string,
  { recursive }: { recursive: boolean },
  context: Pick<ReadContext, 'peers' | 'probe'>,
  node?: string,
): Promise<Dataset> {
  const argv = sideOf(context, node).argv(zfsSnapshotsArgv(name));
  const { exitCode, stdout, stderr } = await context.probe(argv, { maxOutputBytes: 64 << 20 });
  if (exitCode !== 0 && !stderr.includes('does not exist')) {
    const why = stderr.trim().split('\n').at(-1) || 'no answer';
    throw new AgentError('E_ZFS', `zfs ${name}: ${why}`, { exit: 'unavailable' });
  }
  return { name, node, recursive, snapshots: parseZfsSnapshots(stdout) };
}

/** What destroys a snapshot; nothing when there is none. */
export function destroyed(
  snapshot: string,
  { name, recursive, snapshots }: Omit<Dataset, 'node'>,
): string[][] {
  if (!snapshots.has(snapshot)) return [];
  return [['zfs', 'destroy', ...(recursive ? ['-r'] : []), `${name}@${snapshot}`]];
}

export function withoutSlashes(name: string): string {
  return name.replace(/^\/+|\/+$/g, '');
}
