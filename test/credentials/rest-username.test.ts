import { describe, expect, test } from 'vitest';
import { parseRestUsername, restPassword, restUsername } from '../../server/credentials/rest-username.ts';

describe('parseRestUsername: <unix-expiry>:<subject>, split at the first colon', () => {
  test.each([
    ['an expiry and a subject', '1735689600:alice', 1735689600, 'alice'],
    ['further colons are the subject’s', '1735689600:a:b:c', 1735689600, 'a:b:c'],
    ['a slash is the subject’s', '1735689600:app/alice', 1735689600, 'app/alice'],
    ['a bare expiry is its own subject', '1735689600', 1735689600, '1735689600'],
    ['an empty subject', '1735689600:', 1735689600, ''],
    ['a subject that looks like an expiry', '1:2', 1, '2'],
    ['zero', '0:alice', 0, 'alice'],
    ['leading zeros count as written by others', '0001735689600:alice', 1735689600, 'alice'],
    ['fifteen digits', '999999999999999:a', 999999999999999, 'a'],
    ['names are data', '1735689600:__proto__', 1735689600, '__proto__'],
  ])('%s', (_, username, expiresAtS, subject) => {
    expect(parseRestUsername(username)).toEqual({ expiresAtS, subject });
  });

  test.each([
    ['a static name', 'alice'],
    ['nothing', ''],
    ['no expiry', ':alice'],
    ['a sign', '-1:alice'],
    ['plus', '+1735689600:alice'],
    ['a fraction', '1735689600.5:alice'],
    ['an exponent', '1e9:alice'],
    ['hexadecimal', '0x10:alice'],
    ['a blank', ' 1735689600:alice'],
    ['the other order', 'alice:1735689600'],
    ['sixteen digits, beyond what a double holds', '9999999999999999:a'],
    ['other digits', '١٢٣:alice'],
    ['constructor', 'constructor'],
  ])('%s is no time-limited name', (_, username) => {
    expect(parseRestUsername(username)).toBeNull();
  });

  test('reads what restUsername writes', () => {
    expect(parseRestUsername(restUsername(1735689600, 'a:b/c'))).toEqual({ expiresAtS: 1735689600, subject: 'a:b/c' });
    expect(restUsername(1735689600, '')).toBe('1735689600');
  });
});

test('restPassword is base64 of HMAC-SHA1, as openssl computes it', () => {
  // printf %s 1735689600:alice | openssl dgst -sha1 -hmac north -binary | base64
  expect(restPassword(new TextEncoder().encode('north'), '1735689600:alice')).toBe('HbvWA6hGDtdv3wflBolXLhvzs0w=');
});
