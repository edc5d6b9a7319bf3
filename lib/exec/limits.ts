import { existsSync } from 'node:fs';
import { AgentError } from '../errors/agent-error.js';

/** Limits of setrlimit(2) by the names of prlimit(1); soft and hard alike. */
export type LimitName =
  | 'as'
  | 'core'
  | 'cpu'
  | 'data'
  | 'fsize'
  | 'memlock'
  | 'nofile'
  | 'nproc'
  | 'rss'
  | 'stack';

/** Bytes, seconds of processor time for `cpu`, numbers for `nofile` and `nproc`. */
export type Limits = Readonly<Partial<Record<LimitName, number>>>;

/**
 * What stands before the argv of a program to give it limits. It comes before the change of account:
 * only root may raise a hard limit.
 *
 * @throws AgentError `E_NO_COMMAND` when limits are wanted and prlimit(1) is missing
 */
export function limitPrefix(limits: Limits | undefined): string[] {
  const wanted = Object.entries(limits ?? {});
  if (wanted.length === 0) return [];
  const prlimit = ['/usr/bin/prlimit', '/bin/prlimit', '/usr/sbin/prlimit'].find(existsSync);
  if (prlimit === undefined) {
    throw new AgentError('E_NO_COMMAND', 'prlimit is not installed', {
      exit: 'unavailable',
      remedy: 'install util-linux, or remove the keywords limit_*',
    });
  }
  return [prlimit, ...wanted.map(([name, value]) => `--${name}=${value}:${value}`), '--'];
}
