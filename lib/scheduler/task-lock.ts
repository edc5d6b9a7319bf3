import { join } from 'node:path';
import type { Paths } from '../env/paths.js';
import type { TaskKey } from '../store/tasks.js';

/** The lock that a task holds while it runs. */
export function taskLockPath(paths: Paths, { scope, action, section }: TaskKey): string {
  return join(paths.locks, encodeURIComponent(`${scope} ${action} ${section}`));
}
