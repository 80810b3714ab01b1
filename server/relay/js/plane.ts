import assert from 'node:assert';
import type { Client, ListenerId, StreamClient, StreamId, UdpClient } from '../../seam/client.ts';
import type { ForwardingPlane, PlaneCapabilities, PlaneCounters, RelayCounters } from '../../seam/plane.ts';
import type { AddressPlan, BucketId, PeerReach, RelayFailure, RelayId } from '../../seam/relay.ts';
import { channelDataHeaderLength, firstChannelByte, lastChannelByte } from '../../stun/channel-data.ts';
import { formatIp } from '../../stun/ip-text.ts';
import { isSendIndication } from '../../stun/media-frame.ts';
import type { IpAddress, TransportAddress } from '../../stun/transport-address.ts';
import type { PlaneOptions } from '../plane-options.ts';
import { AttachedClient } from './attached-client.ts';
import { BucketBook } from './bucket-book.ts';
import { forwardChannelData, forwardSend } from './client-frames.ts';
import { StreamClientLink, UdpClientLink, type ClientLink } from './client-link.ts';
import { bindSocket, type BoundSocket } from './datagram-socket.ts';
import { Datapath } from './datapath.ts';
import { Listener } from './listener.ts';
import { Relay } from './relay.ts';
import { StreamSender } from './stream-sender.ts';

/** An open relay, and what it is attached to. */
interface OpenRelay {
  readonly relay: Relay;
  client: AttachedClient | null;
  buckets: readonly BucketId[];
}

const noBuckets: readonly BucketId[] = [];

/**
 * The forwarding plane on node:dgram: runs everywhere that Node does. It can neither set the DF bit nor see ICMP errors.
 * A packet that the kernel refuses at once counts as sent: node:dgram would tell only in a callback, one more tick for each packet.
 */
export class JsPlane implements ForwardingPlane {
  readonly capabilities: PlaneCapabilities = { dontFragment: false, icmp: false };
  readonly #options: PlaneOptions;
  readonly #path: Datapath;
  readonly #streamSender: StreamSender;
  readonly #listeners = new Map<ListenerId, Listener>();
  readonly #relays = new Map<RelayId, OpenRelay>();
  /** The clients on streams that have a relay. */
  readonly #streams = new Map<StreamId, AttachedClient>();
  readonly #buckets = new BucketBook();
  readonly #lastChannelByte: number;
  /** What relays that have been closed counted since the last drain. */
  #closedCounters: RelayCounters[] = [];

  constructor(options: PlaneOptions) {
    this.#options = options;
    this.#path = new Datapath(options);
    this.#streamSender = new StreamSender(options.events);
    this.#lastChannelByte = lastChannelByte(options.channelRange);
  }

  async listen(id: ListenerId, address: TransportAddress): Promise<TransportAddress> {
    assert(!this.#listeners.has(id), `listener ${id} is open`);
    const bound = bindSocket(address);
    if (bound instanceof Error) throw bound;
    const listener = new Listener(id, bound, this.#path, this.#options.events, this.#options.channelRange);
    this.#listeners.set(id, listener);
    this.#path.reach.addListener(id, listener.address.port);
    return listener.address;
  }

  unlisten(id: ListenerId): void {
    const listener = this.#listeners.get(id);
    assert(listener !== undefined, `listener ${id} is not open`);
    this.#listeners.delete(id);
    this.#path.reach.removeListener(id);
    void listener.close();
  }

  setAddressPlan(plan: AddressPlan): void {
    this.#path.setTranslations(plan.translations);
    for (const { relay } of this.#relays.values()) relay.translate(this.#path.translator);
  }

  openRelay(id: RelayId, localAddress: IpAddress, port: number): void {
    this.#assertNew(id);
    const bound = bindSocket({ ip: localAddress, port });
    if (bound instanceof Error) this.#options.events.onRelayFailed(id, relayFailure(bound));
    else this.#options.events.onRelayOpened(id, this.#addRelay(id, bound));
  }

  openRelayPair(id: RelayId, upperId: RelayId, localAddress: IpAddress, port: number): void {
    this.#assertNew(id);
    this.#assertNew(upperId);
    assert(port > 0 && port < 0xffff, `there is no pair of ports at ${port}`);
    const { events } = this.#options;
    const lower = bindSocket({ ip: localAddress, port });
    if (lower instanceof Error) {
      events.onRelayFailed(id, relayFailure(lower));
      return;
    }
    const upper = bindSocket({ ip: localAddress, port: port + 1 });
    if (upper instanceof Error) {
      lower.socket.close();
      events.onRelayFailed(id, relayFailure(upper));
      return;
    }
    this.#addRelay(upperId, upper);
    events.onRelayOpened(id, this.#addRelay(id, lower));
  }

  #addRelay(id: RelayId, bound: BoundSocket): TransportAddress {
    const relay = new Relay(id, bound, this.#path);
    this.#relays.set(id, { relay, client: null, buckets: noBuckets });
    this.#path.reach.openRelays.add(relay);
    return bound.address;
  }

  attachRelay(id: RelayId, client: Client, buckets: readonly BucketId[]): void {
    const open = this.#openRelay(id);
    this.#detach(open);
    open.client = this.#attachedClient(client);
    open.client.add(open.relay);
    open.buckets = buckets;
    open.relay.attach(open.client.link, this.#buckets.attach(buckets));
  }

  #attachedClient(client: Client): AttachedClient {
    if (client.transport !== 'udp') {
      const known = this.#streams.get(client.stream);
      if (known !== undefined) return known;
      const link = new StreamClientLink(this.#streamSender, this.#path.dataIndications, client);
      const attached = new AttachedClient(client, link);
      this.#streams.set(client.stream, attached);
      return attached;
    }
    const listener = this.#listeners.get(client.listener);
    assert(listener !== undefined, `listener ${client.listener} is not open`);
    const known = listener.client(client.remote);
    if (known !== undefined) return known;
    const { ip, port } = client.remote;
    const link: ClientLink = new UdpClientLink(listener.sender, this.#path.dataIndications, formatIp(ip), port);
    const attached = new AttachedClient(client, link);
    listener.clients.add(attached);
    return attached;
  }

  #detach(open: OpenRelay): void {
    this.#buckets.detach(open.buckets);
    if (open.client?.remove(open.relay) !== true) return;
    const { client } = open.client;
    if (client.transport !== 'udp') this.#streams.delete(client.stream);
    else this.#listeners.get(client.listener)?.clients.remove(open.client);
  }

  closeRelay(id: RelayId): void {
    const open = this.#openRelay(id);
    this.#detach(open);
    this.#relays.delete(id);
    this.#path.reach.openRelays.remove(open.relay);
    const counters = open.relay.takeCounters();
    if (counters !== null) this.#closedCounters.push(counters);
    void open.relay.close();
  }

  permitPeer(id: RelayId, peer: IpAddress, reach: PeerReach): void {
    const { relay } = this.#openRelay(id);
    relay.peers.permit(peer, reach, this.#path.translator);
    relay.forgetRecentPeer();
  }

  revokePeer(id: RelayId, peer: IpAddress): void {
    const { relay } = this.#openRelay(id);
    relay.peers.revoke(peer);
    relay.forgetRecentPeer();
  }

  bindChannel(id: RelayId, channel: number, peer: TransportAddress): void {
    const { relay } = this.#openRelay(id);
    relay.peers.bind(channel, peer, this.#path.translator);
    relay.forgetRecentPeer();
  }

  unbindChannel(id: RelayId, channel: number): void {
    const { relay } = this.#openRelay(id);
    relay.peers.unbind(channel);
    relay.forgetRecentPeer();
  }

  setRate(bucket: BucketId, bitsPerSecond: number): void {
    this.#buckets.setRate(bucket, bitsPerSecond, this.#options.nowMs());
  }

  send(client: UdpClient, bytes: Uint8Array): void {
    const { ip, port } = client.remote;
    const sender = this.#listeners.get(client.listener)?.sender;
    // A listener may have gone while the machine answered; to port 0 nothing can be sent.
    if (port > 0 && sender?.admits(bytes.length) === true) sender.sendMessage(bytes, port, formatIp(ip));
    else this.#path.drops.notSent++;
  }

  forwardFromStream(client: StreamClient, frame: Uint8Array): void {
    const attached = this.#streams.get(client.stream);
    const firstByte = frame.length < channelDataHeaderLength ? 0xff : frame[0]!;
    if (isSendIndication(frame)) forwardSend(attached, frame, this.#path);
    else if (firstByte >= firstChannelByte && firstByte <= this.#lastChannelByte) {
      forwardChannelData(attached, frame, this.#path);
    } else this.#path.drops.malformed++;
  }

  drainCounters(): PlaneCounters {
    const relays = this.#closedCounters;
    this.#closedCounters = [];
    for (const { relay } of this.#relays.values()) {
      const counters = relay.takeCounters();
      if (counters !== null) relays.push(counters);
    }
    return { relays, drops: this.#path.drops.take() };
  }

  async close(): Promise<void> {
    const listeners = [...this.#listeners.values()];
    const relays = [...this.#relays.values()];
    this.#listeners.clear();
    this.#relays.clear();
    this.#streams.clear();
    await Promise.all([...listeners, ...relays.map(({ relay }) => relay)].map((owner) => owner.close()));
  }

  #assertNew(id: RelayId): void {
    assert(!this.#relays.has(id), `relay ${id} is open`);
  }

  #openRelay(id: RelayId): OpenRelay {
    const open = this.#relays.get(id);
    assert(open !== undefined, `relay ${id} is not open`);
    return open;
  }
}

function relayFailure({ code }: NodeJS.ErrnoException): RelayFailure {
  if (code === 'EADDRINUSE') return 'port-taken';
  return code === 'EMFILE' || code === 'ENFILE' ? 'no-descriptors' : 'address-unavailable';
}
