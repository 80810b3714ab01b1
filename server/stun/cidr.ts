import { formatIp, parseIp } from './ip-text.ts';
import type { IpAddress } from './transport-address.ts';

/** A range of addresses (RFC 4632, RFC 4291 section 2.3). The bits of `ip` after the prefix are zero. */
export interface Cidr {
  readonly ip: IpAddress;
  readonly prefixLength: number;
}

/**
 * The range that `text` names (`10.0.0.0/8`, `2001:db8::/33`), or null: no prefix length, one that is too long or not a
 * plain decimal number, an address that is malformed, or one with bits set after the prefix.
 */
export function parseCidr(text: string): Cidr | null {
  const loose = parseCidrWithHostBits(text);
  if (loose === null) return null;
  const network = networkAddress(loose.ip, loose.prefixLength);
  return cidrContains({ ip: network, prefixLength: maxPrefixLength(loose.ip) }, loose.ip) ? loose : null;
}

/** Like `parseCidr`, for a message that says which network was meant: the address may have bits set after the prefix. */
export function parseCidrWithHostBits(text: string): { ip: IpAddress; prefixLength: number } | null {
  const slash = text.indexOf('/');
  if (slash === -1) return null;
  const lengthText = text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(lengthText)) return null;
  const ip = parseIp(text.slice(0, slash));
  if (ip === null) return null;
  const prefixLength = Number(lengthText);
  return prefixLength <= maxPrefixLength(ip) ? { ip, prefixLength } : null;
}

/** The range as text, the address in its canonical form (RFC 5952). */
export function formatCidr(cidr: Cidr): string {
  return `${formatIp(cidr.ip)}/${cidr.prefixLength}`;
}

/** Whether the address is in the range. An address of the other family never is. Allocates nothing. */
export function cidrContains(cidr: Cidr, ip: IpAddress): boolean {
  const network = cidr.ip;
  if (network.family !== ip.family) return false;
  const bits = cidr.prefixLength;
  return (
    ((network.w0 ^ ip.w0) & wordMask(bits)) === 0 &&
    ((network.w1 ^ ip.w1) & wordMask(bits - 32)) === 0 &&
    ((network.w2 ^ ip.w2) & wordMask(bits - 64)) === 0 &&
    ((network.w3 ^ ip.w3) & wordMask(bits - 96)) === 0
  );
}

/** The address with the bits after the prefix cleared. */
export function networkAddress(ip: IpAddress, prefixLength: number): IpAddress {
  return {
    family: ip.family,
    w0: (ip.w0 & wordMask(prefixLength)) >>> 0,
    w1: (ip.w1 & wordMask(prefixLength - 32)) >>> 0,
    w2: (ip.w2 & wordMask(prefixLength - 64)) >>> 0,
    w3: (ip.w3 & wordMask(prefixLength - 96)) >>> 0,
  };
}

function maxPrefixLength(ip: IpAddress): number {
  return ip.family === 4 ? 32 : 128;
}

/** The mask of a word of which the first `bits` count; below 0 none do, above 32 all. A shift by 32 would shift by 0. */
function wordMask(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}
