import type { Socket } from 'node:net';
import { assertNever } from '../contract/assert-never.ts';
import type { StreamClient, StreamId } from '../seam/client.ts';
import type { ChannelRange } from '../stun/channel-data.ts';
import { socketAddress } from './socket-address.ts';
import { StreamAdmission } from './stream-admission.ts';
import { StreamConnection } from './stream-connection.ts';
import type { ConnectionOptions, StreamFault, StreamSockets } from './stream-connection.ts';
import { zeroStreamCounters } from './stream-counters.ts';
import type { StreamCounters } from './stream-counters.ts';
import { streamLimits } from './stream-limits.ts';
import type { StreamLimits } from './stream-limits.ts';
import type { HandshakeFailure } from './tls-handshake.ts';

/** What streams report. Neither is called from inside a method of `StreamClients`. */
export interface StreamEvents {
  /** A STUN message or ChannelData message, without stream padding. `frame` may be kept. */
  onFrame(frame: Uint8Array, client: StreamClient): void;
  /** The stream has ended, for whatever reason (FIN, RST, a fault, or `close`). Exactly once for each client that `onFrame` may have named. */
  onGone(client: StreamClient): void;
}

/** How streams are kept. */
export interface StreamClientsOptions {
  /** What differs from the default (`streamLimits`). */
  readonly limits?: Partial<StreamLimits>;
  readonly channelRange: ChannelRange;
  readonly events: StreamEvents;
}

/**
 * Every client on a stream, whichever listener it came through, by its id. Calls that name a client which is
 * gone are ignored: a stream may end between a decision and its execution.
 */
export class StreamClients {
  readonly #events: StreamEvents;
  readonly #connectionOptions: ConnectionOptions;
  readonly #admission: StreamAdmission;
  readonly #connections = new Map<StreamId, StreamConnection>();
  /** The TCP connections of streams whose TLS handshake is still to come. */
  readonly #handshaking = new Map<StreamId, Socket>();
  readonly #counters = zeroStreamCounters();
  #lastStreamId = 0;
  #closed = false;
  #allGone = Promise.withResolvers<void>();

  constructor(options: StreamClientsOptions) {
    const limits = streamLimits(options.limits);
    this.#events = options.events;
    this.#connectionOptions = {
      limits,
      channelRange: options.channelRange,
      events: {
        onFrame: (frame, client) => {
          this.#events.onFrame(frame, client);
        },
        onFault: (fault) => {
          this.#noteFault(fault);
        },
        onGone: (connection) => {
          this.#remove(connection);
        },
      },
    };
    this.#admission = new StreamAdmission(limits);
  }

  /** Streams that are not gone, those included whose TLS handshake is still to come. */
  get size(): number {
    return this.#connections.size + this.#handshaking.size;
  }

  /** What happened so far: a copy. */
  get counters(): StreamCounters {
    return { ...this.#counters };
  }

  /** Takes over a connection that a listener accepted, or turns it away by a reset. */
  accept(socket: Socket): void {
    const client = this.#admitOrReset(socket, 'tcp');
    if (client !== undefined) this.#connect(client, { socket, tcp: socket });
  }

  /**
   * Lets a connection in whose TLS handshake is still to come, or turns it away by a reset. Until `open` or `leave`, one
   * of which must follow, it counts as a stream without an allocation.
   */
  admit(tcp: Socket): StreamClient | undefined {
    const client = this.#admitOrReset(tcp, 'tls');
    if (client !== undefined) this.#handshaking.set(client.stream, tcp);
    return client;
  }

  /** The TLS handshake of a client that was admitted is complete. */
  open(client: StreamClient, sockets: StreamSockets): void {
    if (!this.#handshaking.delete(client.stream)) return;
    this.#counters.tlsHandshakes += 1;
    this.#connect(client, sockets);
  }

  /** The TLS handshake of a client that was admitted has failed, and its connection is being ended. */
  leave(client: StreamClient, failure: HandshakeFailure): void {
    if (!this.#handshaking.delete(client.stream)) return;
    // What `closeAll` ended says nothing about clients.
    if (!this.#closed) this.#noteFailure(failure);
    this.#admission.removeUnauthenticated(client.remote.ip);
    this.#admission.remove();
    if (this.#closed && this.size === 0) this.#allGone.resolve();
  }

  /** A listener could not take a connection over from the system. */
  noteAcceptError(): void {
    this.#counters.acceptErrors += 1;
  }

  /** Sends a STUN message, whose bytes must not change afterwards. A client that leaves too many unread loses its stream. */
  send(client: StreamClient, bytes: Uint8Array): void {
    this.#connections.get(client.stream)?.send(bytes);
  }

  /**
   * Sends media: header, payload and 0 to 3 bytes of zero padding (RFC 8656 section 12.5), uncopied, so that
   * neither array may change afterwards. Dropped and counted when the client reads too slowly.
   */
  deliver(client: StreamClient, header: Uint8Array, payload: Uint8Array, paddingBytes: number): void {
    if (this.#connections.get(client.stream)?.deliver(header, payload, paddingBytes) === true) return;
    this.#counters.droppedDeliveries += 1;
    this.#counters.droppedDeliveryBytes += header.length + payload.length + paddingBytes;
  }

  /** The client has an allocation: its deadline is lifted and its stream counts for its address no more. */
  markAuthenticated(client: StreamClient): void {
    if (this.#connections.get(client.stream)?.markAuthenticated() === true) {
      this.#admission.removeUnauthenticated(client.remote.ip);
    }
  }

  /** The client's allocation is gone, its stream is not: the deadline starts anew. */
  markIdle(client: StreamClient): void {
    if (this.#connections.get(client.stream)?.markIdle() === true) {
      this.#admission.addUnauthenticated(client.remote.ip);
    }
  }

  /** Reads no more from the client, flushes what is queued and closes. `onGone` follows. Repeatable. */
  close(client: StreamClient): void {
    this.#connections.get(client.stream)?.close();
  }

  /** Closes every stream and takes no more. Resolves when the last one is gone. Repeatable. */
  closeAll(): Promise<void> {
    this.#closed = true;
    for (const tcp of this.#handshaking.values()) tcp.destroy();
    for (const connection of this.#connections.values()) connection.close();
    if (this.size === 0) this.#allGone.resolve();
    return this.#allGone.promise;
  }

  #connect(client: StreamClient, sockets: StreamSockets): void {
    this.#connections.set(client.stream, new StreamConnection(sockets, client, this.#connectionOptions));
  }

  #admitOrReset(socket: Socket, transport: StreamClient['transport']): StreamClient | undefined {
    const client = this.#admit(socket, transport);
    if (client !== undefined) return client;
    socket.on('error', () => undefined);
    socket.resetAndDestroy();
    return undefined;
  }

  #admit(socket: Socket, transport: StreamClient['transport']): StreamClient | undefined {
    const local = socketAddress(socket.localAddress, socket.localPort);
    const remote = socketAddress(socket.remoteAddress, socket.remotePort);
    if (this.#closed || local === null || remote === null) return undefined;
    const admission = this.#admission.admit(remote.ip);
    switch (admission) {
      case 'full':
        this.#counters.refusedFull += 1;
        return undefined;
      case 'address-full':
        this.#counters.refusedAddressFull += 1;
        return undefined;
      case 'admitted':
        this.#counters.accepted += 1;
        this.#lastStreamId += 1;
        return { transport, stream: this.#lastStreamId as StreamId, local, remote };
      default:
        return assertNever(admission);
    }
  }

  #noteFault(fault: StreamFault): void {
    switch (fault) {
      case 'timed-out':
        this.#counters.timedOut += 1;
        return;
      case 'bad-frame':
        this.#counters.badFrames += 1;
        return;
      case 'unread-responses':
        this.#counters.unreadResponses += 1;
        return;
      default:
        assertNever(fault);
    }
  }

  #noteFailure(failure: HandshakeFailure): void {
    switch (failure) {
      case 'failed':
        this.#counters.tlsHandshakeFailures += 1;
        return;
      case 'timed-out':
        this.#counters.tlsHandshakesTimedOut += 1;
        return;
      case 'crowded-out':
        this.#counters.tlsHandshakesCrowdedOut += 1;
        return;
      case 'wait-timed-out':
        this.#counters.tlsWaitsTimedOut += 1;
        return;
      case 'wait-crowded-out':
        this.#counters.tlsWaitsCrowdedOut += 1;
        return;
      default:
        assertNever(failure);
    }
  }

  #remove(connection: StreamConnection): void {
    const { client } = connection;
    this.#connections.delete(client.stream);
    if (!connection.authenticated) this.#admission.removeUnauthenticated(client.remote.ip);
    this.#admission.remove();
    this.#events.onGone(client);
    if (this.#closed && this.size === 0) this.#allGone.resolve();
  }
}
