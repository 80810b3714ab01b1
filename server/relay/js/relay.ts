import type { RemoteInfo, Socket } from 'node:dgram';
import type { RelayCounters } from '../../seam/plane.ts';
import type { RelayId } from '../../seam/relay.ts';
import type { AddressTranslator } from '../../stun/address-translation.ts';
import { AddressEntry } from './address-table.ts';
import type { ClientLink } from './client-link.ts';
import { DirectionTally } from './counters.ts';
import { maxDatagramLength } from './data-indication.ts';
import { closeSocket, deliverTo, type BoundSocket, type DatagramReceiver } from './datagram-socket.ts';
import type { Datapath } from './datapath.ts';
import { PeerTable, type Channel, type Peer } from './peer-table.ts';
import { SendGate } from './send-gate.ts';
import { chargeAll, type TokenBucket } from './token-bucket.ts';

const noBuckets: readonly TokenBucket[] = [];

/** One relayed transport address: its socket, who may use it, and what passed (RFC 8656 section 2). Found by its bound address. */
export class Relay extends AddressEntry implements DatagramReceiver {
  readonly id: RelayId;
  readonly peers: PeerTable;
  readonly #path: Datapath;
  readonly #socket: Socket;
  readonly #gate: SendGate;
  readonly #clientToPeer = new DirectionTally();
  readonly #peerToClient = new DirectionTally();
  #link: ClientLink | null = null;
  #buckets = noBuckets;
  // The source of the last packet and what it was found to be: most packets come from where the one before came from.
  #recentAddress = '';
  #recentPort = -1;
  #recentPeer: Peer | null = null;
  #recentChannel: Channel | null = null;

  constructor(id: RelayId, { socket, address }: BoundSocket, path: Datapath) {
    super(address.ip, address.port);
    this.id = id;
    this.peers = new PeerTable(path.seed);
    this.#path = path;
    this.#socket = socket;
    this.#gate = new SendGate(socket);
    deliverTo(socket, this);
  }

  /** Forwards to this client from here on, charged to these buckets. */
  attach(link: ClientLink, buckets: readonly TokenBucket[]): void {
    this.#link = link;
    this.#buckets = buckets;
  }

  /** Must be called after every change of `peers`. */
  forgetRecentPeer(): void {
    this.#recentPort = -1;
    this.#recentPeer = null;
    this.#recentChannel = null;
  }

  /** Finds the local form of every peer anew. */
  translate(translator: AddressTranslator): void {
    this.peers.translate(translator);
    this.forgetRecentPeer();
  }

  /** A packet from a peer (RFC 8656 sections 11.3 and 12.7). */
  receive(payload: Buffer, remote: RemoteInfo): void {
    if (remote.port !== this.#recentPort || remote.address !== this.#recentAddress) this.#recognise(remote);
    const peer = this.#recentPeer;
    const link = this.#link;
    const tally = this.#peerToClient;
    const path = this.#path;
    if (peer === null || !peer.isPermitted || link === null) {
      path.drops.notPermitted++;
      tally.drops++;
      return;
    }
    if (this.#buckets.length > 0 && !chargeAll(this.#buckets, payload.length, path.nowMs)) {
      path.drops.rateLimited++;
      tally.drops++;
      return;
    }
    const channel = this.#recentChannel;
    const sent = channel === null ? link.sendData(peer, remote.port, payload) : link.sendChannelData(channel, payload);
    if (sent) {
      tally.packets++;
      tally.bytes += payload.length;
    } else {
      path.drops.notSent++;
      tally.drops++;
    }
  }

  #recognise(remote: RemoteInfo): void {
    const { address, sources } = this.#path;
    const family = address.parse(remote.address);
    if (family !== 0) sources.toPublic(family, address.words);
    const peer = family === 0 ? undefined : this.peers.find(family, address.words);
    if (peer === undefined) {
      this.forgetRecentPeer();
      return;
    }
    this.#recentAddress = remote.address;
    this.#recentPort = remote.port;
    this.#recentPeer = peer;
    this.#recentChannel = this.peers.channelOf(peer.family, address.words, remote.port) ?? null;
  }

  /** Sends the client's data, `length` bytes of `frame` from `offset` on, to a peer (RFC 8656 sections 11.2 and 12.6). */
  sendToPeer(peer: Peer, port: number, frame: Uint8Array, offset: number, length: number): void {
    const path = this.#path;
    const tally = this.#clientToPeer;
    if (!peer.isPermitted || (peer.reach !== 'any' && !path.reach.allows(peer, port))) {
      path.drops.notPermitted++;
      tally.drops++;
      return;
    }
    if (this.#buckets.length > 0 && !chargeAll(this.#buckets, length, path.nowMs)) {
      path.drops.rateLimited++;
      tally.drops++;
      return;
    }
    // To port 0 nothing can be sent, and node:dgram throws. A frame on a stream may hold more than any datagram.
    if (port === 0 || length > maxDatagramLength || !this.#gate.admits(length)) {
      path.drops.notSent++;
      tally.drops++;
      return;
    }
    // A plain view is all that node:dgram needs, and cheaper than letting it cut the frame.
    this.#socket.send(new Uint8Array(frame.buffer, frame.byteOffset + offset, length), port, peer.destination);
    tally.packets++;
    tally.bytes += length;
  }

  /** Counts a packet of the client that was dropped before it came here. */
  countClientDrop(): void {
    this.#clientToPeer.drops++;
  }

  onSocketError(): void {
    this.#path.drops.notSent++;
    this.#clientToPeer.drops++;
  }

  /** The traffic since the last call; null when there was none. */
  takeCounters(): RelayCounters | null {
    if (this.#clientToPeer.isZero && this.#peerToClient.isZero) return null;
    return { relay: this.id, clientToPeer: this.#clientToPeer.take(), peerToClient: this.#peerToClient.take() };
  }

  /** Closes the socket; nothing is received from then on. */
  close(): Promise<void> {
    return closeSocket(this.#socket);
  }
}
