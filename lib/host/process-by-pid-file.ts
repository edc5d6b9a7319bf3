import { readFileSync } from 'node:fs';
import { identityOf, type ProcessIdentity } from '../env/process-identity.js';
import { errnoOf } from '../errors/agent-error.js';
import { argvOfProcess } from './process-search.js';

/**
 * The process that a pid file names; undefined when it is gone. Pids are used again: it counts only
 * when it was started with this word.
 */
export function findByPidFile(file: string, word: string): ProcessIdentity | undefined {
  const pid = Number(readPid(file));
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const identity = identityOf(pid);
  return identity && argvOfProcess(pid).includes(word) ? identity : undefined;
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}
