import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32 } from '../../server/stun/fingerprint.ts';

test.each([
  ['RFC 1952 8: no byte', '', 0],
  ['the check value of the CRC catalogue', '123456789', 0xcbf43926],
  ['one byte', 'a', 0xe8b7be43],
  ['four bytes', 'abcd', 0xed82cd11],
])('%s', (_, text, crc) => {
  const bytes = new TextEncoder().encode(text);
  expect(crc32(bytes, bytes.length)).toBe(crc);
});

test('RFC 8489 14.7: the same as zlib, for any bytes and any end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
      const end = Math.min(cut, bytes.length);
      expect(crc32(bytes, end)).toBe(zlibCrc32(bytes.subarray(0, end)));
    }),
  );
});
