import { describe, expect, test } from 'vitest';
import type { Candidate } from '../../server/credentials/credential-book.ts';
import type { AppCredentials } from '../../server/credentials/credential-set.ts';
import type { KeyAlgorithm } from '../../server/credentials/long-term-key.ts';
import { restPassword } from '../../server/credentials/rest-username.ts';
import { accepted, app, bookOf, candidatesOf, secret } from './sets.ts';

const algorithms: readonly KeyAlgorithm[] = ['md5', 'sha256'];
const nowMs = 1_700_000_000_000;
const nobody: Pick<Candidate, 'credential' | 'key'> = {
  credential: { kind: 'static', name: '' },
  key: new Uint8Array(0),
};

describe('docs/adr/0009: a username names its app and its key', () => {
  const north = secret('north');
  const chat = secret('chat');
  const credentials = bookOf({ secrets: [north], apps: [app('chat', [chat], { keyIds: ['abcdefgh'] })] });

  test.each<[string, string, Uint8Array, object | undefined]>([
    ['another app', '9:chat/alice', chat.secret, { app: 'chat', keyId: null, subject: 'alice' }],
    ['its API key', '9:chat.abcdefgh/alice', chat.secret, { app: 'chat', keyId: 'abcdefgh', subject: 'alice' }],
    ['further slashes', '9:chat/a/b', chat.secret, { app: 'chat', keyId: null, subject: 'a/b' }],
    ['the default app by name', '9:default/alice', north.secret, { app: 'default', keyId: null, subject: 'alice' }],
    ['and with a key', '9:default.abcdefgh/x', north.secret, { app: 'default', keyId: 'abcdefgh', subject: 'x' }],
    ['a slash but no app', '9:team/alice', north.secret, { app: 'default', keyId: null, subject: 'team/alice' }],
    ['an app whose secret does not verify', '9:chat/alice', north.secret, { app: 'default', subject: 'chat/alice' }],
    ['a dot but no key', '9:chat.v2/alice', north.secret, { app: 'default', subject: 'chat.v2/alice' }],
    ['no name of an app', '9:alice', chat.secret, undefined],
    ['another app’s secret', '9:default/alice', chat.secret, undefined],
    ['names are data', '9:constructor/alice', north.secret, { app: 'default', subject: 'constructor/alice' }],
  ])('%s: %s', (_, username, signer, expected) => {
    const password = restPassword(signer, username);
    for (const algorithm of algorithms) {
      const [credential] = accepted(candidatesOf(credentials, username, algorithm), username, password, algorithm);
      if (expected === undefined) expect(credential).toBeUndefined();
      else expect(credential).toMatchObject(expected);
    }
  });

  test.each([
    ['9:alice', 'default'],
    ['9:chat/alice', 'chat'],
    ['9:chat.zzzzzzzz/alice', 'chat'],
    ['9:nobodys/alice', 'default'],
    ['9:__proto__/alice', 'default'],
    ['alice', null],
    ['', null],
  ])('failures of %j are counted for %s', (username, expected) => {
    expect(credentials.appOf(username)).toBe(expected);
  });

  test.each<[string, string, Partial<AppCredentials>, string | null, string | null]>([
    ['no key is named', '9999999999:chat/x', {}, null, null],
    ['the key is live', '9999999999:chat.abcdefgh/x', {}, null, null],
    ['the key is revoked', '9999999999:chat.abcdefgh/x', { keyIds: [] }, 'revoked-key', 'credential-revoked'],
    ['the app is disabled', '9999999999:chat/x', { state: 'disabled' }, 'disabled-app', 'credential-revoked'],
    ['its bytes are used up', '9999999999:chat/x', { state: 'exhausted' }, 'quota-bytes', 'quota-exhausted'],
    ['the credential has expired', '9:chat.abcdefgh/x', {}, 'expired-credential', null],
  ])('%s', (_, username, change, refused, ended) => {
    const book = bookOf({ apps: [app('chat', [chat], { keyIds: ['abcdefgh'], ...change })] });
    const [candidate] = candidatesOf(book, username);
    const { credential, key } = candidate ?? nobody;
    expect(book.inadmissible(credential, nowMs)).toBe(refused);
    expect(book.outlawed(credential, key, 'md5', nowMs)).toBe(ended);
  });
});
