import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fullObjectPath } from '../../config/object-path.js';
import type { ReadContext } from '../../driver/contract.js';
import { AgentError } from '../../errors/agent-error.js';
import type { Link, LinkAddress } from '../../host/ip-links.js';
import { resolveAddress } from '../../host/resolve.js';
import { type Family, familyOf, prefixLengthOf } from '../../units/netmask.js';
import type { AddressKeywords } from './keywords.js';

/** What an ip resource is about. */
export interface Target {
  readonly address: string;
  readonly family: Family;
}

/** The address of a resource; undefined when its name resolves to nothing. */
export async function findTarget(
  kw: Pick<AddressKeywords, 'ipname' | 'netmask'>,
  context: ReadContext,
): Promise<Target | undefined> {
  if (kw.ipname === undefined) return undefined;
  // A prefix that long is none of ipv4.
  const family = Number(kw.netmask) > 32 ? 'inet6' : undefined;
  const address = await resolveAddress(context.probe, kw.ipname, family);
  return address === undefined ? undefined : targetOf(address);
}

/** @throws AgentError `E_NO_ADDRESS` when the name resolves to nothing */
export async function requireTarget(kw: AddressKeywords, context: ReadContext): Promise<Target> {
  const target = await findTarget(kw, context);
  if (target) return target;
  throw new AgentError('E_NO_ADDRESS', `${kw.ipname} resolves to no address`, {
    remedy: 'correct `ipname`, or add the name to the name service or /etc/hosts',
  });
}

function targetOf(address: string): Target {
  return { address, family: familyOf(address) ?? 'inet' };
}

/** Where an address is now. */
export interface Place {
  readonly link: Link;
  readonly entry: LinkAddress;
}

export function locate(links: readonly Link[], { address }: Target): Place | undefined {
  for (const link of links) {
    const entry = link.addresses.find((candidate) => candidate.address === address);
    if (entry) return { link, entry };
  }
  return undefined;
}

/**
 * The prefix length of an address: its netmask, else that of the interface it goes on.
 * @throws AgentError `E_NETMASK`
 */
export function prefixLengthFor(
  { netmask }: Pick<AddressKeywords, 'netmask'>,
  { family }: Target,
  link: Link,
): number {
  const length =
    netmask === undefined
      ? link.addresses.find((own) => own.family === family && own.scope === 'global')?.prefixLength
      : prefixLengthOf(netmask, family);
  if (length !== undefined) return length;
  const what =
    netmask === undefined
      ? `${link.name} has no ${family === 'inet' ? 'ipv4' : 'ipv6'} address to take the netmask of`
      : `${netmask} is no netmask of this address`;
  throw new AgentError('E_NETMASK', what, {
    exit: 'config',
    remedy: 'set `netmask`, for example to 24',
  });
}

/**
 * The address that a start gave to a resource, for the stop: meanwhile the name may resolve to
 * another, or to none. It goes with the boot, as addresses do.
 */
export function rememberTarget(context: ReadContext, { address }: Target): void {
  const file = memoryOf(context);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${address}\n`);
}

export function forgetTarget(context: ReadContext): void {
  rmSync(memoryOf(context), { force: true });
}

export function rememberedTarget(context: ReadContext): Target | undefined {
  try {
    const address = readFileSync(memoryOf(context), 'utf8').trim();
    return familyOf(address) && targetOf(address);
  } catch {
    return undefined; // it was not started in this boot
  }
}

function memoryOf({ paths, service, rid }: ReadContext): string {
  return join(paths.run, 'ip', fullObjectPath(service.path), rid);
}
