import type { TransportAddress } from '../stun/transport-address.ts';

/** A UDP listener of the plane: one bound client-facing socket. */
export type ListenerId = number & { readonly brand: 'ListenerId' };

/** A client's connection-oriented stream (TCP or TLS, later WebSocket). Never reused within a process. */
export type StreamId = number & { readonly brand: 'StreamId' };

/** A client on UDP: the socket it called and the address it called from. Costs no memory in the plane until a relay is attached to it. */
export interface UdpClient {
  readonly transport: 'udp';
  readonly listener: ListenerId;
  /** The bound address of the listener, before any 1:1 NAT translation. */
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
}

/** A client on a stream. Planes treat every stream alike; the transport is for rules, counters and what an administrator sees. */
export interface StreamClient {
  /** What the listener that the stream came through speaks: TCP, or TLS over TCP (RFC 8656 section 3.1). */
  readonly transport: 'tcp' | 'tls';
  readonly stream: StreamId;
  /** The local end of the accepted connection, before any 1:1 NAT translation. */
  readonly local: TransportAddress;
  readonly remote: TransportAddress;
}

/** Whoever speaks STUN and TURN with us: a 5-tuple (RFC 8656 section 2) as a value. */
export type Client = UdpClient | StreamClient;
