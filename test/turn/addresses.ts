import { strict as assert } from 'node:assert';
import { parseIp } from '../../server/stun/ip-text.ts';
import type { IpAddress, TransportAddress } from '../../server/stun/transport-address.ts';

/** The address that this text names. */
export function ip(text: string): IpAddress {
  const parsed = parseIp(text);
  assert(parsed !== null, `${text} is no address`);
  return parsed;
}

/** A transport address. */
export function at(text: string, port: number): TransportAddress {
  return { ip: ip(text), port };
}
