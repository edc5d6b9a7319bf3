import type { ProcessIdentity } from '../env/process-identity.js';

/**
 * Makes the tokens of this process's runs: unique on this node for ever, in the form of a UUID of
 * version 8 (RFC 9562) because dead-man switches want one. Time, process and a counter are enough;
 * a tick need not load a random generator for them.
 */
export function runTokens({ pid, startTime }: ProcessIdentity, now: number): () => string {
  const hex = (value: number, digits: number): string =>
    (value % 16 ** digits).toString(16).padStart(digits, '0');
  const time = hex(now, 12);
  const owner = hex(pid, 6) + hex(startTime, 6);
  let count = 0;
  return () => {
    count += 1;
    const low = hex(count, 3);
    const high = hex(Math.floor(count / 4096), 3);
    return `${time.slice(0, 8)}-${time.slice(8)}-8${low}-8${high}-${owner}`;
  };
}
