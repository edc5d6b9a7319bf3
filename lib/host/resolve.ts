import type { Run } from '../exec/run.js';
import { canonicalAddress, type Family, familyOf } from '../units/netmask.js';
import { readTool } from './tool.js';

/**
 * The address of a name, ipv4 first; a literal address is its own. It asks getent(1): a name server
 * that does not answer would hold up this process.
 *
 * @param family only that one
 * @returns undefined when the name is unknown or nobody answers in time
 */
export async function resolveAddress(
  run: Run,
  name: string,
  family?: Family,
): Promise<string | undefined> {
  const own = familyOf(name);
  if (own !== undefined) return canonicalAddress(name);
  for (const candidate of family === undefined ? (['inet', 'inet6'] as const) : [family]) {
    const database = candidate === 'inet' ? 'ahostsv4' : 'ahostsv6';
    const answer = await readTool(run, ['getent', database, name], { timeoutMs: 5000, graceMs: 0 });
    const address = answer === undefined ? undefined : parseHosts(answer);
    // ahostsv6 answers with mapped ipv4 addresses where there is no other.
    if (address !== undefined && familyOf(address) === candidate && !/^::ffff:/.test(address)) {
      return canonicalAddress(address);
    }
  }
  return undefined;
}

/** The first address of `getent ahosts`. */
export function parseHosts(text: string): string | undefined {
  return /^\S+/.exec(text)?.[0];
}
