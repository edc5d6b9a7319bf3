import type { Run } from '../exec/run.js';
import { readTool } from './tool.js';

/** One address of an interface that has a hardware address. */
export interface LanAddress {
  readonly mac: string;
  readonly interface: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly address: string;
  /** Dotted for ipv4, the prefix length for ipv6, empty for multicast groups. */
  readonly mask: string;
  readonly deprecated: boolean;
}

interface Link {
  ifname: string;
  address?: string;
  addr_info?: { family: string; local?: string; prefixlen?: number; deprecated?: boolean }[];
}

interface MulticastLink {
  ifname: string;
  maddr?: { family?: string; address?: string }[];
}

/** Every address and multicast group, from `ip addr` and `ip maddr`. */
export async function readLan(run: Run): Promise<LanAddress[]> {
  const [addresses, groups] = await Promise.all([
    readTool(run, ['ip', '-j', 'addr']),
    readTool(run, ['ip', '-j', 'maddr']),
  ]);
  return parseLan(
    // iproute2 before 4.13, and busybox, know no JSON.
    addresses ?? (await readTool(run, ['ip', 'addr'])) ?? '',
    groups ?? (await readTool(run, ['ip', 'maddr'])) ?? '',
  );
}

/** @param addresses, groups output of `ip addr`, `ip maddr`, as JSON or as text */
export function parseLan(addresses: string, groups: string): LanAddress[] {
  const links = parseJson<Link>(addresses) ?? parseAddrText(addresses);
  const multicast = parseJson<MulticastLink>(groups) ?? parseMaddrText(groups);
  return links.flatMap(({ ifname, address: mac, addr_info: own = [] }) => {
    if (!mac || !/^[0-9a-f]{2}(:[0-9a-f]{2}){5,}$/i.test(mac) || /^[0:]+$/.test(mac)) return [];
    const rows: LanAddress[] = [];
    for (const { family, local, prefixlen = 0, deprecated = false } of own) {
      if (local === undefined || !(family === 'inet' || family === 'inet6')) continue;
      rows.push({
        mac,
        interface: ifname,
        family: family === 'inet' ? 'ipv4' : 'ipv6',
        address: local,
        mask: family === 'inet' ? dottedMask(prefixlen) : String(prefixlen),
        deprecated,
      });
    }
    for (const link of multicast.filter((link) => link.ifname === ifname)) {
      for (const { family, address } of link.maddr ?? []) {
        if (address === undefined || !(family === 'inet' || family === 'inet6')) continue;
        rows.push({
          mac,
          interface: ifname,
          family: family === 'inet' ? 'ipv4' : 'ipv6',
          address,
          mask: '',
          deprecated: false,
        });
      }
    }
    return rows;
  });
}

/** `24` to `255.255.255.0`. */
export function dottedMask(prefixLength: number): string {
  const bits = 2 ** 32 - 2 ** (32 - prefixLength);
  return [24, 16, 8, 0].map((shift) => Math.floor(bits / 2 ** shift) % 256).join('.');
}

function parseJson<T>(text: string): T[] | undefined {
  if (!text.trimStart().startsWith('[')) return undefined;
  try {
    // Old versions print an empty object for what a filter left out.
    return (JSON.parse(text) as T[]).filter((link) => Object.keys(link as object).length > 0);
  } catch {
    return undefined;
  }
}

function parseAddrText(text: string): Link[] {
  const links: (Link & { addr_info: NonNullable<Link['addr_info']> })[] = [];
  for (const line of text.split('\n')) {
    const head = /^\d+: ([^:@]+)/.exec(line);
    if (head?.[1] !== undefined) links.push({ ifname: head[1], addr_info: [] });
    const link = links.at(-1);
    const words = line.trim().split(/\s+/);
    if (!link || words[1] === undefined) continue;
    if (words[0]?.startsWith('link/')) link.address = words[1];
    if (words[0] !== 'inet' && words[0] !== 'inet6') continue;
    const [local = '', prefix] = words[1].split('/');
    link.addr_info.push({
      family: words[0],
      local,
      prefixlen: Number(prefix ?? (words[0] === 'inet' ? 32 : 128)),
      deprecated: words.includes('deprecated'),
    });
  }
  return links;
}

function parseMaddrText(text: string): MulticastLink[] {
  const links: (MulticastLink & { maddr: NonNullable<MulticastLink['maddr']> })[] = [];
  for (const line of text.split('\n')) {
    const head = /^\d+:\s+(\S+)/.exec(line);
    if (head?.[1] !== undefined) links.push({ ifname: head[1], maddr: [] });
    const [family, address] = line.trim().split(/\s+/);
    if (family !== undefined && address !== undefined && !head) {
      links.at(-1)?.maddr.push({ family, address });
    }
  }
  return links;
}
