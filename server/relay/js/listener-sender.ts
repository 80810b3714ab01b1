import type { Socket } from 'node:dgram';
import { channelDataHeaderLength } from '../../stun/channel-data.ts';
import { dataHeaderLength } from './data-indication.ts';
import { HeaderPool } from './header-pool.ts';
import { SendGate } from './send-gate.ts';

/** Padding by its length (RFC 8489 section 14). */
const paddings: readonly Buffer[] = [0, 1, 2, 3].map((length) => Buffer.alloc(length));

/** The sending side of a client-facing socket: a header and a payload go out as one packet, without being copied together. */
export class ListenerSender {
  readonly channelDataHeaders: HeaderPool;
  readonly dataHeadersIpv4: HeaderPool;
  readonly dataHeadersIpv6: HeaderPool;
  readonly #socket: Socket;
  readonly #gate: SendGate;
  /** node:dgram copies these lists, so each serves every packet. */
  readonly #parts: [Buffer, Buffer] = [Buffer.alloc(0), Buffer.alloc(0)];
  readonly #paddedParts: [Buffer, Buffer, Buffer] = [Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(0)];
  #isOpen = true;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#gate = new SendGate(socket);
    this.channelDataHeaders = new HeaderPool(socket, channelDataHeaderLength);
    this.dataHeadersIpv4 = new HeaderPool(socket, dataHeaderLength.ipv4);
    this.dataHeadersIpv6 = new HeaderPool(socket, dataHeaderLength.ipv6);
  }

  /** Whether a packet of this size can be sent. */
  admits(bytes: number): boolean {
    return this.#isOpen && this.#gate.admits(bytes);
  }

  /** Sends an admitted packet made of a header, a payload and 0 to 3 bytes of padding. */
  send(header: Buffer, payload: Buffer, paddingBytes: number, port: number, address: string): void {
    if (paddingBytes === 0) {
      this.#parts[0] = header;
      this.#parts[1] = payload;
      this.#socket.send(this.#parts, port, address);
    } else {
      this.#paddedParts[0] = header;
      this.#paddedParts[1] = payload;
      this.#paddedParts[2] = paddings[paddingBytes]!;
      this.#socket.send(this.#paddedParts, port, address);
    }
  }

  /** Sends an admitted message as it is. */
  sendMessage(bytes: Uint8Array, port: number, address: string): void {
    this.#socket.send(bytes, port, address);
  }

  /** The socket is closed: nothing is admitted any more. */
  end(): void {
    this.#isOpen = false;
  }
}
