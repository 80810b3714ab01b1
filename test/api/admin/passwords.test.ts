import { describe, expect, test } from 'vitest';
import { owaspCost, PasswordHashing } from '../../../server/api/admin/identity/password-hashing.ts';
import { checkPassword } from '../../../server/api/admin/identity/password-rules.ts';
import { cheapHashing } from './admin-world.ts';

describe('argon2id', () => {
  test('a hash is a PHC string with the cost that OWASP advises', async () => {
    const hash = await new PasswordHashing().hash('correct horse');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  });

  test("a hash of the reference implementation's own tests is understood", async () => {
    const reference = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    expect(await new PasswordHashing().compare('password', reference)).toEqual({ isEqual: true, isOutdated: true });
  });

  test.each([
    ['the same', 'pässword', 'pässword', true],
    ['composed and decomposed', 'pa\u0308ssword', 'p\u00e4ssword', true],
    ['another', 'pässword', 'passwort', false],
    ['a beginning', 'pässword', 'pässwor', false],
    ['nothing', 'pässword', '', false],
  ])('%s: %j against %j', async (_what, known, tried, isEqual) => {
    const hashing = new PasswordHashing(cheapHashing);
    expect((await hashing.compare(tried, await hashing.hash(known))).isEqual).toBe(isEqual);
  });

  test('two hashes of one password have nothing in common', async () => {
    const hashing = new PasswordHashing(cheapHashing);
    expect(await hashing.hash('password')).not.toBe(await hashing.hash('password'));
  });

  test.each([
    ['the cost of now', cheapHashing, false],
    ['more memory now', { ...cheapHashing, memoryKiB: 16 }, true],
    ['more passes now', { ...cheapHashing, passes: 2 }, true],
  ])('a hash is outdated when new ones cost otherwise: %s', async (_what, cost, isOutdated) => {
    const hash = await new PasswordHashing(cheapHashing).hash('password');
    expect(await new PasswordHashing(cost).compare('password', hash)).toEqual({ isEqual: true, isOutdated });
  });

  test('a few at a time are hashed, a queue waits, and who comes after is told to come later', async () => {
    const hashing = new PasswordHashing(cheapHashing);
    const outcomes = await Promise.allSettled(Array.from({ length: 150 }, () => hashing.hash('password')));
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(48);
    expect(refused[0]).toMatchObject({ reason: { code: 'sign_in_busy' } });
    await expect(hashing.hash('password')).resolves.toMatch(/^\$argon2id/);
  });

  test(
    'SECURITY.md 13: an account that is not there costs as much as a wrong password',
    { timeout: 60_000 },
    async () => {
      const hashing = new PasswordHashing(owaspCost);
      const hash = await hashing.hash('correct horse');
      // The first comparison makes what unknown accounts are compared with.
      await hashing.compare('warm', hash);
      const cpuMs = async (known: string | null): Promise<number> => {
        const before = process.cpuUsage();
        for (let count = 0; count < 8; count += 1) await hashing.compare('wrong', known);
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1000;
      };
      const wrong = await cpuMs(hash);
      const unknown = await cpuMs(null);
      expect(unknown / wrong).toBeGreaterThan(0.6);
      expect(unknown / wrong).toBeLessThan(1.7);
    },
  );
});

test.each([
  ['twelve characters', 'twelve chars', null],
  ['eleven', 'eleven char', /at least 12 characters; this one has 11/],
  ['eleven of two bytes', 'äöüäöüäöüäö', /has 11/],
  ['twelve emoji are twelve characters', '🐴🔋📎🐴🔋📎🐴🔋📎🐴🔋🌍', null],
  ['512', 'abcd'.repeat(128), null],
  ['513', `${'abcd'.repeat(128)}e`, /at most 512/],
  ['the username, in other capitals', 'Administrator', /is the username/],
  ['one character, repeated', 'aaaaaaaaaaaaaaaa', /repeats a few characters/],
])('rules of passwords: %s', (_what, password, refusal) => {
  const check = () => checkPassword(password, 'administrator');
  if (refusal === null) expect(check).not.toThrow();
  else expect(check).toThrow(refusal);
});
