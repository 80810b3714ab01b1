import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import { MessageWriter } from '../../server/stun/message.ts';
import { Method } from '../../server/stun/registry.ts';
import {
  readAddressErrorCode,
  readAddressFamily,
  readChannelNumber,
  readEvenPort,
  readIcmp,
  readLifetime,
  readRequestedTransport,
  readReservationToken,
  writeAdditionalAddressFamily,
  writeAddressErrorCode,
  writeChannelNumber,
  writeEvenPort,
  writeIcmp,
  writeLifetime,
  writeRequestedAddressFamily,
  writeRequestedTransport,
  writeReservationToken,
} from '../../server/stun/turn-attributes.ts';
import { bytesOf, hexOf } from '../vectors/hex.ts';

type Row = [name: string, read: (value: Uint8Array) => unknown, hex: string, value: unknown];

describe('read', () => {
  test.each<Row>([
    ['RFC 8656 18.1: CHANNEL-NUMBER', readChannelNumber, '40000000', 0x4000],
    ['RFC 8656 18.1: reserved bits are ignored', readChannelNumber, '4fffffff', 0x4fff],
    ['RFC 8656 18.1: out of range is the reader’s to judge', readChannelNumber, 'ffff0000', 0xffff],
    ['RFC 8656 18.1: truncated', readChannelNumber, '4000', null],
    ['RFC 8656 18.1: too long', readChannelNumber, '4000000000', null],
    ['RFC 8656 18.2: LIFETIME', readLifetime, '00000258', 600],
    ['RFC 8656 18.2: zero', readLifetime, '00000000', 0],
    ['RFC 8656 18.2: the largest', readLifetime, 'ffffffff', 0xffffffff],
    ['RFC 8656 18.2: empty', readLifetime, '', null],
    ['RFC 8656 18.2: truncated', readLifetime, '000258', null],
    ['RFC 8656 18.6: REQUESTED-ADDRESS-FAMILY, IPv4', readAddressFamily, '01000000', 4],
    ['RFC 8656 18.6: IPv6', readAddressFamily, '02000000', 6],
    ['RFC 8656 18.6: reserved bits are ignored', readAddressFamily, '02ffffff', 6],
    ['RFC 8656 18.6: unknown', readAddressFamily, '03000000', null],
    ['RFC 8656 18.6: as MAPPED-ADDRESS has it', readAddressFamily, '00020000', null],
    ['RFC 8656 18.6: truncated', readAddressFamily, '02', null],
    ['RFC 8656 18.7: EVEN-PORT', readEvenPort, '00', { reserveNext: false }],
    ['RFC 8656 18.7: R', readEvenPort, '80', { reserveNext: true }],
    ['RFC 8656 18.7: reserved bits are ignored', readEvenPort, '7f', { reserveNext: false }],
    ['RFC 8656 18.7: R and reserved bits', readEvenPort, 'ff', { reserveNext: true }],
    ['RFC 8656 18.7: empty', readEvenPort, '', null],
    ['RFC 8656 18.7: too long', readEvenPort, '80000000', null],
    ['RFC 8656 18.8: REQUESTED-TRANSPORT, UDP', readRequestedTransport, '11000000', 17],
    ['RFC 8656 18.8: TCP', readRequestedTransport, '06ffffff', 6],
    ['RFC 8656 18.8: truncated', readRequestedTransport, '11', null],
    ['RFC 8656 18.8: empty', readRequestedTransport, '', null],
    ['RFC 8656 18.10: RESERVATION-TOKEN', readReservationToken, '0102030405060708', bytesOf('0102030405060708')],
    ['RFC 8656 18.10: truncated', readReservationToken, '01020304050607', null],
    ['RFC 8656 18.10: too long', readReservationToken, '010203040506070809', null],
    ['RFC 8656 18.12: ADDRESS-ERROR-CODE', readAddressErrorCode, '0200042841', { family: 6, code: 440, reason: 'A' }],
    [
      'RFC 8656 18.12: reserved bits are ignored',
      readAddressErrorCode,
      '01fffd08',
      { family: 4, code: 508, reason: '' },
    ],
    ['RFC 8656 18.12: unknown family', readAddressErrorCode, '03000428', null],
    ['RFC 8656 18.12: no error code', readAddressErrorCode, '02000128', null],
    ['RFC 8656 18.12: truncated', readAddressErrorCode, '020004', null],
    ['RFC 8656 18.13: ICMP, port unreachable', readIcmp, '0000060300000000', { type: 3, code: 3, errorData: 0 }],
    ['RFC 8656 18.13: too big', readIcmp, '0000040000000500', { type: 2, code: 0, errorData: 1280 }],
    ['RFC 8656 18.13: reserved bits are ignored', readIcmp, 'ffff0604000005dc', { type: 3, code: 4, errorData: 1500 }],
    ['RFC 8656 18.13: truncated', readIcmp, '00000603000000', null],
  ])('%s', (_, read, hex, value) => {
    expect(read(bytesOf(hex))).toEqual(value);
  });
});

describe('written', () => {
  const writer = (): MessageWriter => new MessageWriter(Method.allocate, 'request', new Uint8Array(12));
  test.each<[string, MessageWriter, string]>([
    ['RFC 8656 18.1: CHANNEL-NUMBER', writeChannelNumber(writer(), 0x4fff), '000c00044fff0000'],
    ['RFC 8656 18.1: the highest of RFC 5766', writeChannelNumber(writer(), 0x7ffe), '000c00047ffe0000'],
    ['RFC 8656 18.2: LIFETIME', writeLifetime(writer(), 3600), '000d000400000e10'],
    ['RFC 8656 18.6: REQUESTED-ADDRESS-FAMILY', writeRequestedAddressFamily(writer(), 4), '0017000401000000'],
    ['RFC 8656 18.7: EVEN-PORT', writeEvenPort(writer(), { reserveNext: false }), '0018000100000000'],
    ['RFC 8656 18.7: EVEN-PORT with R', writeEvenPort(writer(), { reserveNext: true }), '0018000180000000'],
    ['RFC 8656 18.8: REQUESTED-TRANSPORT', writeRequestedTransport(writer(), 17), '0019000411000000'],
    ['RFC 8656 18.8: the highest protocol', writeRequestedTransport(writer(), 255), '00190004ff000000'],
    [
      'RFC 8656 18.10: RESERVATION-TOKEN',
      writeReservationToken(writer(), bytesOf('0102030405060708')),
      '002200080102030405060708',
    ],
    ['RFC 8656 18.11: ADDITIONAL-ADDRESS-FAMILY', writeAdditionalAddressFamily(writer(), 6), '8000000402000000'],
    [
      'RFC 8656 18.12: ADDRESS-ERROR-CODE',
      writeAddressErrorCode(writer(), 6, 440),
      `8001002002000428${hexOf(new TextEncoder().encode('Address Family not Supported'))}`,
    ],
    ['RFC 8656 18.13: ICMP', writeIcmp(writer(), { type: 3, code: 4, errorData: 1500 }), '8004000800000604000005dc'],
  ])('%s', (_, encoded, hex) => {
    expect(hexOf(encoded.finish().subarray(20))).toBe(hex);
  });

  test.each<[string, () => unknown]>([
    ['RFC 8656 18.10: a token of 7 bytes', () => writeReservationToken(writer(), new Uint8Array(7))],
    ['RFC 8656 18.13: a type of 8 bits', () => writeIcmp(writer(), { type: 128, code: 0, errorData: 0 })],
  ])('%s is a bug of the caller', (_, write) => {
    expect(write).toThrow(AssertionError);
  });
});
