import { AssertionError } from 'node:assert';
import { describe, expect, test } from 'vitest';
import {
  readErrorCode,
  readUnknownAttributes,
  writeErrorCode,
  writeUnknownAttributes,
} from '../../server/stun/error-code.ts';
import { MessageWriter } from '../../server/stun/message.ts';
import { AttributeType, ErrorCode, Method } from '../../server/stun/registry.ts';
import { bytesOf, hexOf } from '../vectors/hex.ts';
import { decoded, valueOf } from './decoded.ts';

function writer(): MessageWriter {
  return new MessageWriter(Method.allocate, 'error', new Uint8Array(12));
}

function written(encoded: MessageWriter, type: number): Uint8Array {
  return valueOf(decoded(encoded.finish()), type);
}

describe('RFC 8489 14.8: ERROR-CODE', () => {
  test.each([
    ['401', `00000401 ${hexOf(new TextEncoder().encode('Unauthenticated'))}`, { code: 401, reason: 'Unauthenticated' }],
    ['300, no phrase', '00000300', { code: 300, reason: '' }],
    ['699', '00000663', { code: 699, reason: '' }],
    ['reserved bits are ignored', 'fffffc26', { code: 438, reason: '' }],
    ['a number of 100', '00000464', null],
    ['class 2', '00000263', null],
    ['class 7', '00000700', null],
    ['a phrase that is no UTF-8', '00000401 ff', null],
    ['truncated', '000004', null],
    ['empty', '', null],
  ])('read: %s', (_, hex, value) => {
    expect(readErrorCode(bytesOf(hex))).toEqual(value);
  });

  test.each(Object.values(ErrorCode))('written and read: %i with its phrase', (code) => {
    const value = written(writeErrorCode(writer(), code), AttributeType.errorCode);
    expect(readErrorCode(value)?.code).toBe(code);
    expect(readErrorCode(value)?.reason).not.toBe('');
  });

  test('written: a phrase of our own', () => {
    expect(hexOf(written(writeErrorCode(writer(), 438, 'né'), AttributeType.errorCode))).toBe('000004266ec3a9');
  });

  test.each([0, 299, 700])('%i is no error code', (code) => {
    expect(() => writeErrorCode(writer(), code)).toThrow(AssertionError);
  });
});

describe('RFC 8489 14.13: UNKNOWN-ATTRIBUTES', () => {
  test.each([
    ['none', '', []],
    ['one', '7f00', [0x7f00]],
    ['three', '001a7f000000', [0x001a, 0x7f00, 0x0000]],
    ['half a type', '001a7f', null],
  ])('read: %s', (_, hex, types) => {
    expect(readUnknownAttributes(bytesOf(hex))).toEqual(types);
  });

  test('written, padded as any attribute', () => {
    const encoded = writeUnknownAttributes(writer(), [0x001a]).finish();
    expect(hexOf(encoded.subarray(20))).toBe('000a0002001a0000');
  });
});
