import { describe, expect, test } from 'vitest';
import { readChannelData } from '../../server/stun/channel-data.ts';
import { fingerprintValue } from '../../server/stun/fingerprint.ts';
import {
  attribute,
  attributes,
  decodeMessage,
  maxAttributes,
  MessageWriter,
  unknownRequiredAttributes,
  type DecodeFailure,
  type Message,
  type MessageClass,
} from '../../server/stun/message.ts';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { bytesOf, hexOf } from '../vectors/hex.ts';
import { decoded, valueOf } from './decoded.ts';

const cookieAndId = '2112a442 000102030405060708090a0b';

function ofHex(hex: string): Message {
  return decoded(bytesOf(hex));
}

describe('what is no message for us', () => {
  test.each<[string, string, DecodeFailure]>([
    ['RFC 8489 5: no byte', '', 'too-short'],
    ['RFC 8489 5: one byte', '00', 'too-short'],
    ['RFC 8489 5: one byte that is not of STUN', 'ff', 'too-short'],
    ['RFC 8489 5: 19 bytes', `00010000 ${cookieAndId}`.slice(0, -2), 'too-short'],
    ['RFC 8489 5: the first bit set', `80010000 ${cookieAndId}`, 'not-stun'],
    ['RFC 8489 5: the second bit set', `40010000 ${cookieAndId}`, 'not-stun'],
    ['RFC 3489: no magic cookie', '00010000 2112a443 000102030405060708090a0b', 'rfc3489'],
    ['RFC 8489 5: the cookie backwards', '00010000 42a41221 000102030405060708090a0b', 'rfc3489'],
    ['RFC 8489 5: a length that is no multiple of 4', `00010002 ${cookieAndId} 0000`, 'bad-length'],
    ['RFC 8489 5: a length beyond the bytes', `00010004 ${cookieAndId}`, 'bad-length'],
    ['RFC 8489 5: bytes beyond the length', `00010000 ${cookieAndId} 80220000`, 'bad-length'],
    ['RFC 8489 5: a length that counts the header', `00010014 ${cookieAndId}`, 'bad-length'],
    ['RFC 8489 14: an attribute that overruns the message', `00010004 ${cookieAndId} 80220001`, 'bad-attribute'],
    ['RFC 8489 14: the largest length', `00010008 ${cookieAndId} 8022ffff 00000000`, 'bad-attribute'],
    ['RFC 8489 14: one byte too long', `00010008 ${cookieAndId} 80220005 00000000`, 'bad-attribute'],
    [
      'RFC 8489 14: a second attribute that overruns',
      `0001000c ${cookieAndId} 80220000 80220008 00000000`,
      'bad-attribute',
    ],
    ['RFC 8489 14.7: a wrong FINGERPRINT', `00010008 ${cookieAndId} 80280004 00000000`, 'bad-fingerprint'],
    ['RFC 8489 14.7: an empty FINGERPRINT', `00010004 ${cookieAndId} 80280000`, 'bad-fingerprint'],
    ['RFC 8489 14.7: a FINGERPRINT of three bytes', `00010008 ${cookieAndId} 80280003 00000000`, 'bad-fingerprint'],
  ])('%s', (_, hex, failure) => {
    expect(decodeMessage(bytesOf(hex))).toBe(failure);
  });

  // In each the CRC is the right one for the bytes before it: only place or length is wrong.
  test.each<[string, number, string, 'a message' | DecodeFailure]>([
    ['right and last', 4, '', 'a message'],
    ['not last', 4, '80220000', 'bad-fingerprint'],
    ['of three bytes', 3, '', 'bad-fingerprint'],
    ['of five bytes', 5, '00000000', 'bad-fingerprint'],
  ])('RFC 8489 14.7: a FINGERPRINT that is %s', (_, statedLength, behind, outcome) => {
    const bytes = bytesOf(`00010000 ${cookieAndId} 8028000${statedLength} 00000000 ${behind}`);
    bytes[3] = bytes.length - 20;
    new DataView(bytes.buffer).setUint32(24, fingerprintValue(bytes, 20));
    const message = decodeMessage(bytes);
    expect(typeof message === 'string' ? message : 'a message').toBe(outcome);
  });

  test('more attributes than the limit', () => {
    const filled = (count: number): Uint8Array => {
      const writer = new MessageWriter(Method.binding, 'request', new Uint8Array(12));
      for (let at = 0; at < count; at++) writer.flag(AttributeType.software);
      return writer.finish();
    };
    expect(typeof decodeMessage(filled(maxAttributes))).toBe('object');
    expect(decodeMessage(filled(maxAttributes + 1))).toBe('bad-attribute');
  });
});

describe('SECURITY.md 11: datagrams of zero bytes and of one are nothing', () => {
  test('no bytes', () => {
    expect(decodeMessage(new Uint8Array(0))).toBe('too-short');
    expect(readChannelData(new Uint8Array(0))).toBeNull();
  });

  test('any one byte', () => {
    for (let byte = 0; byte < 256; byte++) {
      expect(decodeMessage(Uint8Array.of(byte))).toBe('too-short');
      expect(readChannelData(Uint8Array.of(byte))).toBeNull();
    }
  });
});

describe('RFC 8489 5: method and class in the message type', () => {
  test.each<[string, number, MessageClass]>([
    ['0001', Method.binding, 'request'],
    ['0011', Method.binding, 'indication'],
    ['0101', Method.binding, 'success'],
    ['0111', Method.binding, 'error'],
    ['0003', Method.allocate, 'request'],
    ['0103', Method.allocate, 'success'],
    ['0113', Method.allocate, 'error'],
    ['0004', Method.refresh, 'request'],
    ['0016', Method.send, 'indication'],
    ['0017', Method.data, 'indication'],
    ['0008', Method.createPermission, 'request'],
    ['0009', Method.channelBind, 'request'],
    ['3eef', 0xfff, 'request'],
    ['3fff', 0xfff, 'error'],
    ['0020', 0x010, 'request'],
    ['0200', 0x080, 'request'],
    ['2000', 0x800, 'request'],
  ])('%s', (type, method, messageClass) => {
    const message = ofHex(`${type}0000 ${cookieAndId}`);
    expect(message.method).toBe(method);
    expect(message.messageClass).toBe(messageClass);
    const written = new MessageWriter(method, messageClass, message.transactionId).finish();
    expect(hexOf(written.subarray(0, 2))).toBe(type);
  });
});

describe('attributes of a message', () => {
  const message = ofHex(
    `00080024 ${cookieAndId} 00120003 aabbcc00 7f000002 11220000 00120000 7f000000 7e000000 7f010004 01020304`,
  );

  test('RFC 8489 14: the first of a type, padding left out', () => {
    expect(hexOf(valueOf(message, AttributeType.xorPeerAddress))).toBe('aabbcc');
  });

  test('RFC 8656 10.1: all of a type, in their order', () => {
    expect(attributes(message, AttributeType.xorPeerAddress).map(hexOf)).toEqual(['aabbcc', '']);
  });

  test('one that is absent', () => {
    expect(attribute(message, AttributeType.username)).toBeUndefined();
    expect(attributes(message, AttributeType.username)).toEqual([]);
  });

  test('RFC 8489 14: what padding holds is ignored', () => {
    const padded = ofHex(`00010008 ${cookieAndId} 00060001 41ffffff`);
    expect(hexOf(valueOf(padded, AttributeType.username))).toBe('41');
  });

  test('RFC 8489 6.3.1: comprehension-required types that are not understood, each once and in order', () => {
    expect(unknownRequiredAttributes(message, new Set([AttributeType.xorPeerAddress]))).toEqual([
      0x7f00, 0x7e00, 0x7f01,
    ]);
    expect(unknownRequiredAttributes(message, new Set([0x7f00, 0x7f01]))).toEqual([
      AttributeType.xorPeerAddress,
      0x7e00,
    ]);
  });

  test.each([
    [0x7fff, [0x7fff]],
    [0x0000, [0x0000]],
    [0x8000, []],
    [0xffff, []],
  ])('RFC 8489 14: whether type %i must be comprehended', (type, unknown) => {
    const bytes = new MessageWriter(Method.binding, 'request', new Uint8Array(12)).flag(type).finish();
    expect(unknownRequiredAttributes(decoded(bytes), new Set())).toEqual(unknown);
  });

  test('values and the transaction id are views of the bytes', () => {
    const bytes = bytesOf(`00010008 ${cookieAndId} 00060004 41424344`);
    const own = decoded(bytes);
    bytes[24] = 0x5a;
    bytes[8] = 0xff;
    expect(hexOf(valueOf(own, AttributeType.username))).toBe('5a424344');
    expect(hexOf(own.transactionId)).toBe('ff0102030405060708090a0b');
  });

  test('a message that is a view into a larger buffer', () => {
    const large = new Uint8Array(100).fill(0xee);
    large.set(bytesOf(`00010008 ${cookieAndId} 00060004 41424344`), 33);
    const own = decoded(large.subarray(33, 61));
    expect(hexOf(valueOf(own, AttributeType.username))).toBe('41424344');
  });
});
