import { describe, expect, test } from 'vitest';
import {
  readPasswordAlgorithm,
  readPasswordAlgorithms,
  readText,
  writePasswordAlgorithm,
  writePasswordAlgorithms,
} from '../../server/stun/credentials-attributes.ts';
import { MessageWriter } from '../../server/stun/message.ts';
import { Method, PasswordAlgorithm } from '../../server/stun/registry.ts';
import { bytesOf, hexOf } from '../vectors/hex.ts';

describe('RFC 3629: text is strict UTF-8', () => {
  test.each([
    ['nothing', '', ''],
    ['ASCII', '616c696365', 'alice'],
    ['a NUL', '610062', 'a\0b'],
    ['two bytes', 'c3a9', 'é'],
    ['three bytes', 'e3839e', 'マ'],
    ['four bytes', 'f09f9880', '\u{1f600}'],
    ['the last code point', 'f48fbfbf', '\u{10ffff}'],
    ['a byte order mark is part of the text', 'efbbbf61', '\ufeffa'],
    ['a replacement character that was sent', 'efbfbd', '\ufffd'],
    ['the name of a prototype', '5f5f70726f746f5f5f', '__proto__'],
  ])('%s', (_, hex, text) => {
    expect(readText(bytesOf(hex))).toBe(text);
  });

  test.each([
    ['a lone continuation byte', '80'],
    ['ISO 8859-1', '616ce9'],
    ['a truncated sequence', 'e383'],
    ['truncated in the middle', 'e3836162'],
    ['an overlong slash', 'c0af'],
    ['an overlong NUL', 'c080'],
    ['an overlong three-byte form', 'e080af'],
    ['a surrogate', 'eda080'],
    ['CESU-8', 'eda0bdedb880'],
    ['beyond U+10FFFF', 'f4908080'],
    ['five bytes, as RFC 2279 had', 'f888808080'],
    ['0xFE', 'fe'],
    ['0xFF', 'ff'],
  ])('%s is none', (_, hex) => {
    expect(readText(bytesOf(hex))).toBeNull();
  });
});

describe('RFC 8489 14.11: PASSWORD-ALGORITHMS', () => {
  const { md5, sha256 } = PasswordAlgorithm;
  test.each([
    [
      'both',
      '0002000000010000',
      [
        [sha256, ''],
        [md5, ''],
      ],
    ],
    ['none', '', []],
    [
      'parameters, padded',
      '7f000005 0102030405000000 00010000',
      [
        [0x7f00, '0102030405'],
        [md5, ''],
      ],
    ],
    ['parameters at the end', '7f000004 01020304', [[0x7f00, '01020304']]],
    ['half an entry', '0002', null],
    ['a second entry truncated', '00020000 0001', null],
    ['parameters that overrun', '00020001', null],
    ['the largest parameters', '0002ffff', null],
    ['parameters without their padding', '7f000005 0102030405', null],
  ])('%s', (_, hex, entries) => {
    const choices = readPasswordAlgorithms(bytesOf(hex));
    expect(choices?.map(({ algorithm, parameters }) => [algorithm, hexOf(parameters)]) ?? null).toEqual(entries);
  });

  test('written in order of preference', () => {
    const writer = new MessageWriter(Method.allocate, 'error', new Uint8Array(12));
    expect(hexOf(writePasswordAlgorithms(writer, [sha256, md5]).finish().subarray(20))).toBe(
      '800200080002000000010000',
    );
  });
});

describe('RFC 8489 14.12: PASSWORD-ALGORITHM', () => {
  test.each([
    ['SHA-256', '00020000', 2],
    ['one that is not ours', '7f000004 01020304', 0x7f00],
    ['nothing', '', null],
    ['two', '0002000000010000', null],
    ['truncated', '000200', null],
    ['parameters that overrun', '00020004', null],
  ])('%s', (_, hex, algorithm) => {
    expect(readPasswordAlgorithm(bytesOf(hex))?.algorithm ?? null).toBe(algorithm);
  });

  test('written', () => {
    const writer = new MessageWriter(Method.allocate, 'request', new Uint8Array(12));
    expect(hexOf(writePasswordAlgorithm(writer, PasswordAlgorithm.sha256).finish().subarray(20))).toBe(
      '001d000400020000',
    );
  });
});
