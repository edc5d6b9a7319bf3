import { isIPv4, isIPv6, SocketAddress } from 'node:net';

export type Family = 'inet' | 'inet6';

/** The family of a literal address; undefined for a name. */
export function familyOf(address: string): Family | undefined {
  if (isIPv4(address)) return 'inet';
  return isIPv6(address) ? 'inet6' : undefined;
}

/** An address as the kernel writes it: `2001:DB8:0::1` is `2001:db8::1`. */
export function canonicalAddress(address: string): string {
  return isIPv6(address) ? new SocketAddress({ address, family: 'ipv6' }).address : address;
}

/**
 * The prefix length that a netmask stands for: `24`, `255.255.255.0`, `0xffffff00`, `ffffff00`.
 * Undefined when it is none of these, or no mask of that family.
 */
export function prefixLengthOf(mask: string, family: Family): number | undefined {
  const most = family === 'inet' ? 32 : 128;
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= most ? Number(mask) : undefined;
  if (family === 'inet6') return undefined;
  const bits = isIPv4(mask) ? bitsOfDotted(mask) : bitsOfHex(mask);
  return bits === undefined ? undefined : lengthOfBits(bits);
}

function bitsOfDotted(mask: string): number {
  return mask.split('.').reduce((bits, part) => bits * 256 + Number(part), 0);
}

function bitsOfHex(mask: string): number | undefined {
  const digits = /^(?:0x)?([0-9a-f]{8})$/i.exec(mask)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** A mask is ones and then zeros. */
function lengthOfBits(bits: number): number | undefined {
  for (let length = 0; length <= 32; length++) {
    if (bits === 2 ** 32 - 2 ** (32 - length)) return length;
  }
  return undefined;
}
