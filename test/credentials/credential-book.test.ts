import { describe, expect, test } from 'vitest';
import { maxLiveSecrets } from '../../server/contract/limits.ts';
import { CredentialBook, type Candidate } from '../../server/credentials/credential-book.ts';
import { staticUser, type StaticUser } from '../../server/credentials/credential-set.ts';
import type { Credential } from '../../server/credentials/credential.ts';
import { longTermKey, userhash, type KeyAlgorithm } from '../../server/credentials/long-term-key.ts';
import { restPassword } from '../../server/credentials/rest-username.ts';
import type { TestCredentials } from '../turn/credentials.ts';
import { accepted, app, bookOf, candidatesOf, fill, realm, secret } from './sets.ts';

const algorithms: readonly KeyAlgorithm[] = ['md5', 'sha256'];
const nowMs = 1_700_000_000_000;
const ofDefault = { kind: 'rest', app: 'default', keyId: null } as const;

describe('DESIGN.md section 4: who a username is', () => {
  const north = secret('north');
  const south = secret('south');

  test.each(algorithms)('a static user, by his exact name (%s)', (algorithm) => {
    const credentials = bookOf({ users: [staticUser('alice', realm, 'wonder'), staticUser('bob', realm, 'builder')] });
    const candidates = candidatesOf(credentials, 'alice', algorithm);
    expect(accepted(candidates, 'alice', 'wonder', algorithm)).toEqual([{ kind: 'static', name: 'alice' }]);
    expect(accepted(candidates, 'alice', 'builder', algorithm)).toEqual([]);
    expect(accepted(candidatesOf(credentials, 'Alice', algorithm), 'Alice', 'wonder', algorithm)).toEqual([]);
  });

  test.each(algorithms)('a time-limited name, by any of several live secrets (%s)', (algorithm) => {
    const credentials = bookOf({ secrets: [north, south] });
    const username = '1735689600:app/alice';
    for (const signer of [north, south]) {
      const password = restPassword(signer.secret, username);
      expect(accepted(candidatesOf(credentials, username, algorithm), username, password, algorithm)).toEqual([
        { ...ofDefault, secretId: signer.id, subject: 'app/alice', expiresAtS: 1735689600 },
      ]);
    }
    const foreign = restPassword(secret('west').secret, username);
    expect(accepted(candidatesOf(credentials, username, algorithm), username, foreign, algorithm)).toEqual([]);
  });

  test('a bare expiry is its own subject', () => {
    const [candidate] = candidatesOf(bookOf({ secrets: [north] }), '1735689600', 'md5');
    expect(candidate?.credential).toEqual({
      ...ofDefault,
      secretId: north.id,
      subject: '1735689600',
      expiresAtS: 1735689600,
    });
  });

  test('a static name that looks time-limited comes first, and the time-limited reading after it', () => {
    const credentials = bookOf({ users: [staticUser('1001', realm, 'desk phone')], secrets: [north] });
    const candidates = candidatesOf(credentials, '1001', 'md5');
    expect(candidates.map(({ credential, decoy }) => [credential.kind, decoy])).toEqual([
      ['static', false],
      ['rest', false],
    ]);
    expect(accepted(candidates, '1001', 'desk phone', 'md5')).toEqual([{ kind: 'static', name: '1001' }]);
  });

  test('a retiring secret is accepted until its date, after the issuing ones', () => {
    const retiring = secret('east', { state: 'retiring', acceptedUntilS: 1735689000 });
    const candidates = candidatesOf(bookOf({ secrets: [retiring, north] }), '1735689600:alice', 'md5');
    expect(candidates.map(({ credential }) => credential)).toEqual([
      { ...ofDefault, secretId: north.id, subject: 'alice', expiresAtS: 1735689600 },
      { ...ofDefault, secretId: retiring.id, subject: 'alice', expiresAtS: 1735689000 },
    ]);
    const [sooner] = candidatesOf(bookOf({ secrets: [retiring] }), '1735688000:alice', 'md5');
    expect(sooner?.credential).toMatchObject({ expiresAtS: 1735688000 });
  });

  test('a revoked secret is no candidate', () => {
    const candidates = candidatesOf(
      bookOf({ secrets: [secret('north', { state: 'revoked' })] }),
      '1735689600:alice',
      'md5',
    );
    expect(candidates.map(({ decoy }) => decoy)).toEqual([true]);
  });
});

describe('SECURITY.md 5: an unknown user costs what a wrong password costs', () => {
  const north = secret('north');
  const south = secret('south', { state: 'retiring', acceptedUntilS: 1 });
  const users = (names: readonly string[]): StaticUser[] =>
    names.map((name) => staticUser(name, realm, `pass of ${name}`));

  test.each<[string, TestCredentials, string, string]>([
    ['static names', { realm, users: users(['alice']), secrets: [] }, 'alice', 'mallory'],
    ['static names beside secrets', { realm, users: users(['alice']), secrets: [north, south] }, 'alice', 'mallory'],
    ['numeric static names, no secret', { realm, users: users(['1001']), secrets: [] }, '1001', '1002'],
    ['numeric static names beside secrets', { realm, users: users(['1001']), secrets: [north, south] }, '1001', '1002'],
    ['a static name with colon', { realm, users: users(['9:alice']), secrets: [north] }, '9:alice', '9:mallory'],
  ])('%s', (_, set, known, unknown) => {
    for (const algorithm of algorithms) {
      const ofKnown = candidatesOf(bookOf(set), known, algorithm);
      const ofUnknown = candidatesOf(bookOf(set), unknown, algorithm);
      // A static or decoy key is ready and costs one HMAC; a time-limited one costs its derivation as well.
      const derived = (candidates: readonly Candidate[]) => candidates.map(({ credential }) => credential.kind);
      expect(derived(ofUnknown)).toEqual(derived(ofKnown));
      expect(ofUnknown.map(({ key }) => key.length)).toEqual(ofKnown.map(({ key }) => key.length));
      expect(ofKnown.some(({ decoy }) => decoy)).toBe(false);
      expect(ofUnknown.map(({ decoy }) => decoy)).toEqual(
        ofKnown.map(({ credential }) => credential.kind === 'static'),
      );
    }
  });

  test('a name that names an app costs what one costs that names none, or one that is not there', () => {
    const apps = [
      app(
        'chat',
        ['a', 'b', 'c'].map((text) => secret(text)),
      ),
      app('call', [secret('d')]),
      app('empty', []),
    ];
    const names = [
      'alice',
      'chat/alice',
      'call/alice',
      'empty/alice',
      'default/alice',
      'nobodys/alice',
      'chat.abcdefgh/x',
    ];
    for (const secrets of [[north, south], []]) {
      const book = bookOf({ secrets, apps });
      const costs = names.map((name) => candidatesOf(book, `9999999999:${name}`).length);
      expect(new Set(costs)).toEqual(new Set([secrets.length + 3]));
    }
  });

  test('what is not asked for is not derived: a right password costs no decoy', () => {
    const book = bookOf({ secrets: [north], apps: [app('chat', [secret('a'), secret('b')])] });
    const [first] = candidatesOf(book, '9999999999:alice');
    expect(first).toMatchObject({ decoy: false, credential: { app: 'default' } });
  });

  test('time-limited names, where no static name looks like one, cost no decoy', () => {
    const candidates = candidatesOf(
      bookOf({ users: users(['alice']), secrets: [north, south] }),
      '1735689600:x',
      'md5',
    );
    expect(candidates.map(({ decoy }) => decoy)).toEqual([false, false]);
  });

  test('with nobody there at all, one decoy', () => {
    for (const name of ['alice', '1735689600:alice', '']) {
      expect(candidatesOf(new CredentialBook(), name, 'sha256').map(({ decoy }) => decoy)).toEqual([true]);
    }
  });

  test('the decoy key is nobody’s and depends on what only we know', () => {
    const [one] = candidatesOf(bookOf({ secrets: [north] }), 'mallory', 'sha256');
    const [other] = candidatesOf(bookOf({ secrets: [secret('west')] }), 'mallory', 'sha256');
    expect(one?.key).not.toEqual(other?.key);
    expect(accepted(one ? [one] : [], 'mallory', '', 'sha256')).toEqual([]);
  });
});

describe('SECURITY.md 7: names are data', () => {
  const north = secret('north');
  const credentials = bookOf({ users: [staticUser('alice', realm, 'wonder')], secrets: [north] });
  const longest = 'n'.repeat(508);

  test.each([
    ['constructor', 'constructor'],
    ['__proto__', '__proto__'],
    ['toString', 'toString'],
    ['hasOwnProperty', 'hasOwnProperty'],
    ['empty', ''],
    ['508 bytes', longest],
    ['a replacement character for bytes that were not UTF-8', '\ufffd'],
    ['a NUL', 'alice\0'],
  ])('%s is nobody', (_, name) => {
    for (const algorithm of algorithms) {
      expect(candidatesOf(credentials, name, algorithm).map(({ decoy }) => decoy)).toEqual([true]);
    }
    const nobodys = longTermKey('md5', name, realm, '');
    expect(credentials.outlawed({ kind: 'static', name }, nobodys, 'md5', nowMs)).toBe('credential-revoked');
    for (const changed of [{ secretId: name }, { app: name }, { keyId: name }]) {
      const strange = { ...ofDefault, secretId: north.id, subject: name, expiresAtS: 1, ...changed };
      expect(credentials.outlawed(strange, nobodys, 'md5', nowMs)).toBe('credential-revoked');
    }
  });

  test.each(['constructor', '__proto__', 'toString', longest])('%s may be the name of a user', (name) => {
    const named = bookOf({ users: [staticUser(name, realm, 'p')] });
    expect(accepted(candidatesOf(named, name), name, 'p', 'md5')).toEqual([{ kind: 'static', name }]);
    expect(named.usernameOfHash(userhash(name, realm))).toBe(name);
  });
});

describe('RFC 8489 section 9.2.4: USERHASH', () => {
  const credentials = bookOf({ users: [staticUser('alice', realm, 'wonder')], secrets: [secret('north')] });

  test.each([
    ['of a static user', userhash('alice', realm), 'alice'],
    ['of a stranger', userhash('mallory', realm), undefined],
    ['of a time-limited name', userhash('1735689600:alice', realm), undefined],
    ['of another realm', userhash('alice', 'example.net'), undefined],
    ['too short', userhash('alice', realm).subarray(0, 31), undefined],
    ['empty', new Uint8Array(0), undefined],
  ])('%s', (_, hash, expected) => {
    expect(credentials.usernameOfHash(hash)).toBe(expected);
  });
});

describe('SECURITY.md 9: what a change of credentials does to live sessions', () => {
  const north = secret('north');
  const alice = staticUser('alice', realm, 'wonder');
  const ofAlice: Credential = { kind: 'static', name: 'alice' };
  const ofNorth: Credential = { ...ofDefault, secretId: north.id, subject: 'bob', expiresAtS: 1 };
  const restKey = longTermKey('md5', '1:bob', realm, restPassword(north.secret, '1:bob'));

  test.each<[string, TestCredentials, Credential, Uint8Array, boolean]>([
    ['an unchanged user stands', { realm, users: [alice], secrets: [] }, ofAlice, alice.md5Key, true],
    ['a removed user does not', { realm, users: [], secrets: [] }, ofAlice, alice.md5Key, false],
    [
      'nor one with another password',
      { realm, users: [staticUser('alice', realm, 'other')], secrets: [] },
      ofAlice,
      alice.md5Key,
      false,
    ],
    [
      'an unchanged secret stands, though the credential expired',
      { realm, users: [], secrets: [north] },
      ofNorth,
      restKey,
      true,
    ],
    [
      'so does one whose time is over',
      { realm, users: [], secrets: [{ ...north, state: 'retired' }] },
      ofNorth,
      restKey,
      true,
    ],
    [
      'so does a retiring one, after its date too',
      { realm, users: [], secrets: [{ ...north, state: 'retiring', acceptedUntilS: 0 }] },
      ofNorth,
      restKey,
      true,
    ],
    [
      'a revoked one does not',
      { realm, users: [], secrets: [{ ...north, state: 'revoked' }] },
      ofNorth,
      restKey,
      false,
    ],
    ['nor a removed one', { realm, users: [], secrets: [] }, ofNorth, restKey, false],
  ])('%s', (_, set, credential, key, expected) => {
    const credentials = bookOf({ users: [alice], secrets: [north] });
    expect(credentials.outlawed(credential, key, 'md5', nowMs)).toBeNull();
    fill(credentials, set);
    expect(credentials.outlawed(credential, key, 'md5', nowMs)).toBe(expected ? null : 'credential-revoked');
  });

  test('a key of the other algorithm does not stand for a user', () => {
    const credentials = bookOf({ users: [alice] });
    expect(credentials.outlawed(ofAlice, alice.md5Key, 'sha256', nowMs)).toBe('credential-revoked');
    expect(credentials.outlawed(ofAlice, alice.sha256Key, 'sha256', nowMs)).toBeNull();
  });

  test('a set replaces the one before it', () => {
    const credentials = bookOf({ users: [alice] });
    fill(credentials, { realm: 'example.net' });
    expect(credentials.realm).toBe('example.net');
    expect(candidatesOf(credentials, 'alice', 'md5').map(({ decoy }) => decoy)).toEqual([true]);
    expect(credentials.usernameOfHash(userhash('alice', realm))).toBeUndefined();
  });
});

describe('limits', () => {
  const many = Array.from({ length: maxLiveSecrets + 1 }, (_, index) => secret(`secret ${index}`));

  test('eight live secrets are taken, and revoked ones besides', () => {
    const credentials = bookOf({ secrets: [...many.slice(1), secret('old', { state: 'revoked' })] });
    expect(candidatesOf(credentials, '1735689600:alice', 'md5')).toHaveLength(maxLiveSecrets);
  });

  test('nine are a bug of the caller', () => {
    expect(() => bookOf({ secrets: many })).toThrow(/9 live secrets, at most 8/);
  });

  test('so is another value under a known id', () => {
    const credentials = bookOf({ secrets: [secret('north')] });
    const swapped = secret('south', { id: secret('north').id });
    expect(() => fill(credentials, { secrets: [swapped] })).toThrow(/changed its value/);
  });

  test('a set survives structured cloning, as between threads', () => {
    const set: TestCredentials = { realm, users: [staticUser('alice', realm, 'wonder')], secrets: [secret('north')] };
    const credentials = bookOf(structuredClone(set));
    expect(accepted(candidatesOf(credentials, 'alice', 'md5'), 'alice', 'wonder', 'md5')).toHaveLength(1);
    fill(credentials, set);
    expect(candidatesOf(credentials, '1735689600:x', 'md5')).toHaveLength(1);
  });
});
