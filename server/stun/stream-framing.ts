import { paddedLength, readUint16, readUint32 } from './byte-access.ts';
import { channelDataHeaderLength, firstChannelByte, lastChannelByte, type ChannelRange } from './channel-data.ts';
import { headerLength, magicCookie } from './registry.ts';

/** Bytes after which a STUN message's length and magic cookie are known. */
const cookieEnd = 8;
const undecided = 0;
const malformed = -1;
const smallestBuffer = 256;
const nothing = new Uint8Array(0);

/**
 * Cuts a stream into STUN and ChannelData messages (RFC 8656 sections 3.1 and 12.5). Bytes that are neither end it:
 * there is no way to find the next frame. Holds at most one frame, and of that only what has arrived.
 */
export class StreamFramer {
  readonly #maxFrameBytes: number;
  readonly #lastChannelByte: number;
  #state: 'open' | 'stopped' | 'failed' = 'open';
  /** The beginning of a frame whose end has not arrived. */
  #held: Uint8Array = nothing;
  #heldLength = 0;

  /** `maxFrameBytes` counts a frame as it is given out. */
  constructor(options: { readonly maxFrameBytes: number; readonly channelRange: ChannelRange }) {
    this.#maxFrameBytes = options.maxFrameBytes;
    this.#lastChannelByte = lastChannelByte(options.channelRange);
  }

  /**
   * Takes the stream's next bytes and gives out every frame that they complete, without stream padding. A frame is a
   * view of `chunk` where it can be, never written to again, and may be kept. After `bad-frame` nothing is accepted.
   */
  push(chunk: Uint8Array, onFrame: (frame: Uint8Array) => void): 'ok' | 'bad-frame' {
    let offset = 0;
    while (offset < chunk.length && this.#state === 'open') {
      offset = this.#heldLength > 0 ? this.#resume(chunk, offset, onFrame) : this.#next(chunk, offset, onFrame);
    }
    return this.#state === 'failed' ? 'bad-frame' : 'ok';
  }

  /** Gives out nothing more, not even of the chunk that is being pushed. For an owner who closes the stream in `onFrame`. */
  stop(): void {
    if (this.#state === 'open') this.#end('stopped');
  }

  /** Gives out the frame at `offset`, or holds what has arrived of it. Answers where to go on. */
  #next(chunk: Uint8Array, offset: number, onFrame: (frame: Uint8Array) => void): number {
    const available = chunk.length - offset;
    const size = this.#wireSize(chunk, offset, available);
    if (size === malformed) {
      this.#end('failed');
    } else if (size === undecided || size > available) {
      this.#hold(chunk, offset, chunk.length, size);
    } else {
      onFrame(chunk.subarray(offset, offset + frameLength(chunk, offset)));
      return offset + size;
    }
    return chunk.length;
  }

  /** Adds to the frame that is held, and gives it out when it is whole. Answers where to go on. */
  #resume(chunk: Uint8Array, offset: number, onFrame: (frame: Uint8Array) => void): number {
    let size = this.#wireSize(this.#held, 0, this.#heldLength);
    const target = size !== undecided ? size : this.#heldLength < channelDataHeaderLength ? 4 : cookieEnd;
    const end = Math.min(chunk.length, offset + target - this.#heldLength);
    this.#hold(chunk, offset, end, size);
    size = this.#wireSize(this.#held, 0, this.#heldLength);
    if (size === malformed) {
      this.#end('failed');
    } else if (size === this.#heldLength) {
      const frame = this.#held.subarray(0, frameLength(this.#held, 0));
      this.#held = nothing;
      this.#heldLength = 0;
      onFrame(frame);
    }
    return end;
  }

  /** How many bytes of the stream the frame at `offset` takes, padding included; `undecided` or `malformed`. */
  #wireSize(bytes: Uint8Array, offset: number, available: number): number {
    const first = bytes[offset]!;
    const isStun = first <= 3;
    if (!isStun && (first < firstChannelByte || first > this.#lastChannelByte)) return malformed;
    if (available < channelDataHeaderLength) return undecided;
    const length = frameLength(bytes, offset);
    if (length > this.#maxFrameBytes) return malformed;
    if (!isStun) return paddedLength(length);
    if (length % 4 !== 0) return malformed;
    if (available < cookieEnd) return undecided;
    return readUint32(bytes, offset + 4) === magicCookie ? length : malformed;
  }

  /** Keeps a piece of a frame. Room grows with what arrives, not with what the frame's header promises. */
  #hold(chunk: Uint8Array, start: number, end: number, size: number): void {
    const length = this.#heldLength + end - start;
    if (length > this.#held.length) {
      const roomy = Math.max(length, this.#held.length * 2, smallestBuffer);
      const larger = new Uint8Array(size === undecided ? roomy : Math.max(length, Math.min(roomy, size)));
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    this.#held.set(chunk.subarray(start, end), this.#heldLength);
    this.#heldLength = length;
  }

  #end(state: 'stopped' | 'failed'): void {
    this.#state = state;
    this.#held = nothing;
    this.#heldLength = 0;
  }
}

/** The length of a frame without stream padding, from its first four bytes. */
function frameLength(bytes: Uint8Array, offset: number): number {
  const isStun = bytes[offset]! <= 3;
  return (isStun ? headerLength : channelDataHeaderLength) + readUint16(bytes, offset + 2);
}
