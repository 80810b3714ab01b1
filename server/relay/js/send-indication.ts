import { readUint16, readUint32 } from '../../stun/byte-access.ts';
import { fingerprintValue } from '../../stun/fingerprint.ts';
import { isSendIndication } from '../../stun/media-frame.ts';
import { AttributeType, firstComprehensionOptionalType, headerLength, magicCookie } from '../../stun/registry.ts';
import type { IpFamily } from '../../stun/transport-address.ts';

/** What the server understands; without the DF bit DONT-FRAGMENT is as good as unknown (RFC 8656 section 11.2). */
const understood: ReadonlySet<number> = new Set(
  Object.values(AttributeType).filter((type) => type !== AttributeType.dontFragment),
);

/**
 * Reads Send indications into fields of its own, one at a time and without allocating (RFC 8656 section 11.2).
 * It accepts what the message decoder accepts: of several attributes of a type the first counts, after an integrity
 * attribute none does, and a FINGERPRINT must be last and right.
 */
export class SendIndication {
  /** The family of the peer. */
  family: IpFamily = 4;
  /** The words of the peer's address. */
  readonly words = new Int32Array(4);
  /** The peer's port. */
  port = 0;
  /** Where DATA's value begins, and how long it is. */
  dataOffset = 0;
  dataLength = 0;

  /** Reads a frame; false when it has to be discarded, and the fields are then worthless. */
  read(frame: Uint8Array): boolean {
    const length = frame.length;
    if (length < headerLength || readUint16(frame, 2) !== length - headerLength || length % 4 !== 0) return false;
    if (!isSendIndication(frame) || readUint32(frame, 4) !== magicCookie) return false;
    let hasPeer = false;
    let hasData = false;
    let isSealed = false;
    for (let offset = headerLength; offset < length;) {
      const type = readUint16(frame, offset);
      const valueLength = readUint16(frame, offset + 2);
      const value = offset + 4;
      const next = value + ((valueLength + 3) & ~3);
      if (next > length) return false;
      if (type === AttributeType.fingerprint) {
        if (next !== length || valueLength !== 4) return false;
        if (readUint32(frame, value) !== fingerprintValue(frame, offset)) return false;
      } else if (!isSealed) {
        if (type === AttributeType.xorPeerAddress) {
          if (!hasPeer && !this.#readPeer(frame, value, valueLength)) return false;
          hasPeer = true;
        } else if (type === AttributeType.data) {
          if (!hasData) this.dataOffset = value;
          if (!hasData) this.dataLength = valueLength;
          hasData = true;
        } else if (type === AttributeType.messageIntegrity || type === AttributeType.messageIntegritySha256) {
          isSealed = true;
        } else if (type < firstComprehensionOptionalType && !understood.has(type)) {
          return false;
        }
      }
      offset = next;
    }
    return hasPeer && hasData;
  }

  #readPeer(frame: Uint8Array, value: number, length: number): boolean {
    const familyNumber = length < 2 ? 0 : frame[value + 1];
    if (!(familyNumber === 1 && length === 8) && !(familyNumber === 2 && length === 20)) return false;
    const words = this.words;
    this.family = familyNumber === 1 ? 4 : 6;
    this.port = readUint16(frame, value + 2) ^ (magicCookie >>> 16);
    words[0] = readUint32(frame, value + 4) ^ magicCookie;
    const isIpv6 = familyNumber === 2;
    words[1] = isIpv6 ? readUint32(frame, value + 8) ^ readUint32(frame, 8) : 0;
    words[2] = isIpv6 ? readUint32(frame, value + 12) ^ readUint32(frame, 12) : 0;
    words[3] = isIpv6 ? readUint32(frame, value + 16) ^ readUint32(frame, 16) : 0;
    return true;
  }
}
