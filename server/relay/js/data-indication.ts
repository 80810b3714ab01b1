import { paddedLength, writeUint16, writeUint32 } from '../../stun/byte-access.ts';
import { channelDataHeaderLength } from '../../stun/channel-data.ts';
import { AttributeType, headerLength, magicCookie } from '../../stun/registry.ts';
import type { Peer } from './peer-table.ts';

/** The first 16 bits of a Data indication: method 0x007, class indication (RFC 8489 section 5). */
const dataIndicationType = 0x0017;

/** Bytes before the payload: message header, XOR-PEER-ADDRESS, and DATA's own header. */
export const dataHeaderLength = { ipv4: headerLength + 12 + 4, ipv6: headerLength + 24 + 4 } as const;

/** The largest UDP payload of an IPv4 packet. */
export const maxDatagramLength = 65507;

/** The largest payload that still fits a datagram behind the largest header of a Data indication, and so its 16-bit length fields. */
export const maxDataPayload = maxDatagramLength - dataHeaderLength.ipv6;

/** The largest payload that still fits a datagram behind the header of ChannelData. */
export const maxChannelDataPayload = maxDatagramLength - channelDataHeaderLength;

/**
 * Writes what precedes the payload of a Data indication (RFC 8656 section 11.3). Nobody answers an indication, so its
 * transaction id has to be fresh rather than secret: a random start, a counter, and a mix of both.
 */
export class DataIndicationWriter {
  readonly #startA: number;
  readonly #startB: number;
  #count: number;

  constructor(randomUint32: () => number) {
    this.#startA = randomUint32() | 0;
    this.#startB = randomUint32() | 0;
    this.#count = randomUint32() | 0;
  }

  /** Fills `header`, whose size is that of the peer's family. */
  write(header: Uint8Array, peer: Peer, port: number, payloadLength: number): void {
    const isIpv6 = peer.family === 6;
    const addressLength = isIpv6 ? 20 : 8;
    this.#count = (this.#count + 1) | 0;
    const id0 = Math.imul(this.#count, 0x9e3779b1) ^ this.#startA;
    const id1 = Math.imul(id0 ^ (id0 >>> 15), 0x85ebca77) ^ this.#startB;
    const id2 = this.#count;
    writeUint16(header, 0, dataIndicationType);
    writeUint16(header, 2, 4 + addressLength + 4 + paddedLength(payloadLength));
    writeUint32(header, 4, magicCookie);
    writeUint32(header, 8, id0);
    writeUint32(header, 12, id1);
    writeUint32(header, 16, id2);
    writeUint16(header, 20, AttributeType.xorPeerAddress);
    writeUint16(header, 22, addressLength);
    writeUint16(header, 24, isIpv6 ? 2 : 1);
    writeUint16(header, 26, port ^ (magicCookie >>> 16));
    writeUint32(header, 28, peer.w0 ^ magicCookie);
    if (isIpv6) {
      writeUint32(header, 32, peer.w1 ^ id0);
      writeUint32(header, 36, peer.w2 ^ id1);
      writeUint32(header, 40, peer.w3 ^ id2);
    }
    const data = 24 + addressLength;
    writeUint16(header, data, AttributeType.data);
    writeUint16(header, data + 2, payloadLength);
  }
}
