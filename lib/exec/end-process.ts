import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../env/clock.js';
import { isAlive, type ProcessIdentity } from '../env/process-identity.js';
import { errnoOf } from '../errors/agent-error.js';

/**
 * Ends one process and leaves its children alone: SIGTERM, then SIGKILL after the grace period.
 *
 * @param graceMs 0 kills at once
 * @returns false when not even SIGKILL ended it within 3 s, or it is not ours to end
 */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<boolean> {
  if (graceMs > 0) {
    send(identity, 'SIGTERM');
    send(identity, 'SIGCONT'); // a stopped process would not see it
    if (await isGoneWithin(identity, graceMs)) return true;
  }
  send(identity, 'SIGKILL');
  return isGoneWithin(identity, 3000);
}

function send(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH' && errnoOf(error) !== 'EPERM') throw error;
  }
}

async function isGoneWithin(identity: ProcessIdentity, ms: number): Promise<boolean> {
  const until = systemClock.monotonic() + ms;
  for (let pause = 2; isAlive(identity); pause = Math.min(pause * 2, 50)) {
    if (systemClock.monotonic() >= until) return false;
    await delay(pause);
  }
  return true;
}
