import { describe, expect, test } from 'vitest';
import {
  issuedUsername,
  parseNamedApp,
  parseRestUsername,
  restPassword,
  restUsername,
} from '../../server/credentials/rest-username.ts';

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

describe('docs/adr/0009: <app>/<subject> and <app>.<key id>/<subject>, split at the first slash', () => {
  test.each([
    ['an app', 'chat/alice', { app: 'chat', keyId: null, subject: 'alice' }],
    ['an app and a key', 'chat.a2345672/alice', { app: 'chat', keyId: 'a2345672', subject: 'alice' }],
    ['further slashes are the subject’s', 'chat/a/b', { app: 'chat', keyId: null, subject: 'a/b' }],
    ['an empty subject', 'chat/', { app: 'chat', keyId: null, subject: '' }],
    ['digits and hyphens', 'a-1/x', { app: 'a-1', keyId: null, subject: 'x' }],
    ['the longest id', `${'a'.repeat(32)}.aaaaaaaa/x`, { app: 'a'.repeat(32), keyId: 'aaaaaaaa', subject: 'x' }],
  ])('%s', (_, subject, expected) => {
    expect(parseNamedApp(subject)).toEqual(expected);
  });

  test.each([
    ['no slash', 'chat'],
    ['nothing', ''],
    ['no app', '/alice'],
    ['a capital', 'Chat/alice'],
    ['a digit first', '1chat/alice'],
    ['an id that is too long', `${'a'.repeat(33)}/x`],
    ['a key that is too short', 'chat.abcdefg/x'],
    ['a key that is too long', 'chat.abcdefghi/x'],
    ['a key of other characters', 'chat.abcdefg1/x'],
    ['two keys', 'chat.abcdefgh.abcdefgh/x'],
    ['a blank', 'chat /x'],
    ['a line that ends', 'chat\n/x'],
    ['names are data', '__proto__/x'],
  ])('%s names no app', (_, subject) => {
    expect(parseNamedApp(subject)).toBeNull();
  });

  test.each([
    ['the default app’s', 'default', null, 'alice', '60:alice'],
    ['without a subject', 'default', null, '', '60'],
    ['with slashes', 'default', null, 'team/alice', '60:team/alice'],
    ['that would be read as another subject of its app', 'default', null, 'default/alice', '60:default/default/alice'],
    ['that would be read as a key', 'default', null, 'default.abcdefgh/x', '60:default/default.abcdefgh/x'],
    ['another app’s', 'chat', null, 'alice', '60:chat/alice'],
    ['another app’s, without a subject', 'chat', null, '', '60:chat/60'],
    ['a key’s, without a subject', 'default', 'abcdefgh', '', '60:default.abcdefgh/60'],
  ])('a credential %s', (_, app, keyId, subject, username) => {
    expect(issuedUsername({ expiresAtS: 60, app, keyId, subject })).toBe(username);
    const { subject: rest = '' } = parseRestUsername(username) ?? {};
    const named = parseNamedApp(rest);
    expect(named?.app === app ? named : { app: 'default', keyId: null, subject: rest }).toEqual({
      app,
      keyId,
      subject: subject === '' ? '60' : subject,
    });
  });
});

test('restPassword is base64 of HMAC-SHA1, as openssl computes it', () => {
  // printf %s 1735689600:alice | openssl dgst -sha1 -hmac north -binary | base64
  expect(restPassword(new TextEncoder().encode('north'), '1735689600:alice')).toBe('HbvWA6hGDtdv3wflBolXLhvzs0w=');
});
