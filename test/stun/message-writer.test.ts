import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import { MessageWriter } from '../../server/stun/message.ts';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { bytesOf, hexOf } from '../vectors/hex.ts';

const transactionId = bytesOf('000102030405060708090a0b');
const header = (type: string, length: string): string => `${type}${length}2112a442000102030405060708090a0b`;

function binding(buffer?: Uint8Array): MessageWriter {
  return new MessageWriter(Method.binding, 'success', transactionId, buffer);
}

describe('one buffer, zero padding, true length', () => {
  test.each<[string, MessageWriter, string]>([
    ['RFC 8489 5: no attribute', binding(), header('0101', '0000')],
    [
      'RFC 8489 14: a value of 4',
      binding().attribute(0x8022, bytesOf('01020304')),
      `${header('0101', '0008')}8022000401020304`,
    ],
    [
      'RFC 8489 14: a value of 1',
      binding().attribute(0x8022, bytesOf('01')),
      `${header('0101', '0008')}8022000101000000`,
    ],
    [
      'RFC 8489 14: a value of 3',
      binding().attribute(0x8022, bytesOf('010203')),
      `${header('0101', '0008')}8022000301020300`,
    ],
    [
      'RFC 8489 14: an empty value',
      binding().attribute(0x8022, new Uint8Array(0)),
      `${header('0101', '0004')}80220000`,
    ],
    ['RFC 8656 18.9: a flag', binding().flag(AttributeType.dontFragment), `${header('0101', '0004')}001a0000`],
    [
      'RFC 8656 18.2: the largest integer',
      binding().uint32(AttributeType.lifetime, 0xffffffff),
      `${header('0101', '0008')}000d0004ffffffff`,
    ],
    [
      'RFC 8489 14.3: text in UTF-8',
      binding().text(AttributeType.username, 'é'),
      `${header('0101', '0008')}00060002c3a90000`,
    ],
  ])('%s', (_, writer, hex) => {
    expect(hexOf(writer.finish())).toBe(hex);
  });

  test('old bytes of a given buffer never leak into padding', () => {
    const buffer = new Uint8Array(64).fill(0xff);
    expect(hexOf(binding(buffer).text(0x8022, 'a').flag(0x001a).finish())).toBe(
      `${header('0101', '000c')}8022000161000000001a0000`,
    );
  });

  test('a message is written where the caller says', () => {
    const buffer = new Uint8Array(64);
    expect(binding(buffer).flag(0x001a).finish().buffer).toBe(buffer.buffer);
  });

  test.each([0, 19, 20, 27, 28])('a buffer of %i bytes is left for a larger one when it must be', (size) => {
    const buffer = new Uint8Array(size);
    const bytes = binding(buffer).uint32(AttributeType.lifetime, 600).finish();
    expect(hexOf(bytes)).toBe(`${header('0101', '0008')}000d000400000258`);
    expect(bytes.buffer === buffer.buffer).toBe(size >= 28);
  });

  test('growth keeps what is written', () => {
    const data = new Uint8Array(3000).fill(0x5a);
    const bytes = binding().text(AttributeType.username, 'alice').attribute(AttributeType.data, data).finish();
    expect(hexOf(bytes)).toBe(
      `${header('0101', '0bc8')}00060005616c6963650000000013 0bb8${'5a'.repeat(3000)}`.replace(' ', ''),
    );
  });

  test('the longest message', () => {
    const bytes = binding().attribute(AttributeType.data, new Uint8Array(0xfff8)).finish();
    expect(bytes.length).toBe(20 + 0xfffc);
  });
});

describe('what the format cannot hold is a bug of the caller', () => {
  const key = new Uint8Array(16);
  test.each<[string, () => unknown]>([
    ['RFC 8489 5: a method of 13 bits', () => new MessageWriter(0x1000, 'request', transactionId)],
    ['RFC 8489 5: a transaction id of 11 bytes', () => new MessageWriter(1, 'request', new Uint8Array(11))],
    ['RFC 8489 5: a message beyond 65535 bytes', () => binding().attribute(0x0013, new Uint8Array(0xfffc))],
    ['RFC 8489 14: a value beyond 65535 bytes', () => binding().attribute(0x0013, new Uint8Array(0x10000))],
    ['RFC 8489 14.7: anything behind FINGERPRINT', () => binding().fingerprint().flag(0x001a)],
    ['RFC 8489 14.7: a second FINGERPRINT', () => binding().fingerprint().fingerprint()],
    ['RFC 8489 14.7: integrity behind FINGERPRINT', () => binding().fingerprint().integritySha1(key)],
    ['RFC 8489 14.5: an attribute behind MESSAGE-INTEGRITY', () => binding().integritySha1(key).flag(0x001a)],
    ['RFC 8489 14.6: an attribute behind MESSAGE-INTEGRITY-SHA256', () => binding().integritySha256(key).flag(0x001a)],
    ['RFC 8489 14.6: MESSAGE-INTEGRITY behind -SHA256', () => binding().integritySha256(key).integritySha1(key)],
    ['RFC 8489 14.5: a second MESSAGE-INTEGRITY', () => binding().integritySha1(key).integritySha1(key)],
  ])('%s', (_, write) => {
    expect(write).toThrow(AssertionError);
  });
});
