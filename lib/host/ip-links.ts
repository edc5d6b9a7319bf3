import { AgentError } from '../errors/agent-error.js';
import type { Run } from '../exec/run.js';
import type { Family } from '../units/netmask.js';

/** One address of an interface. */
export interface LinkAddress {
  readonly family: Family;
  readonly address: string;
  readonly prefixLength: number;
  /** `eth0:1`; only of ipv4. */
  readonly label: string | undefined;
  readonly scope: string;
  /** The kernel is still looking for a duplicate. */
  readonly isTentative: boolean;
  /** The kernel found one. */
  readonly isDuplicate: boolean;
}

/** One network interface. */
export interface Link {
  readonly name: string;
  readonly mtu: number;
  /** `bridge`, `veth`, `macvlan`; undefined for hardware. */
  readonly kind: string | undefined;
  readonly mac: string | undefined;
  readonly isUp: boolean;
  /** Up, but nothing is plugged in. */
  readonly lacksCarrier: boolean;
  /** It answers ARP: neither the loopback nor a tunnel. */
  readonly speaksArp: boolean;
  readonly addresses: readonly LinkAddress[];
}

/**
 * The interfaces of the network namespace that `run` works in, with their addresses.
 * @throws AgentError `E_NO_COMMAND` without iproute2, `E_OUTPUT` when it prints something else
 */
export async function readLinks(run: Run): Promise<Link[]> {
  const argv = ['ip', '-j', '-d', 'addr', 'show'];
  const { stdout } = await run(argv, { timeoutMs: 10_000, acceptExitCodes: [0] });
  return parseLinks(stdout);
}

interface Row {
  ifname: string;
  mtu?: number;
  flags?: string[];
  address?: string;
  linkinfo?: { info_kind?: string };
  addr_info?: {
    family?: string;
    local?: string;
    prefixlen?: number;
    label?: string;
    scope?: string;
    tentative?: boolean;
    dadfailed?: boolean;
  }[];
}

/** @param text output of `ip -j -d addr show` (iproute2 4.14 or later) */
export function parseLinks(text: string): Link[] {
  return parseRows(text)
    .filter(({ ifname }) => ifname !== undefined) // older versions print {} for what they leave out
    .map(({ ifname, mtu = 1500, flags = [], address, linkinfo, addr_info: rows = [] }) => ({
      name: ifname,
      mtu,
      kind: linkinfo?.info_kind,
      mac: address,
      isUp: flags.includes('UP'),
      lacksCarrier: flags.includes('NO-CARRIER'),
      speaksArp: !flags.includes('LOOPBACK') && !flags.includes('NOARP'),
      addresses: rows.flatMap((row): LinkAddress[] => {
        const { family, local, prefixlen = 0, label, scope = 'global' } = row;
        if (local === undefined || !(family === 'inet' || family === 'inet6')) return [];
        return [
          {
            family,
            address: local,
            prefixLength: prefixlen,
            label: family === 'inet' ? label : undefined,
            scope,
            isTentative: row.tentative === true,
            isDuplicate: row.dadfailed === true,
          },
        ];
      }),
    }));
}

function parseRows(text: string): Row[] {
  if (text.trim() === '') return []; // a namespace without any interface
  try {
    return JSON.parse(text) as Row[];
  } catch (cause) {
    throw new AgentError('E_OUTPUT', 'ip printed something that is no JSON', {
      remedy: 'install iproute2 4.14 or later',
      cause,
    });
  }
}
