import { accessSync, constants } from 'node:fs';
import { basename, join } from 'node:path';
import type { Paths } from '../env/paths.js';
import { errnoOf } from '../errors/agent-error.js';
import { holderOf, type Lock, LockBusyError, type LockOptions, withLock } from '../lock/lock.js';
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

/**
 * Runs `work` under the lock of actions, or of one kind of them. Where the file system of the locks
 * went read-only, a service must still be stopped: then it is one beside those of the node.
 *
 * @throws LockBusyError
 */
export function withActionLock<T>(
  place: Place & Pick<Service, 'scope'>,
  { locks, var: home }: Pick<Paths, 'locks' | 'var'>,
  { kind, ...options }: LockOptions & { kind: 'sync' | undefined },
  work: (lock: Lock) => Promise<T>,
): Promise<T> {
  const usual = actionLock(place, kind);
  if (!isReadOnly(home)) return withLock(usual, options, work);
  const holder = holderOf(usual); // since before
  if (holder) throw new LockBusyError(usual, place.scope, holder);
  return withLock(
    join(locks, 'actions', encodeURIComponent(place.scope), basename(usual)),
    options,
    work,
  );
}

function isReadOnly(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return false;
  } catch (error) {
    return errnoOf(error) === 'EROFS';
  }
}

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
