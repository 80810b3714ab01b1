import { parseIp } from '../stun/ip-text.ts';
import type { TransportAddress } from '../stun/transport-address.ts';

/**
 * One end of a socket as node:net tells it, or null when the connection has ended before it was looked at.
 * A zone (`fe80::1%eth0`) is left out: the socket knows its interface, and TURN has no word for it.
 */
export function socketAddress(address: string | undefined, port: number | undefined): TransportAddress | null {
  if (address === undefined || port === undefined) return null;
  const zone = address.indexOf('%');
  const ip = parseIp(zone === -1 ? address : address.slice(0, zone));
  return ip === null ? null : { ip, port };
}
