import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAddress, readXorAddress } from '../../server/stun/addresses.ts';
import { readChannelData } from '../../server/stun/channel-data.ts';
import { readPasswordAlgorithm, readPasswordAlgorithms, readText } from '../../server/stun/credentials-attributes.ts';
import { readErrorCode, readUnknownAttributes } from '../../server/stun/error-code.ts';
import { verifyIntegrity } from '../../server/stun/integrity.ts';
import {
  attribute,
  attributes,
  decodeMessage,
  MessageWriter,
  unknownRequiredAttributes,
  type Message,
  type MessageClass,
} from '../../server/stun/message.ts';
import { decodeNonceCookie } from '../../server/stun/nonce-cookie.ts';
import { AttributeType } from '../../server/stun/registry.ts';
import * as turn from '../../server/stun/turn-attributes.ts';
import { bytesOf, hexOf } from '../vectors/hex.ts';
import vectors from '../vectors/published-messages.json' with { type: 'json' };

const { messageIntegrity, messageIntegritySha256, fingerprint } = AttributeType;
const sealing: readonly number[] = [messageIntegrity, messageIntegritySha256, fingerprint];
const key = bytesOf('000102030405060708090a0b0c0d0e0f');

/** What a message says, free of how it was made. */
interface Content {
  method: number;
  messageClass: MessageClass;
  transactionId: Uint8Array;
  attributes: { type: number; value: Uint8Array }[];
  sha1: boolean;
  sha256: boolean;
  fingerprint: boolean;
}

const anyType = fc
  .oneof(fc.nat(0xffff), fc.constantFrom(...Object.values(AttributeType)))
  .filter((type) => !sealing.includes(type));

const anyContent: fc.Arbitrary<Content> = fc.record({
  method: fc.nat(0xfff),
  messageClass: fc.constantFrom<MessageClass>('request', 'indication', 'success', 'error'),
  transactionId: fc.uint8Array({ minLength: 12, maxLength: 12 }),
  attributes: fc.array(fc.record({ type: anyType, value: fc.uint8Array({ maxLength: 60 }) }), { maxLength: 12 }),
  sha1: fc.boolean(),
  sha256: fc.boolean(),
  fingerprint: fc.boolean(),
});

function encoded(content: Content): Uint8Array {
  const writer = new MessageWriter(content.method, content.messageClass, content.transactionId);
  for (const { type, value } of content.attributes) writer.attribute(type, value);
  if (content.sha1) writer.integritySha1(key);
  if (content.sha256) writer.integritySha256(key);
  if (content.fingerprint) writer.fingerprint();
  return writer.finish();
}

function content(message: Message): Content {
  const listed: Content['attributes'] = [];
  for (let at = 0; at < message.attributeIndex.length; at += 3) {
    const offset = message.attributeIndex[at + 1]!;
    listed.push({
      type: message.attributeIndex[at]!,
      value: message.bytes.slice(offset, offset + message.attributeIndex[at + 2]!),
    });
  }
  return {
    method: message.method,
    messageClass: message.messageClass,
    transactionId: message.transactionId.slice(),
    attributes: listed.filter(({ type }) => !sealing.includes(type)),
    sha1: verifyIntegrity(message, key, 'sha1'),
    sha256: verifyIntegrity(message, key, 'sha256'),
    fingerprint: attribute(message, fingerprint) !== undefined,
  };
}

const readers: readonly ((value: Uint8Array, message: Message) => unknown)[] = [
  (value, message) => readXorAddress(value, message.transactionId),
  readAddress,
  readErrorCode,
  readUnknownAttributes,
  readText,
  (value) => decodeNonceCookie(readText(value) ?? ''),
  readPasswordAlgorithms,
  readPasswordAlgorithm,
  turn.readAddressErrorCode,
  turn.readAddressFamily,
  turn.readChannelNumber,
  turn.readEvenPort,
  turn.readIcmp,
  turn.readLifetime,
  turn.readRequestedTransport,
  turn.readReservationToken,
];

/** Asks all that can be asked of bytes; whatever throws fails the test. Answers whether they are a message. */
function interrogate(bytes: Uint8Array): boolean {
  readChannelData(bytes);
  const message = decodeMessage(bytes);
  if (typeof message === 'string') return false;
  unknownRequiredAttributes(message, new Set());
  verifyIntegrity(message, key, 'sha1');
  verifyIntegrity(message, key, 'sha256');
  for (const type of new Set(message.attributeIndex.filter((_, at) => at % 3 === 0))) {
    for (const value of attributes(message, type)) for (const read of readers) read(value, message);
  }
  return true;
}

describe('SECURITY.md 16: the codec', () => {
  test('decode(encode(x)) is x', () => {
    fc.assert(
      fc.property(anyContent, (original) => {
        const message = decodeMessage(encoded(original));
        expect(typeof message).toBe('object');
        expect(content(message as Message)).toEqual(original);
      }),
      { numRuns: 500 },
    );
  });

  test('encode(decode(x)) is x, for what we encode', () => {
    fc.assert(
      fc.property(anyContent, (original) => {
        const bytes = encoded(original);
        expect(hexOf(encoded(content(decodeMessage(bytes) as Message)))).toBe(hexOf(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test('no input of any bytes throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        interrogate(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  test('no attributes of any bytes throw, in a header that is right', () => {
    let messages = 0;
    const anyBody = fc.array(
      fc
        .tuple(anyType, fc.nat(40), fc.uint8Array({ maxLength: 24 }), fc.boolean())
        .map(([type, length, value, honest]) => {
          const stated = honest ? value.length : length;
          const padded = new Uint8Array((value.length + 3) & ~3);
          padded.set(value);
          return [type >>> 8, type & 0xff, stated >>> 8, stated & 0xff, ...padded];
        }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(anyBody, (parts) => {
        const body = Uint8Array.from(parts.flat());
        const bytes = new Uint8Array(20 + body.length);
        bytes.set(bytesOf('00030000 2112a442'));
        new DataView(bytes.buffer).setUint16(2, body.length);
        bytes.set(body, 20);
        if (interrogate(bytes)) messages++;
      }),
      { numRuns: 1000 },
    );
    expect(messages).toBeGreaterThan(100);
  });

  test('no published message with changed, missing or added bytes throws', () => {
    const seeds = Object.values(vectors).map(({ hex }) => bytesOf(hex.join('')));
    const change = fc.tuple(fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.array(change, { maxLength: 6 }), fc.nat(200), (seed, changes, end) => {
        const bytes = new Uint8Array(Math.max(4, end));
        bytes.set(seed.subarray(0, bytes.length));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        interrogate(bytes);
        new DataView(bytes.buffer).setUint16(2, Math.max(0, bytes.length - 20) & ~3);
        interrogate(bytes.subarray(0, bytes.length - (bytes.length % 4)));
      }),
      { numRuns: 1000 },
    );
  });
});
