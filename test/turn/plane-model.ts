import { strict as assert } from 'node:assert';
import type { Action } from '../../server/seam/action.ts';
import type { Client } from '../../server/seam/client.ts';
import type { BucketId, PeerReach, RelayId } from '../../server/seam/relay.ts';
import {
  ipKey,
  transportAddressKey,
  type TransportAddress,
  type TransportAddressKey,
} from '../../server/stun/transport-address.ts';

/** A relay as a plane would hold it. */
export interface ModelRelay {
  readonly address: TransportAddress;
  client: Client | undefined;
  buckets: readonly BucketId[];
  readonly permitted: Map<string, PeerReach>;
  readonly channels: Map<number, string>;
}

/**
 * What a plane would hold after the machine's actions, and every rule that the seam sets their order: an action that
 * breaks one is an assertion. Tests apply all actions here, so that each of them checks the order too.
 */
export class PlaneModel {
  readonly relays = new Map<RelayId, ModelRelay>();
  readonly rates = new Map<BucketId, number>();
  readonly opening = new Map<RelayId, readonly TransportAddress[]>();
  readonly #seen = new Set<RelayId>();
  readonly #bound = new Set<TransportAddressKey>();

  apply(action: Action): void {
    switch (action.kind) {
      case 'open-relay':
        this.#startOpening(action.relay, [{ ip: action.localAddress, port: action.port }]);
        return;
      case 'open-relay-pair':
        assert(action.port % 2 === 0, 'a pair begins at an even port');
        this.#startOpening(action.relay, [
          { ip: action.localAddress, port: action.port },
          { ip: action.localAddress, port: action.port + 1 },
        ]);
        this.#useId(action.upperRelay);
        return;
      case 'attach-relay':
        this.#attach(this.#relay(action.relay), action.client, action.buckets);
        return;
      case 'close-relay':
        this.#bound.delete(transportAddressKey(this.#relay(action.relay).address));
        this.relays.delete(action.relay);
        return;
      case 'permit-peer': {
        const { permitted, client, address } = this.#relay(action.relay);
        assert(client !== undefined, 'peers are permitted on attached relays');
        assert(action.peer.family === address.ip.family, 'a peer has the family of its relay');
        assert(!permitted.has(ipKey(action.peer)), 'the peer is permitted already');
        permitted.set(ipKey(action.peer), action.reach);
        return;
      }
      case 'revoke-peer':
        assert(this.#relay(action.relay).permitted.delete(ipKey(action.peer)), 'the peer was not permitted');
        return;
      case 'bind-channel':
        this.#bind(this.#relay(action.relay), action.channel, action.peer);
        return;
      case 'unbind-channel':
        assert(this.#relay(action.relay).channels.delete(action.channel), 'the channel was not bound');
        return;
      case 'set-rate':
        if (action.bitsPerSecond !== 0) this.rates.set(action.bucket, action.bitsPerSecond);
        else assert(this.rates.delete(action.bucket), 'the bucket does not exist');
        return;
      case 'send':
      case 'close-client':
      case 'session-event':
        return;
    }
  }

  /** The plane has opened what it was asked to. */
  finishOpening(relay: RelayId, upperRelay: RelayId | undefined): TransportAddress {
    const addresses = this.#endOpening(relay);
    const ids = upperRelay === undefined ? [relay] : [relay, upperRelay];
    assert(ids.length === addresses.length);
    for (const [at, id] of ids.entries()) {
      const address = addresses[at];
      assert(address !== undefined && !this.#bound.has(transportAddressKey(address)), 'the port is bound already');
      this.#bound.add(transportAddressKey(address));
      this.relays.set(id, {
        address,
        client: undefined,
        buckets: [],
        permitted: new Map(),
        channels: new Map(),
      });
    }
    assert(addresses[0] !== undefined);
    return addresses[0];
  }

  /** The plane could not open what it was asked to. */
  failOpening(relay: RelayId): void {
    this.#endOpening(relay);
  }

  #startOpening(relay: RelayId, addresses: readonly TransportAddress[]): void {
    this.#useId(relay);
    this.opening.set(relay, addresses);
  }

  #endOpening(relay: RelayId): readonly TransportAddress[] {
    const addresses = this.opening.get(relay);
    assert(addresses !== undefined, 'the relay is not being opened');
    this.opening.delete(relay);
    return addresses;
  }

  #useId(relay: RelayId): void {
    assert(!this.#seen.has(relay), 'a relay id is used once');
    this.#seen.add(relay);
  }

  #relay(id: RelayId): ModelRelay {
    const relay = this.relays.get(id);
    assert(relay !== undefined, `relay ${id} is not open`);
    return relay;
  }

  #attach(relay: ModelRelay, client: Client, buckets: readonly BucketId[]): void {
    assert(relay.client === undefined, 'a relay is attached once');
    relay.client = client;
    relay.buckets = buckets;
  }

  #bind(relay: ModelRelay, channel: number, peer: TransportAddress): void {
    assert(relay.client !== undefined, 'channels are bound on attached relays');
    assert(relay.permitted.has(ipKey(peer.ip)), 'a channel is bound after its permission');
    const key = transportAddressKey(peer);
    assert(!relay.channels.has(channel) && ![...relay.channels.values()].includes(key), 'channel and peer are free');
    relay.channels.set(channel, key);
  }
}
