import { describe, expect, test } from 'vitest';
import type { ConfigKey } from '../../server/contract/config.ts';
import { problemsOf } from './given-config.ts';

describe('users and secrets, of which only names are shown', () => {
  const users = (...list: unknown[]) => ({ 'turn.users': [JSON.stringify(list)] });

  test.each<[string, Partial<Record<ConfigKey, string[]>>, string[]]>([
    [
      'two users of one name',
      users({ name: 'alice', password: 'hidden-1' }, { name: 'alice', password: 'hidden-2' }),
      [
        'turn.users[1].name (flag --turn-users): "alice" is the name of two users. Names are unique; remove one of them.',
      ],
    ],
    [
      'two names that the protocol holds for one',
      users({ name: 'a b', password: 'hidden-1' }, { name: 'a\u00a0b', password: 'hidden-2' }),
      [
        'turn.users[1].name (flag --turn-users): "a\u00a0b" is the name of two users. Names are unique; remove one of them.',
      ],
    ],
    [
      'a name that reads as a time-limited one',
      users({ name: '1735689600:alice', password: 'hidden-1' }),
      [
        'turn.users[0].name (flag --turn-users): "1735689600:alice" reads as a time-limited username, <unix-expiry>:<subject>. Put a letter before the digits.',
      ],
    ],
    [
      'a name that is too long',
      users({ name: 'ä'.repeat(255), password: 'hidden-1' }),
      [`turn.users[0].name (flag --turn-users): "${'ä'.repeat(76)}... is 510 bytes long. Write at most 508.`],
    ],
    [
      'a password with a control character',
      users({ name: 'alice', password: 'hidden\n' }),
      [
        'turn.users[0].password (flag --turn-users): ******** has characters that the protocol does not allow (controls, unassigned or invisible ones; RFC 8265 section 4.2). Write another password.',
      ],
    ],
    [
      'an empty password',
      users({ name: 'alice', password: '' }),
      ['turn.users[0].password (flag --turn-users): ******** is empty. Write text that is not empty.'],
    ],
    [
      'a password that is a number',
      users({ name: 'alice', password: 12345 }),
      [
        'turn.users[0].password (flag --turn-users): ******** is a number. Write text that is not empty. Put quotes around it.',
      ],
    ],
    [
      'no password',
      users({ name: 'alice' }),
      ['turn.users[0] (flag --turn-users): ******** lacks password. Write {name, password}.'],
    ],
    [
      'a misspelt member',
      users({ name: 'alice', password: 'hidden-1', pasword: 'hidden-2' }),
      ['turn.users[0] (flag --turn-users): ******** has an unknown member "pasword". Did you mean password?'],
    ],
    [
      'a user that is text',
      { 'turn.users': ['alice'] },
      ['turn.users[0] (flag --turn-users): ******** is text. Write {name, password}.'],
    ],
    [
      'JSON that is none',
      { 'turn.users': ['[{"name":"alice","password":"hidden"'] },
      ['turn.users (flag --turn-users): ******** starts like JSON but is not. Check quotes, commas and brackets.'],
    ],
    [
      'a short secret',
      { 'turn.secrets': ['hidden-hidden-1'] },
      [
        'turn.secrets (flag --turn-secrets): ******** has 15 characters. Whoever holds one credential can guess that; write at least 16: openssl rand -base64 32',
      ],
    ],
    [
      'a secret twice',
      { 'turn.secrets': ['hidden-hidden-hidden', 'hidden-hidden-hidden'] },
      ['turn.secrets[1] (flag --turn-secrets): ******** is in the list twice. Remove one of them.'],
    ],
    [
      'nine secrets',
      { 'turn.secrets': Array.from({ length: 9 }, (_, index) => `hidden-hidden-hidden-${index}`) },
      [
        'turn.secrets (flag --turn-secrets): a list of 9 is more than the 8 that are tried for a request. Remove those that nobody uses.',
      ],
    ],
  ])('%s', async (_, flags, expected) => {
    const found = await problemsOf(flags);
    expect(found.map(({ message }) => message)).toEqual(expected);
    expect(JSON.stringify(found)).not.toMatch(/hidden/);
    expect(JSON.stringify(found)).not.toMatch(/12345/);
  });

  test.each([
    ['a telephone extension', '1001'],
    ['a colon after a letter', 'a:b'],
    ['a name of Object.prototype', 'constructor'],
    ['another one', '__proto__'],
  ])('%s is a good name', async (_, name) => {
    expect(await problemsOf(users({ name, password: 'p' }))).toEqual([]);
  });

  test('eight secrets are taken', async () => {
    const secrets = Array.from({ length: 8 }, (_, index) => `hidden-hidden-hidden-${index}`);
    expect(await problemsOf({ 'turn.secrets': secrets })).toEqual([]);
  });
});
