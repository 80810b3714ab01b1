import assert from 'node:assert';
import { paddedLength, readUint16, readUint32, writeUint16, writeUint32 } from './byte-access.ts';
import { fingerprintValue } from './fingerprint.ts';
import { integrityHmac, integrityLength, type IntegrityAlgorithm } from './integrity-hmac.ts';
import {
  AttributeType,
  firstComprehensionOptionalType,
  headerLength,
  magicCookie,
  transactionIdLength,
} from './registry.ts';
import type { TransportAddress } from './transport-address.ts';

/** The class of a STUN message (RFC 8489 section 5). */
export type MessageClass = 'request' | 'indication' | 'success' | 'error';

/** Why bytes are no message for us. None of these is answered: the bytes are dropped or, on a stream, the stream. */
export type DecodeFailure = 'too-short' | 'not-stun' | 'rfc3489' | 'bad-length' | 'bad-attribute' | 'bad-fingerprint';

/** A decoded STUN message: a view of the bytes that it came in, valid for as long as they are. */
export interface Message {
  readonly bytes: Uint8Array;
  readonly method: number;
  readonly messageClass: MessageClass;
  /** The 12 bytes of the transaction id, a view. */
  readonly transactionId: Uint8Array;
  /**
   * Of each attribute that counts, in order: its type, the offset of its value and the value's length. Flat, so that
   * a message does not cost an object for each attribute.
   */
  readonly attributeIndex: readonly number[];
}

/** More attributes than this are refused: it is twice what the largest request that a client has use for carries. */
export const maxAttributes = 256;

const classes: readonly MessageClass[] = ['request', 'indication', 'success', 'error'];

/**
 * Decodes a STUN message without copying (RFC 8489 sections 5 and 6.3). Never throws, whatever the bytes.
 * Attributes behind an integrity attribute are left out of the message, but for MESSAGE-INTEGRITY-SHA256 and
 * FINGERPRINT (RFC 8489 sections 14.5 to 14.7); they must be well-formed all the same.
 */
export function decodeMessage(bytes: Uint8Array): Message | DecodeFailure {
  if (bytes.length < headerLength) return 'too-short';
  const type = readUint16(bytes, 0);
  if (type > 0x3fff) return 'not-stun';
  if (readUint32(bytes, 4) !== magicCookie) return 'rfc3489';
  const length = readUint16(bytes, 2);
  if (length % 4 !== 0 || length !== bytes.length - headerLength) return 'bad-length';

  const attributeIndex: number[] = [];
  const failure = indexAttributes(bytes, attributeIndex);
  if (failure !== undefined) return failure;
  return {
    bytes,
    method: (type & 0x000f) | ((type & 0x00e0) >> 1) | ((type & 0x3e00) >> 2),
    messageClass: classes[((type & 0x0100) >> 7) | ((type & 0x0010) >> 4)]!,
    transactionId: bytes.subarray(8, headerLength),
    attributeIndex,
  };
}

function indexAttributes(bytes: Uint8Array, index: number[]): DecodeFailure | undefined {
  let sealedBy = 0;
  let count = 0;
  let offset = headerLength;
  // The message's length is a multiple of 4 and so is every step: four bytes of an attribute's header are always there.
  while (offset < bytes.length) {
    const type = readUint16(bytes, offset);
    const length = readUint16(bytes, offset + 2);
    const value = offset + 4;
    const next = value + paddedLength(length);
    if (next > bytes.length || ++count > maxAttributes) return 'bad-attribute';
    if (type === AttributeType.fingerprint) {
      if (length !== 4 || next !== bytes.length) return 'bad-fingerprint';
      if (readUint32(bytes, value) !== fingerprintValue(bytes, offset)) return 'bad-fingerprint';
    }
    if (countsAfter(sealedBy, type)) {
      index.push(type, value, length);
      if (type === AttributeType.messageIntegrity || type === AttributeType.messageIntegritySha256) sealedBy = type;
    }
    offset = next;
  }
  return undefined;
}

/** Whether an attribute counts when the last integrity attribute before it was `sealedBy`, 0 for none (RFC 8489 sections 14.5 to 14.7). */
function countsAfter(sealedBy: number, type: number): boolean {
  if (sealedBy === 0 || type === AttributeType.fingerprint) return true;
  return sealedBy === AttributeType.messageIntegrity && type === AttributeType.messageIntegritySha256;
}

/** The value of the first attribute of this type (RFC 8489 section 14: duplicates are ignored), a view. */
export function attribute(message: Message, type: number): Uint8Array | undefined {
  const index = message.attributeIndex;
  for (let at = 0; at < index.length; at += 3) {
    if (index[at] === type) return valueAt(message, at);
  }
  return undefined;
}

/** The values of all attributes of this type in their order, views (XOR-PEER-ADDRESS in CreatePermission, RFC 8656 section 10.1). */
export function attributes(message: Message, type: number): Uint8Array[] {
  const index = message.attributeIndex;
  const values: Uint8Array[] = [];
  for (let at = 0; at < index.length; at += 3) {
    if (index[at] === type) values.push(valueAt(message, at));
  }
  return values;
}

function valueAt(message: Message, at: number): Uint8Array {
  const offset = message.attributeIndex[at + 1]!;
  return message.bytes.subarray(offset, offset + message.attributeIndex[at + 2]!);
}

/** The comprehension-required types that are not in `understood`, each once, in their order (RFC 8489 section 6.3.1). */
export function unknownRequiredAttributes(message: Message, understood: ReadonlySet<number>): number[] {
  const index = message.attributeIndex;
  const unknown: number[] = [];
  for (let at = 0; at < index.length; at += 3) {
    const type = index[at]!;
    if (type < firstComprehensionOptionalType && !understood.has(type) && !unknown.includes(type)) unknown.push(type);
  }
  return unknown;
}

/** Enough for every message but a Data indication, so that growing is rare. */
const initialCapacity = 256;

/**
 * Encodes one message into one buffer (RFC 8489 section 5): attributes in the order of the calls, integrity and
 * fingerprint last. Breaking that order or the sizes of the format is a bug of the caller: assertion.
 */
export class MessageWriter {
  #bytes: Uint8Array;
  #length = headerLength;
  /** The attribute after which little or nothing may follow: an integrity type, FINGERPRINT, or 0. */
  #sealedBy = 0;

  /** `buffer` is written into when given, and left for a larger one when it is too small; it may hold old bytes. */
  constructor(method: number, messageClass: MessageClass, transactionId: Uint8Array, buffer?: Uint8Array) {
    assert(method >= 0 && method <= 0xfff, `a STUN method has 12 bits, not ${method}`);
    assert(transactionId.length === transactionIdLength, `a transaction id has 12 bytes, not ${transactionId.length}`);
    this.#bytes = buffer !== undefined && buffer.length >= headerLength ? buffer : new Uint8Array(initialCapacity);
    const classBits = classes.indexOf(messageClass);
    writeUint16(
      this.#bytes,
      0,
      (method & 0x00f) |
        ((method & 0x070) << 1) |
        ((method & 0xf80) << 2) |
        ((classBits & 1) << 4) |
        ((classBits & 2) << 7),
    );
    writeUint32(this.#bytes, 4, magicCookie);
    this.#bytes.set(transactionId, 8);
  }

  /** Adds an attribute with this value. */
  attribute(type: number, value: Uint8Array): this {
    const at = this.#open(type, value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** Adds an attribute without a value (DONT-FRAGMENT). */
  flag(type: number): this {
    this.#open(type, 0);
    return this;
  }

  /** Adds an attribute whose value is one 32-bit integer. */
  uint32(type: number, value: number): this {
    const at = this.#open(type, 4);
    writeUint32(this.#bytes, at, value);
    return this;
  }

  /** Adds an attribute whose value is text in UTF-8. */
  text(type: number, text: string): this {
    return this.attribute(type, utf8.encode(text));
  }

  /** Adds an attribute with a transport address XOR'ed with cookie and transaction id (RFC 8489 section 14.2). */
  xorAddress(type: number, address: TransportAddress): this {
    const { ip, port } = address;
    const at = this.#open(type, ip.family === 4 ? 8 : 20);
    const bytes = this.#bytes;
    writeUint16(bytes, at, ip.family === 4 ? 1 : 2);
    writeUint16(bytes, at + 2, port ^ (magicCookie >>> 16));
    writeUint32(bytes, at + 4, ip.w0 ^ magicCookie);
    if (ip.family === 6) {
      writeUint32(bytes, at + 8, ip.w1 ^ readUint32(bytes, 8));
      writeUint32(bytes, at + 12, ip.w2 ^ readUint32(bytes, 12));
      writeUint32(bytes, at + 16, ip.w3 ^ readUint32(bytes, 16));
    }
    return this;
  }

  /** Adds MESSAGE-INTEGRITY over all that was added (RFC 8489 section 14.5). */
  integritySha1(key: Uint8Array): this {
    return this.#integrity(AttributeType.messageIntegrity, key, 'sha1');
  }

  /** Adds MESSAGE-INTEGRITY-SHA256, of full length, over all that was added (RFC 8489 section 14.6). */
  integritySha256(key: Uint8Array): this {
    return this.#integrity(AttributeType.messageIntegritySha256, key, 'sha256');
  }

  #integrity(type: number, key: Uint8Array, algorithm: IntegrityAlgorithm): this {
    const at = this.#open(type, integrityLength(algorithm));
    this.#bytes.set(integrityHmac(this.#bytes, at - 4, key, algorithm), at);
    this.#sealedBy = type;
    return this;
  }

  /** Adds FINGERPRINT; nothing can follow (RFC 8489 section 14.7). */
  fingerprint(): this {
    const at = this.#open(AttributeType.fingerprint, 4);
    writeUint16(this.#bytes, 2, this.#length - headerLength);
    writeUint32(this.#bytes, at, fingerprintValue(this.#bytes, at - 4));
    this.#sealedBy = AttributeType.fingerprint;
    return this;
  }

  /** The message: a view of the buffer, valid until the buffer is written to again. */
  finish(): Uint8Array {
    writeUint16(this.#bytes, 2, this.#length - headerLength);
    return this.#bytes.subarray(0, this.#length);
  }

  /** Writes an attribute's header and zero padding, and answers where its value goes. */
  #open(type: number, valueLength: number): number {
    assert(
      this.#sealedBy !== AttributeType.fingerprint && countsAfter(this.#sealedBy, type),
      'nothing may follow here',
    );
    const at = this.#length + 4;
    const end = at + paddedLength(valueLength);
    assert(valueLength <= 0xffff && end - headerLength <= 0xffff, `a STUN message of ${end} bytes has no encoding`);
    if (end > this.#bytes.length) this.#grow(end);
    writeUint16(this.#bytes, this.#length, type);
    writeUint16(this.#bytes, at - 2, valueLength);
    this.#bytes.fill(0, at + valueLength, end);
    this.#length = end;
    return at;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

const utf8 = new TextEncoder();
