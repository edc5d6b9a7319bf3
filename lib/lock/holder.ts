import { existsSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { isAlive, type ProcessIdentity, selfIdentity } from '../env/process-identity.js';
import { AgentError, errnoOf } from '../errors/agent-error.js';

/** Who holds a lock, as told by the file beside it. Good for messages, never for a decision. */
export interface LockHolder extends ProcessIdentity {
  /** What the holder is doing: the action. */
  readonly intent: string;
  /** UTC milliseconds. */
  readonly since: number;
  /** The resources being worked on, joined by commas, when the holder tells. */
  readonly progress?: string;
}

/** What stands behind the name of a lock in that of the file. */
export const holderSuffix = '.holder';

const pathOf = (lock: string) => `${lock}${holderSuffix}`;

/**
 * The living process that holds the lock, without touching the lock. Undefined when nobody does;
 * what a killed process left behind is not believed.
 */
export function holderOf(lock: string): LockHolder | undefined {
  let holder: LockHolder;
  // Most locks are free: an exception for each of a thousand services would be felt.
  if (!existsSync(pathOf(lock))) return undefined;
  try {
    holder = JSON.parse(readFileSync(pathOf(lock), 'utf8')) as LockHolder;
  } catch {
    return undefined; // none, or being written
  }
  return isAlive(holder) ? holder : undefined;
}

/**
 * Asks the holder to end (SIGTERM).
 *
 * @returns who was asked; undefined: nobody holds it
 * @throws AgentError `E_NOT_PERMITTED`
 */
export function endHolder(lock: string): LockHolder | undefined {
  const holder = holderOf(lock);
  if (!holder) return undefined;
  try {
    process.kill(holder.pid, 'SIGTERM');
    return holder;
  } catch (cause) {
    if (errnoOf(cause) !== 'EPERM') return undefined; // it has ended meanwhile
    const { pid, intent } = holder;
    throw new AgentError('E_NOT_PERMITTED', `process ${pid} (${intent}) is not ours to end`, {
      exit: 'notPermitted',
      remedy: 'run it as the user of that process, or as root',
      cause,
    });
  }
}

export function writeHolder(
  lock: string,
  told: Pick<LockHolder, 'intent' | 'since' | 'progress'>,
): void {
  const holder: LockHolder = { ...selfIdentity(), ...told };
  try {
    writeFileSync(pathOf(lock), `${JSON.stringify(holder)}\n`, { mode: 0o644 });
  } catch {
    // A full disk costs the name in a message, not the lock.
  }
}

export function removeHolder(lock: string): void {
  try {
    unlinkSync(pathOf(lock));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'EROFS') throw error;
  }
}
