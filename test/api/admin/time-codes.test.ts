import { describe, expect, test } from 'vitest';
import { Secret, TOTP } from 'otpauth';
import {
  hashOfRecoveryCode,
  newRecoveryCodes,
  newSeed,
  stepOfCode,
} from '../../../server/api/admin/identity/time-codes.ts';

/** RFC 6238 appendix B, SHA-1, the last six of its eight digits. */
const rfcSeed = new TextEncoder().encode('12345678901234567890');

describe('RFC 6238', () => {
  test.each([
    ['1970-01-01T00:00:59Z', '287082', 1],
    ['2005-03-18T01:58:29Z', '081804', 37_037_036],
    ['2009-02-13T23:31:30Z', '005924', 41_152_263],
    ['2033-05-18T03:33:20Z', '279037', 66_666_666],
  ])('appendix B at %s', (at, code, step) => {
    expect(stepOfCode(rfcSeed, code, Date.parse(at))).toBe(step);
  });

  test.each([
    ['a step before', -30, 0],
    ['a step after', 30, 2],
    ['two steps before', -60, null],
    ['two steps after', 60, null],
  ])('section 5.2: a clock that is %s', (_what, offsetS, step) => {
    const seed = new Secret({ buffer: Uint8Array.from(rfcSeed).buffer });
    const nowMs = 45_000;
    const code = new TOTP({ secret: seed }).generate({ timestamp: nowMs + offsetS * 1000 });
    expect(stepOfCode(rfcSeed, code, nowMs)).toBe(step);
  });

  test.each(['', '28708', '2870822', '000000', 'abcdef', '２８７０８２'])('%j is not the code', (code) => {
    expect(stepOfCode(rfcSeed, code, 59_000)).toBeNull();
  });

  test('a code may be typed in groups', () => {
    expect(stepOfCode(rfcSeed, '287 082', 59_000)).toBe(1);
  });

  test('a seed has 160 bits, and a URI that authenticators read', () => {
    const { seed, base32, uri } = newSeed('alice@example.org');
    expect(seed).toHaveLength(20);
    expect(uri).toBe(
      `otpauth://totp/Turnpike:alice%40example.org?issuer=Turnpike&secret=${base32}&algorithm=SHA1&digits=6&period=30`,
    );
  });
});

describe('recovery codes', () => {
  test('ten of 80 bits, each different', () => {
    const codes = newRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/);
  });

  test.each([
    ['ABCD-EFGH-IJKL-MNOP', 'abcdefghijklmnop'],
    ['abcd efgh ijkl mnop', 'abcdefghijklmnop'],
  ])('%j is %j', (typed, plain) => {
    expect(hashOfRecoveryCode(typed)).toEqual(hashOfRecoveryCode(plain));
  });

  test.each(['', '123456', 'abcd-efgh-ijkl-mno', 'abcd-efgh-ijkl-mno1'])('%j is none', (typed) => {
    expect(hashOfRecoveryCode(typed)).toBeNull();
  });
});
