import { join } from 'node:path';
import type { Paths } from '../env/paths.js';
import { withLock } from './lock.js';

/** Edits take milliseconds; who waits longer than this waits for something that hangs. */
const waitMs = 60_000;

/**
 * Reads, judges and writes configuration files while nobody else on this node does: of two changes of
 * one file the second sees the first. Actions are not waited for, they have read their file.
 *
 * @param intent what the others are told: the command
 * @throws LockBusyError
 */
export function whileEditing<T>(
  { locks }: Pick<Paths, 'locks'>,
  intent: string,
  work: () => T | Promise<T>,
): Promise<T> {
  return withLock(join(locks, 'edit'), { intent, waitMs, object: 'the configuration' }, work);
}
