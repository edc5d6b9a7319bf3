import { type LockOptions, withLock } from '../lock/lock.js';
import type { Service } from './service.js';

type Place = Pick<Service, 'directory'>;

/**
 * The lock that actions on a service take: whoever holds it is at work.
 * @param kind of actions that keep only each other waiting: `sync`
 */
export function actionLock({ directory }: Place, kind?: 'sync'): string {
  return kind === undefined ? `${directory}/lock.generic` : `${directory}/lock.generic.${kind}`;
}

/** How long an action waits for another one when nothing says otherwise. */
export const defaultLockWaitMs = 60_000;

/** Runs `work` while no action runs on the service, copies included. @throws LockBusyError */
export function underActionLocks<T>(
  place: Place,
  options: LockOptions,
  work: () => T | Promise<T>,
): Promise<T> {
  return actionLocks(place).reduceRight<() => Promise<T>>(
    (inner, lock) => () => withLock(lock, options, inner),
    async () => work(),
  )();
}

export function actionLocks(place: Place): readonly string[] {
  return [actionLock(place), actionLock(place, 'sync')];
}
