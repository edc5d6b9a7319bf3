import type { Service } from './service.js';

type Place = Pick<Service, 'directory'>;

/**
 * The lock that actions on a service take: whoever holds it is at work.
 * @param kind of actions that keep only each other waiting: `sync`
 */
export function actionLock({ directory }: Place, kind?: 'sync'): string {
  return kind === undefined ? `${directory}/lock.generic` : `${directory}/lock.generic.${kind}`;
}

export function actionLocks(place: Place): readonly string[] {
  return [actionLock(place), actionLock(place, 'sync')];
}
