import { describe, expect, test } from 'vitest';
import { decodeNonceCookie, encodeNonceCookie, nonceCookieLength } from '../../server/stun/nonce-cookie.ts';

const none = { passwordAlgorithms: false, usernameAnonymity: false };

describe('RFC 8489 9.2 and erratum 6290: nonce cookie', () => {
  test.each([
    ['no feature', 'obMatJos2AAAA', none],
    ['bit 0 is the rightmost', 'obMatJos2AAAB', { passwordAlgorithms: true, usernameAnonymity: false }],
    ['bit 1, as in appendix B.1', 'obMatJos2AAAC', { passwordAlgorithms: false, usernameAnonymity: true }],
    ['both', 'obMatJos2AAAD', { passwordAlgorithms: true, usernameAnonymity: true }],
  ])('%s', (_, cookie, features) => {
    expect(encodeNonceCookie(features)).toBe(cookie);
    expect(decodeNonceCookie(cookie)).toEqual(features);
    expect(decodeNonceCookie(`${cookie}f//499k954d6OL34oL9FSTvy64sA`)).toEqual(features);
    expect(cookie.length).toBe(nonceCookieLength);
  });

  test('unassigned bits are ignored', () => {
    expect(decodeNonceCookie('obMatJos2///8')).toEqual(none);
  });

  test.each([
    ['empty', ''],
    ['the prefix alone', 'obMatJos2'],
    ['one character short', 'obMatJos2AAA'],
    ['another case', 'obmatjos2AAAB'],
    ['not in front', 'xobMatJos2AAAB'],
    ['a nonce of RFC 5389', 'f//499k954d6OL34oL9FSTvy64sA'],
    ['no base64', 'obMatJos2AA-B'],
    ['base64 padding', 'obMatJos2AAA='],
  ])('%s is none', (_, nonce) => {
    expect(decodeNonceCookie(nonce)).toBeNull();
  });
});
