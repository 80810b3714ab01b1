import { describe, expect, test } from 'vitest';
import { CredentialBook } from '../../server/credentials/credential-book.ts';
import { staticUser, type StaticUser } from '../../server/credentials/credential-set.ts';
import type { Credential } from '../../server/credentials/credential.ts';
import { bookOf, candidatesOf, realm } from './sets.ts';

const nowMs = 1_700_000_000_000;

describe('numbered changes', () => {
  const alice = staticUser('alice', realm, 'wonder');

  test.each<[string, readonly [number, 'reset' | 'remove' | 'complete'][], readonly string[]]>([
    [
      'from 1',
      [
        [1, 'reset'],
        [2, 'complete'],
        [3, 'remove'],
      ],
      ['aside', 'in-force', 'in-force'],
    ],
    [
      'before the first set',
      [
        [1, 'remove'],
        [2, 'remove'],
      ],
      ['gap', 'gap'],
    ],
    [
      'with one missing',
      [
        [1, 'reset'],
        [2, 'complete'],
        [4, 'remove'],
      ],
      ['aside', 'in-force', 'gap'],
    ],
    [
      'twice',
      [
        [1, 'reset'],
        [2, 'complete'],
        [2, 'remove'],
      ],
      ['aside', 'in-force', 'gap'],
    ],
    [
      'after a gap, up to the next set',
      [
        [1, 'reset'],
        [2, 'complete'],
        [4, 'remove'],
        [5, 'remove'],
        [9, 'reset'],
        [10, 'complete'],
      ],
      ['aside', 'in-force', 'gap', 'gap', 'aside', 'in-force'],
    ],
    [
      'with one of a set missing',
      [
        [1, 'reset'],
        [3, 'remove'],
        [4, 'complete'],
      ],
      ['aside', 'gap', 'gap'],
    ],
  ])('%s', (_, numbered, expected) => {
    const book = new CredentialBook();
    const changeOf = {
      reset: { kind: 'reset', realm },
      remove: { kind: 'remove-user', name: 'x' },
      complete: { kind: 'complete' },
    } as const;
    expect(numbered.map(([sequence, kind]) => book.apply({ sequence, change: changeOf[kind] }))).toEqual(expected);
  });

  test('a set that is made aside changes nothing before it is complete, and nothing if it never is', () => {
    const book = bookOf({ users: [alice] });
    const known = () => candidatesOf(book, 'alice').map(({ decoy }) => decoy);
    book.apply({ sequence: 1, change: { kind: 'reset', realm } });
    book.apply({ sequence: 2, change: { kind: 'remove-user', name: 'alice' } });
    expect(known()).toEqual([false]);
    expect(book.apply({ sequence: 5, change: { kind: 'complete' } })).toBe('gap');
    expect(known()).toEqual([false]);
  });
});

describe('static users with limits', () => {
  const alice: StaticUser = { ...staticUser('alice', realm, 'wonder'), allocations: 2, bitsPerSecond: 1000 };
  const ofAlice: Credential = { kind: 'static', name: 'alice' };

  test.each<[string, Partial<StaticUser>, string | null, string | null]>([
    ['serving', {}, null, null],
    ['expired', { expiresAtS: nowMs / 1000 }, 'expired-credential', 'credential-revoked'],
    ['about to expire', { expiresAtS: nowMs / 1000 + 1 }, null, null],
    ['exhausted', { isExhausted: true }, 'quota-bytes', 'quota-exhausted'],
  ])('%s', (_, change, refused, ended) => {
    const book = bookOf({ users: [{ ...alice, ...change }] });
    expect(book.inadmissible(ofAlice, nowMs)).toBe(refused);
    expect(book.outlawed(ofAlice, alice.md5Key, 'md5', nowMs)).toBe(ended);
    expect(book.limitsOf(ofAlice)).toMatchObject({ allocations: 2, bitsPerSecond: 1000 });
  });
});
