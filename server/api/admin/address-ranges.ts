import { parseCidr, parseCidrWithHostBits, formatCidr, networkAddress, type Cidr } from '../../stun/cidr.ts';
import { parseIp } from '../../stun/ip-text.ts';
import { RequestRefused } from '../request-failure.ts';

/** A host of IPv6 has all of it, and changes its address in it at will (RFC 4291 section 2.5.1). */
const ipv6HostPrefix = 64;

/** A range that is banned. */
export interface BannedRange {
  readonly range: Cidr;
  /** Whether it is more than was named. */
  readonly isWidened: boolean;
}

/**
 * Reads an address, which is a range of one, or a range.
 * @param where the key that holds it
 * @throws RequestRefused `invalid_value`
 */
export function readRange(text: string, where: string): Cidr {
  const ip = parseIp(text);
  const cidr = ip === null ? parseCidr(text) : { ip, prefixLength: ip.family === 4 ? 32 : 128 };
  if (cidr !== null) return cidr;
  throw notRead(
    text,
    where,
    'is no address and no address range',
    'Write e.g. 192.0.2.7, 192.0.2.0/24 or 2001:db8::/64.',
  );
}

/**
 * Reads what is to be banned: as `readRange`, but of IPv6 at least a /64.
 * @throws RequestRefused `invalid_value`
 */
export function readBannedRange(text: string, where: string): BannedRange {
  const range = readRange(text, where);
  if (range.ip.family === 4 || range.prefixLength <= ipv6HostPrefix) return { range, isWidened: false };
  const network = { ip: networkAddress(range.ip, ipv6HostPrefix), prefixLength: ipv6HostPrefix };
  return { range: network, isWidened: true };
}

/**
 * Sees to it that a text is a range.
 * @throws RequestRefused `invalid_value`
 */
export function expectRange(text: string, where: string): void {
  if (parseCidr(text) !== null) return;
  throw notRead(
    text,
    where,
    'is no address range',
    'Write e.g. 10.1.2.0/24 or fd12:3456:789a::/48; one address is 10.1.2.3/32.',
  );
}

function notRead(text: string, where: string, what: string, example: string): RequestRefused {
  const loose = parseCidrWithHostBits(text);
  if (loose === null) return new RequestRefused('invalid_value', `${where} "${text}" ${what}. ${example}`);
  const network = { ip: networkAddress(loose.ip, loose.prefixLength), prefixLength: loose.prefixLength };
  return new RequestRefused(
    'invalid_value',
    `${where} "${text}" has bits set after its prefix: the network is ${formatCidr(network)}. Write that, if it is meant.`,
  );
}
