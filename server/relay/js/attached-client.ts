import assert from 'node:assert';
import type { Client } from '../../seam/client.ts';
import { AddressEntry } from './address-table.ts';
import type { ClientLink } from './client-link.ts';
import type { Relay } from './relay.ts';

/** A client that has a relay, of one family or of each (RFC 8656 section 7.2). */
export class AttachedClient extends AddressEntry {
  readonly client: Client;
  readonly link: ClientLink;
  relayIpv4: Relay | null = null;
  relayIpv6: Relay | null = null;

  constructor(client: Client, link: ClientLink) {
    super(client.remote.ip, client.remote.port);
    this.client = client;
    this.link = link;
  }

  /** Gives the client a relay of a family that it has none of. */
  add(relay: Relay): void {
    if (relay.family === 4) {
      assert(this.relayIpv4 === null, `relay ${relay.id} is the second IPv4 relay of its client`);
      this.relayIpv4 = relay;
    } else {
      assert(this.relayIpv6 === null, `relay ${relay.id} is the second IPv6 relay of its client`);
      this.relayIpv6 = relay;
    }
  }

  /** Takes a relay away; true when it was the last. */
  remove(relay: Relay): boolean {
    if (this.relayIpv4 === relay) this.relayIpv4 = null;
    if (this.relayIpv6 === relay) this.relayIpv6 = null;
    return this.relayIpv4 === null && this.relayIpv6 === null;
  }
}
