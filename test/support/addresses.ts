import { parseIp } from '../../server/stun/ip-text.ts';
import type { IpAddress } from '../../server/stun/transport-address.ts';

/** The address that a test means; throws for a slip of the pen. */
export function ip(text: string): IpAddress {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}
