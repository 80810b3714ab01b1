import type { IpAddress, TransportAddress } from '../stun/transport-address.ts';
import type { Client, ListenerId, StreamClient, UdpClient } from './client.ts';
import type { AddressPlan, BucketId, IcmpError, PeerReach, RelayFailure, RelayId } from './relay.ts';

/** What a plane's sockets can do; the only difference between planes that the machine sees. */
export interface PlaneCapabilities {
  /** Can set the DF bit; without it DONT-FRAGMENT is answered 420 (RFC 8656 section 7.2 step 6). */
  readonly dontFragment: boolean;
  /** Can report ICMP errors of a relay's packets. */
  readonly icmp: boolean;
}

/** What a plane calls. Never called from inside `listen`, `send` or a `drain`; `openRelay` may call back before it returns. */
export interface PlaneEvents {
  /** A packet that is not the plane's to forward. `bytes` are the callee's until it returns, and must be copied to be kept. */
  onClientMessage(bytes: Uint8Array, client: UdpClient): void;
  onRelayOpened(relay: RelayId, address: TransportAddress): void;
  /** For a pair, `relay` is the lower one and neither is open. */
  onRelayFailed(relay: RelayId, reason: RelayFailure): void;
  /**
   * Media for a client on a stream: a header, a payload and 0 to 3 bytes of padding, to be written one after the other
   * (RFC 8656 section 12.5). `header` is only lent until the callee returns; `payload` may be kept, and is not to be written to.
   */
  onStreamDelivery(client: StreamClient, header: Uint8Array, payload: Uint8Array, paddingBytes: number): void;
  onPeerUnreachable(relay: RelayId, peer: TransportAddress, icmp: IcmpError): void;
}

/** Traffic in one direction since the last drain. Bytes are payload bytes, without TURN, UDP or IP headers. */
export interface DirectionCounters {
  readonly packets: number;
  readonly bytes: number;
  readonly drops: number;
}

/** A relay's traffic since the last drain. A closed relay appears once more after it closed. */
export interface RelayCounters {
  readonly relay: RelayId;
  readonly clientToPeer: DirectionCounters;
  readonly peerToClient: DirectionCounters;
}

/** Packets the plane dropped, by cause, since the last drain. */
export interface DropCounters {
  /** First byte neither STUN nor ChannelData, or a frame shorter than its header. */
  readonly malformed: number;
  /** ChannelData on a channel that is not bound, or Send from a client without an allocation. */
  readonly unknownChannel: number;
  /** No live permission, or an own port that is no open relay. */
  readonly notPermitted: number;
  /** A token bucket was empty. */
  readonly rateLimited: number;
  /** The socket's send queue was full, or the system refused the packet. */
  readonly notSent: number;
}

/** All that a plane counted since the last call. */
export interface PlaneCounters {
  readonly relays: readonly RelayCounters[];
  readonly drops: DropCounters;
}

/**
 * Owns every UDP socket, client-facing and relayed, and forwards media without asking the machine
 * (DESIGN.md section 3). Peers are named by their public addresses; the plane translates.
 * All calls are synchronous but `listen` and `close`. Ids that are unknown or already closed are a bug of the caller: assertion.
 */
export interface ForwardingPlane {
  readonly capabilities: PlaneCapabilities;
  /** Binds a client-facing socket. `port` 0 takes any. Rejects with the system's error (`code` EADDRINUSE ...). */
  listen(listener: ListenerId, address: TransportAddress): Promise<TransportAddress>;
  /** Closes a client-facing socket, its address having gone. Relays of its clients are the machine's to close. */
  unlisten(listener: ListenerId): void;
  setAddressPlan(plan: AddressPlan): void;
  /** Answers by `onRelayOpened`, with the address that is bound and not its public form, or by `onRelayFailed`. */
  openRelay(relay: RelayId, localAddress: IpAddress, port: number): void;
  /** Opens `port` as `relay` and `port + 1` as `upperRelay`, or neither. Answers once, naming `relay` and its address. */
  openRelayPair(relay: RelayId, upperRelay: RelayId, localAddress: IpAddress, port: number): void;
  /** From here on the relay forwards between its permitted peers and this client. A client has at most one relay of a family. */
  attachRelay(relay: RelayId, client: Client, buckets: readonly BucketId[]): void;
  closeRelay(relay: RelayId): void;
  permitPeer(relay: RelayId, peer: IpAddress, reach: PeerReach): void;
  revokePeer(relay: RelayId, peer: IpAddress): void;
  bindChannel(relay: RelayId, channel: number, peer: TransportAddress): void;
  unbindChannel(relay: RelayId, channel: number): void;
  /** Creates or changes a bucket of one second's depth; 0 removes it (its relays are then not limited by it). */
  setRate(bucket: BucketId, bitsPerSecond: number): void;
  /** Sends a STUN message to a client on UDP from the socket that it called. `bytes` must not be written to afterwards: a full kernel takes them later. */
  send(client: UdpClient, bytes: Uint8Array): void;
  /** A ChannelData message or Send indication that arrived on a stream, without stream padding. `frame` must not be written to afterwards, as with `send`. */
  forwardFromStream(client: StreamClient, frame: Uint8Array): void;
  drainCounters(): PlaneCounters;
  /** Closes every socket. */
  close(): Promise<void>;
}
