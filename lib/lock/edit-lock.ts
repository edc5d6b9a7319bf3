import { join } from 'node:path';
import type { Paths } from '../env/paths.js';
import { AgentError } from '../errors/agent-error.js';
import { withLock } from './lock.js';

/** Edits take milliseconds; who waits longer than this waits for something that hangs. */
const waitMs = 60_000;

/**
 * Reads, judges and writes configuration files while nobody else on this node does: of two changes of
 * one file the second sees the first. Actions are not waited for, they have read their file. Where no
 * lock can be made, by another account or on a full disk, the edit itself says what cannot be done.
 *
 * @param intent what the others are told: the command
 * @param dryRun it writes nothing, not even the file of a lock
 * @throws LockBusyError
 */
export async function whileEditing<T>(
  { locks }: Pick<Paths, 'locks'>,
  intent: string,
  work: () => T | Promise<T>,
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<T> {
  if (dryRun) return work();
  const options = { intent, waitMs, object: 'the configuration' };
  let begun = false;
  const begin = () => {
    begun = true;
    return work();
  };
  try {
    return await withLock(join(locks, 'edit'), options, begin);
  } catch (error) {
    const isLockless = !begun && error instanceof AgentError && error.code === 'E_LOCK_FILE';
    if (!isLockless) throw error;
    return work();
  }
}
