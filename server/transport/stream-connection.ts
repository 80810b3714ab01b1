import type { Socket } from 'node:net';
import type { StreamClient } from '../seam/client.ts';
import type { ChannelRange } from '../stun/channel-data.ts';
import { StreamFramer } from '../stun/stream-framing.ts';
import { queuedWriteCostBytes } from './stream-limits.ts';
import type { StreamLimits } from './stream-limits.ts';

/** Why a stream was closed by us rather than by its client. */
export type StreamFault = 'timed-out' | 'bad-frame' | 'unread-responses';

/** What a connection tells its owner. `onFrame` and `onGone` are never called from inside one of the connection's methods. */
export interface ConnectionEvents {
  onFrame(frame: Uint8Array, client: StreamClient): void;
  /** Before `onGone`, once at most; may be called from inside `send`. */
  onFault(fault: StreamFault): void;
  onGone(connection: StreamConnection): void;
}

/** What all connections have in common. */
export interface ConnectionOptions {
  readonly limits: StreamLimits;
  readonly channelRange: ChannelRange;
  readonly events: ConnectionEvents;
}

/** The sockets of one stream. */
export interface StreamSockets {
  /** What TURN is spoken on. */
  readonly socket: Socket;
  /** The TCP connection beneath it, which alone can be reset; the same where there is no TLS. */
  readonly tcp: Socket;
}

/** What a stream may read before the others have their turn: as much as one read of TCP brings at most. */
const turnBytes = 65_536;
/** What a chunk counts at least, for a client whose TLS records hold a few bytes each. */
const minChunkBytes = 128;

const paddings = [0, 1, 2, 3].map((length) => new Uint8Array(length));

/**
 * One client's stream: framing in, bounded queues out (RFC 8656 section 2.1, SECURITY.md 10).
 * Reading never waits for relays, since UDP may lose what they cannot take.
 */
export class StreamConnection {
  readonly client: StreamClient;
  readonly #socket: Socket;
  readonly #tcp: Socket;
  readonly #limits: StreamLimits;
  readonly #events: ConnectionEvents;
  readonly #framer: StreamFramer;
  #state: 'open' | 'closing' | 'gone' = 'open';
  #authenticated = false;
  #deadline: NodeJS.Timeout | undefined;
  /** Read, but not yet part of a whole frame. */
  #unframedBytes = 0;
  /** Read since the others had their turn. */
  #turnBytes = 0;
  /** Writes that found the socket blocked and still wait. */
  #queuedWrites = 0;

  constructor({ socket, tcp }: StreamSockets, client: StreamClient, options: ConnectionOptions) {
    this.client = client;
    this.#socket = socket;
    this.#tcp = tcp;
    this.#limits = options.limits;
    this.#events = options.events;
    this.#framer = new StreamFramer({
      maxFrameBytes: options.limits.maxFrameBytes,
      channelRange: options.channelRange,
    });
    this.#startDeadline();
    socket.on('data', (chunk) => {
      // A string only where an encoding was set.
      this.#read(chunk as Uint8Array);
    });
    socket.on('end', () => {
      this.close();
    });
    // A reset is an end like any other: 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#gone();
    });
  }

  /** Whether the stream has an allocation. */
  get authenticated(): boolean {
    return this.#authenticated;
  }

  /** An allocation exists: the deadline is lifted. Returns whether that is news. */
  markAuthenticated(): boolean {
    if (this.#state !== 'open' || this.#authenticated) return false;
    this.#authenticated = true;
    clearTimeout(this.#deadline);
    return true;
  }

  /** The allocation is gone: the deadline starts anew. Returns whether that is news. */
  markIdle(): boolean {
    if (this.#state !== 'open' || !this.#authenticated) return false;
    this.#authenticated = false;
    this.#startDeadline();
    return true;
  }

  /** Sends a STUN message, whose bytes must not change afterwards. Closes the stream when its client leaves too much unread. */
  send(bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    const bound = this.#authenticated ? this.#limits.maxQueuedControlBytes : this.#limits.maxUnauthenticatedQueuedBytes;
    if (this.#queuedCost() + bytes.length > bound) {
      this.#fail('unread-responses');
      return;
    }
    this.#write(bytes);
  }

  /** Sends media in order; neither array may change afterwards. Returns false when it was dropped. */
  deliver(header: Uint8Array, payload: Uint8Array, paddingBytes: number): boolean {
    if (this.#state !== 'open') return false;
    const bytes = header.length + payload.length + paddingBytes;
    if (this.#queuedCost() + bytes > this.#limits.maxQueuedBytes) return false;
    if (this.#socket === this.#tcp) this.#gather(header, payload, paddingBytes);
    // Encryption copies it anyway, and a TLS record holds what was written at once. The padding is what `concat` fills up with zeros.
    else this.#write(Buffer.concat([header, payload], bytes));
    return true;
  }

  #gather(header: Uint8Array, payload: Uint8Array, paddingBytes: number): void {
    const socket = this.#socket;
    socket.cork();
    this.#write(header);
    if (payload.length > 0) socket.write(payload);
    if (paddingBytes > 0) socket.write(paddings[paddingBytes] as Uint8Array);
    socket.uncork();
  }

  /** Reads no more frames, flushes what is queued and closes. Repeatable. */
  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#framer.stop();
    clearTimeout(this.#deadline);
    this.#socket.destroySoon();
    this.#deadline = setTimeout(() => this.#socket.destroy(), this.#limits.closeTimeoutMs);
  }

  #read(chunk: Uint8Array): void {
    this.#unframedBytes += chunk.length;
    const outcome = this.#framer.push(chunk, this.#onFrame);
    const isHoarding = !this.#authenticated && this.#unframedBytes > this.#limits.maxUnauthenticatedFrameBytes;
    if (outcome === 'bad-frame' || isHoarding) {
      this.#fail('bad-frame');
      return;
    }
    // So that a flood of tiny frames on one stream cannot hold up the others.
    this.#turnBytes += Math.max(chunk.length, minChunkBytes);
    if (this.#turnBytes >= turnBytes) {
      this.#turnBytes = 0;
      this.#socket.pause();
      setImmediate(() => this.#socket.resume());
    }
  }

  // One function for the stream's life: a chunk of frames then makes no closure.
  readonly #onFrame = (frame: Uint8Array): void => {
    this.#unframedBytes -= Math.ceil(frame.length / 4) * 4;
    this.#events.onFrame(frame, this.client);
  };

  readonly #onQueuedWritten = (): void => {
    this.#queuedWrites -= 1;
  };

  #write(bytes: Uint8Array): void {
    if (this.#socket.writableLength === 0) {
      this.#socket.write(bytes);
    } else {
      this.#queuedWrites += 1;
      this.#socket.write(bytes, this.#onQueuedWritten);
    }
  }

  #queuedCost(): number {
    return this.#socket.writableLength + this.#queuedWrites * queuedWriteCostBytes;
  }

  #startDeadline(): void {
    this.#deadline = setTimeout(() => {
      this.#fail('timed-out');
    }, this.#limits.unauthenticatedTimeoutMs);
  }

  /** Ends a stream that did not keep the rules, at once and by a reset, so that the connection leaves nothing behind. */
  #fail(fault: StreamFault): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#framer.stop();
    clearTimeout(this.#deadline);
    this.#events.onFault(fault);
    this.#tcp.resetAndDestroy();
  }

  #gone(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    clearTimeout(this.#deadline);
    this.#events.onGone(this);
  }
}
