import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  familyNumber,
  familyOfNumber,
  readAddress,
  readXorAddress,
  writeAddress,
} from '../../server/stun/addresses.ts';
import { formatTransportAddress } from '../../server/stun/ip-text.ts';
import { MessageWriter } from '../../server/stun/message.ts';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { ipv4, ipv6, type TransportAddress } from '../../server/stun/transport-address.ts';
import { bytesOf, hexOf } from '../vectors/hex.ts';
import { decoded, valueOf } from './decoded.ts';

const transactionId = bytesOf('b7e7a701bc34d686fa87dfae');

function shown(address: TransportAddress | null): string | null {
  return address === null ? null : formatTransportAddress(address);
}

describe('RFC 8489 14.2: XOR-MAPPED-ADDRESS and its kin', () => {
  test.each([
    ['RFC 5769 2.2: IPv4', '0001a147e112a643', '192.0.2.1:32853'],
    ['RFC 5769 2.3: IPv6', '0002a1470113a9faa5d3f179bc25f4b5bed2b9d9', '[2001:db8:1234:5678:11:2233:4455:6677]:32853'],
    ['all zero', '000121122112a442', '0.0.0.0:0'],
    ['all ones', '0001deeddeed5bbd', '255.255.255.255:65535'],
    ['the first byte is ignored', 'ff01a147e112a643', '192.0.2.1:32853'],
    ['no byte', '', null],
    ['one byte', '00', null],
    ['a family and nothing else', '0001', null],
    ['IPv4, truncated', '0001a147e112a6', null],
    ['IPv4 of 9 bytes', '0001a147e112a64300', null],
    ['IPv4 of the length of IPv6', '0001a1470113a9faa5d3f179bc25f4b5bed2b9d9', null],
    ['IPv6 of the length of IPv4', '0002a147e112a643', null],
    ['IPv6, truncated', '0002a1470113a9faa5d3f179bc25f4b5bed2b9', null],
    ['family 0', '0000a147e112a643', null],
    ['family 3', '0003a147e112a643', null],
  ])('%s', (_, hex, address) => {
    expect(shown(readXorAddress(bytesOf(hex), transactionId))).toBe(address);
  });
});

describe('RFC 8489 14.1 and 14.15: MAPPED-ADDRESS and ALTERNATE-SERVER', () => {
  test.each([
    ['IPv4', '00010d96c0000201', '192.0.2.1:3478'],
    ['IPv6', '00020d9620010db8000000000000000000000001', '[2001:db8::1]:3478'],
    ['the first byte is ignored', 'ff010d96c0000201', '192.0.2.1:3478'],
    ['no byte', '', null],
    ['IPv4, truncated', '00010d96c00002', null],
    ['IPv6 of the length of IPv4', '00020d96c0000201', null],
    ['family 0', '00000d96c0000201', null],
  ])('%s', (_, hex, address) => {
    expect(shown(readAddress(bytesOf(hex)))).toBe(address);
  });

  test.each([
    ['IPv4', { ip: ipv4(0xc0000201), port: 3478 }, '00010d96c0000201'],
    ['IPv6', { ip: ipv6(0x20010db8, 0, 0, 1), port: 3478 }, '00020d9620010db8000000000000000000000001'],
  ])('written: %s', (_, address, hex) => {
    const writer = new MessageWriter(Method.allocate, 'error', transactionId);
    const bytes = writeAddress(writer, AttributeType.alternateServer, address).finish();
    expect(hexOf(bytes.subarray(24))).toBe(hex);
  });
});

test.each([
  [4, 1],
  [6, 2],
] as const)('RFC 8489 14.1: IPv%i is family %i', (family, number) => {
  expect(familyNumber(family)).toBe(number);
  expect(familyOfNumber(number)).toBe(family);
});

test.each([0, 3, 4, 6, 255])('RFC 8489 14.1: %i is no family', (number) => {
  expect(familyOfNumber(number)).toBeNull();
});

const word = fc.nat(0xffffffff);
const anyAddress: fc.Arbitrary<TransportAddress> = fc.record({
  ip: fc.oneof(
    word.map((w0) => ipv4(w0)),
    fc.tuple(word, word, word, word).map(([w0, w1, w2, w3]) => ipv6(w0, w1, w2, w3)),
  ),
  port: fc.nat(0xffff),
});

test('what is written is what is read, XOR or plain, for any address and transaction', () => {
  fc.assert(
    fc.property(anyAddress, fc.uint8Array({ minLength: 12, maxLength: 12 }), (address, id) => {
      const writer = new MessageWriter(Method.createPermission, 'request', id);
      writer.xorAddress(AttributeType.xorPeerAddress, address);
      const message = decoded(writeAddress(writer, AttributeType.mappedAddress, address).finish());
      expect(readXorAddress(valueOf(message, AttributeType.xorPeerAddress), message.transactionId)).toEqual(address);
      expect(readAddress(valueOf(message, AttributeType.mappedAddress))).toEqual(address);
    }),
  );
});
