import type { Client } from '../seam/client.ts';
import { transportAddressKey } from '../stun/transport-address.ts';

/** A client's 5-tuple as a `Map` key (RFC 8656 section 5). */
export type ClientKey = string & { readonly brand: 'ClientKey' };

/** The key of a client: equal exactly when the 5-tuples are. A stream's number says it all, being never reused. */
export function clientKey(client: Client): ClientKey {
  const key =
    client.transport === 'udp' ? `${client.listener}/${transportAddressKey(client.remote)}` : `stream/${client.stream}`;
  return key as ClientKey;
}
