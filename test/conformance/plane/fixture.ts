import type { Client, ListenerId, StreamClient, StreamId, UdpClient } from '../../../server/seam/client.ts';
import type { DropCounters, ForwardingPlane, PlaneCounters } from '../../../server/seam/plane.ts';
import type { AddressTranslation, BucketId, PeerReach, RelayFailure, RelayId } from '../../../server/seam/relay.ts';
import type { ChannelRange } from '../../../server/stun/channel-data.ts';
import { sameTransportAddress, type IpAddress, type TransportAddress } from '../../../server/stun/transport-address.ts';
import { ip } from '../../support/addresses.ts';
import type { PlaneUnderTest } from './planes.ts';
import { UdpEnd } from './udp-end.ts';

/** The loopback address of each family. */
export const loopback = { ipv4: ip('127.0.0.1'), ipv6: ip('::1') } as const;

/** A packet that the plane did not forward. */
export interface Punt {
  readonly bytes: Buffer;
  readonly client: UdpClient;
}

/** A packet for a client on a stream, as one piece. */
export interface StreamDelivery {
  readonly client: StreamClient;
  readonly bytes: Buffer;
  readonly paddingBytes: number;
}

/** A client with an open, attached relay. */
export interface Session<Endpoint extends Client> {
  readonly relay: RelayId;
  /** The relayed transport address as it is bound. */
  readonly relayed: TransportAddress;
  readonly client: Endpoint;
}

/** A client whose relay permits the address of a peer. */
export interface Permitted {
  readonly fixture: PlaneFixture;
  readonly session: Session<UdpClient>;
  readonly client: UdpEnd;
  readonly peer: UdpEnd;
}

/** A plane on loopback with one listener for each family, and everything that it called back. */
export class PlaneFixture {
  readonly plane: ForwardingPlane;
  readonly punts: Punt[] = [];
  readonly deliveries: StreamDelivery[] = [];
  /** The plane's clock. */
  nowMs = 1_000;
  /** The listeners' addresses. */
  listeners!: { readonly ipv4: TransportAddress; readonly ipv6: TransportAddress };
  readonly #ends: UdpEnd[] = [];
  readonly #answers = new Map<RelayId, (answer: TransportAddress | RelayFailure) => void>();
  #nextId = 1000;

  private constructor(planeUnderTest: PlaneUnderTest, channelRange: ChannelRange) {
    let seed = 1;
    this.plane = planeUnderTest.create({
      channelRange,
      nowMs: () => this.nowMs,
      randomUint32: () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0),
      events: {
        onClientMessage: (bytes, client) => this.punts.push({ bytes: Buffer.from(bytes), client }),
        onRelayOpened: (relay, address) => this.#answers.get(relay)?.(address),
        onRelayFailed: (relay, reason) => this.#answers.get(relay)?.(reason),
        onStreamDelivery: (client, header, payload, paddingBytes) =>
          this.deliveries.push({ client, bytes: Buffer.concat([header, payload]), paddingBytes }),
        onPeerUnreachable: () => undefined,
      },
    });
  }

  /** Runs a test with a fixture, and closes everything behind it. */
  static async use(
    planeUnderTest: PlaneUnderTest,
    run: (fixture: PlaneFixture) => Promise<void>,
    channelRange: ChannelRange = 'rfc8656',
  ): Promise<void> {
    const fixture = new PlaneFixture(planeUnderTest, channelRange);
    fixture.listeners = {
      ipv4: await fixture.plane.listen(1 as ListenerId, { ip: loopback.ipv4, port: 0 }),
      ipv6: await fixture.plane.listen(2 as ListenerId, { ip: loopback.ipv6, port: 0 }),
    };
    try {
      await run(fixture);
    } finally {
      await fixture.plane.close();
      await Promise.all(fixture.#ends.map((end) => end.close()));
    }
  }

  /** Runs a test with a client at this address whose relay permits a peer at the same address. */
  static usePermitted(
    planeUnderTest: PlaneUnderTest,
    address: IpAddress,
    run: (permitted: Permitted) => Promise<void>,
  ): Promise<void> {
    return PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(address);
      const peer = await fixture.end(address);
      const session = await fixture.session(fixture.udpClient(client), address);
      fixture.plane.permitPeer(session.relay, address, 'any');
      await run({ fixture, session, client, peer });
    });
  }

  newRelayId(): RelayId {
    return this.#nextId++ as RelayId;
  }

  newBucketId(): BucketId {
    return this.#nextId++ as BucketId;
  }

  /** A socket beside the plane. */
  async end(address: IpAddress, port = 0): Promise<UdpEnd> {
    const end = await UdpEnd.bind(address, port);
    this.#ends.push(end);
    return end;
  }

  /** A relay on one address and a socket with its port on another. Other programs may hold any one port: then another is tried. */
  async relayAndEnd(relayAddress: IpAddress, endAddress: IpAddress): Promise<UdpEnd> {
    for (let attemptsLeft = 9; ; attemptsLeft--) {
      const relayed = await this.openRelay(this.newRelayId(), relayAddress);
      if (typeof relayed === 'string') throw new Error(`the relay was not opened: ${relayed}`);
      try {
        return await this.end(endAddress, relayed.port);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attemptsLeft === 0) throw error;
      }
    }
  }

  /** The socket that is bound to this address. */
  endAt(address: TransportAddress): UdpEnd {
    const end = this.#ends.find((candidate) => sameTransportAddress(candidate.address, address));
    if (end === undefined) throw new Error('no socket has that address');
    return end;
  }

  /** The client that a socket is to the listener of its family. */
  udpClient(end: UdpEnd): UdpClient {
    const isIpv4 = end.address.ip.family === 4;
    return {
      transport: 'udp',
      listener: (isIpv4 ? 1 : 2) as ListenerId,
      local: isIpv4 ? this.listeners.ipv4 : this.listeners.ipv6,
      remote: end.address,
    };
  }

  /** A client on a stream. */
  streamClient(): StreamClient {
    const stream = this.#nextId++ as StreamId;
    return {
      transport: 'tcp',
      stream,
      local: { ip: loopback.ipv4, port: 3478 },
      remote: { ip: loopback.ipv4, port: 40000 },
    };
  }

  /** Opens a relay; answers its address or why there is none. */
  openRelay(relay: RelayId, address: IpAddress, port = 0): Promise<TransportAddress | RelayFailure> {
    return new Promise((resolve) => {
      this.#answers.set(relay, resolve);
      this.plane.openRelay(relay, address, port);
    });
  }

  /** Opens a pair of relays; answers the lower one's address or why there is none. */
  openRelayPair(
    relay: RelayId,
    upperRelay: RelayId,
    address: IpAddress,
    port: number,
  ): Promise<TransportAddress | RelayFailure> {
    return new Promise((resolve) => {
      this.#answers.set(relay, resolve);
      this.plane.openRelayPair(relay, upperRelay, address, port);
    });
  }

  /** Opens a relay on this address and attaches it to a client. */
  async session<Endpoint extends Client>(
    client: Endpoint,
    address: IpAddress,
    buckets: readonly BucketId[] = [],
  ): Promise<Session<Endpoint>> {
    const relay = this.newRelayId();
    const relayed = await this.openRelay(relay, address);
    if (typeof relayed === 'string') throw new Error(`the relay was not opened: ${relayed}`);
    this.plane.attachRelay(relay, client, buckets);
    return { relay, relayed, client };
  }

  /** Permits a peer and binds a channel to it, as a ChannelBind does. */
  bind(relay: RelayId, channel: number, peer: TransportAddress, reach: PeerReach = 'any'): void {
    this.plane.permitPeer(relay, peer.ip, reach);
    this.plane.bindChannel(relay, channel, peer);
  }

  /** Translates between these addresses from here on. */
  translate(...translations: readonly AddressTranslation[]): void {
    this.plane.setAddressPlan({ own: [], relays: [], translations });
  }

  /** Waits until something holds; fails when it never does. */
  async until(holds: () => boolean): Promise<void> {
    for (const deadline = Date.now() + 5_000; !holds();) {
      if (Date.now() > deadline) throw new Error(`waited in vain: ${holds.toString()}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Waits until the plane has counted so many drops since the last drain, and answers what was counted. */
  async countersWithDrops(total: number): Promise<PlaneCounters> {
    const seen: PlaneCounters[] = [];
    await this.until(() => {
      seen.push(this.plane.drainCounters());
      return sum(seen.flatMap(({ drops }) => Object.values(drops) as number[])) >= total;
    });
    return { relays: seen.flatMap(({ relays }) => relays), drops: sumOfDrops(seen.map(({ drops }) => drops)) };
  }
}

/** No drops but these. */
export function drops(expected: Partial<DropCounters>): DropCounters {
  return { malformed: 0, unknownChannel: 0, notPermitted: 0, rateLimited: 0, notSent: 0, ...expected };
}

function sumOfDrops(counters: readonly DropCounters[]): DropCounters {
  return drops({
    malformed: sum(counters.map(({ malformed }) => malformed)),
    unknownChannel: sum(counters.map(({ unknownChannel }) => unknownChannel)),
    notPermitted: sum(counters.map(({ notPermitted }) => notPermitted)),
    rateLimited: sum(counters.map(({ rateLimited }) => rateLimited)),
    notSent: sum(counters.map(({ notSent }) => notSent)),
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
