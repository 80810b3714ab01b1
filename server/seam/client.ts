import type { TransportAddress } from '../stun/transport-address.ts';

/** A UDP listener of the plane: one bound client-facing socket. */
export type ListenerId = number & { readonly brand: 'ListenerId' };

/** A client's connection-oriented stream (TCP, later TLS and WebSocket). Never reused within a process. */
export type StreamId = number & { readonly brand: 'StreamId' };

/** A client on UDP: the socket it called and the address it called from. Costs no memory in the plane until a relay is attached to it. */
export interface UdpClient {
  readonly transport: 'udp';
  readonly listener: ListenerId;
  /** The bound address of the listener, before any 1:1 NAT translation. */
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
}

/** A client on a stream. */
export interface StreamClient {
  readonly transport: 'tcp';
  readonly stream: StreamId;
  /** The local end of the accepted connection, before any 1:1 NAT translation. */
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
}

/** Whoever speaks STUN and TURN with us: a 5-tuple (RFC 8656 section 2) as a value. */
export type Client = UdpClient | StreamClient;
