import { describe, expect, onTestFinished, test } from 'vitest';
import { SignInBackoff } from '../../../server/api/admin/identity/sign-in-backoff.ts';
import { openStore, type Store } from '../../../server/store/store.ts';
import { startMs } from './admin-world.ts';

function given(): { readonly store: Store; readonly clock: { nowMs: number }; readonly backoff: SignInBackoff } {
  const clock = { nowMs: startMs };
  const store = openStore({ path: ':memory:', masterKey: new Uint8Array(32), nowMs: () => clock.nowMs });
  onTestFinished(() => store.close());
  return { store, clock, backoff: new SignInBackoff(store, () => clock.nowMs) };
}

function fail(backoff: SignInBackoff, times: number, source = 'a', username = 'root'): void {
  for (let count = 0; count < times; count += 1) backoff.charge(source, username);
}

describe('SECURITY.md 13: guessing is slowed per (address, account)', () => {
  test.each([
    ['four failures are typing errors', 4, 0],
    ['the fifth has to wait', 5, 2_000],
    ['and twice as long after each', 7, 8_000],
    ['up to a quarter of an hour', 60, 900_000],
  ])('%s', (_what, failures, waitMs) => {
    const { backoff } = given();
    fail(backoff, failures);
    expect(backoff.waitMs('a', 'root')).toBe(waitMs);
  });

  test.each([
    ['the account from another address', 'b', 'root', 0],
    ['another account from this address', 'a', 'alice', 0],
    ['the account in other capitals', 'a', 'ROOT', 900_000],
  ])('%s', (_what, source, username, waitMs) => {
    const { backoff } = given();
    fail(backoff, 60);
    expect(backoff.waitMs(source, username)).toBe(waitMs);
  });

  test('the wait runs out, and one more failure doubles it', () => {
    const { backoff, clock } = given();
    fail(backoff, 5);
    clock.nowMs += 2_000;
    expect(backoff.waitMs('a', 'root')).toBe(0);
    fail(backoff, 1);
    expect(backoff.waitMs('a', 'root')).toBe(4_000);
  });

  test('a sign-in forgets the failures, a day does, and a command does', () => {
    const { backoff, clock } = given();
    fail(backoff, 10);
    backoff.clear('a', 'root');
    expect(backoff.waitMs('a', 'root')).toBe(0);

    fail(backoff, 10);
    clock.nowMs += 25 * 3_600_000;
    fail(backoff, 1);
    expect(backoff.waitMs('a', 'root')).toBe(0);

    fail(backoff, 10);
    fail(backoff, 10, 'b');
    expect(backoff.unlock('Root')).toBe(2);
    expect([backoff.waitMs('a', 'root'), backoff.waitMs('b', 'root'), backoff.size]).toEqual([0, 0, 0]);
  });

  test('a restart forgets nothing', () => {
    const { backoff, store, clock } = given();
    fail(backoff, 10);
    backoff.flush();
    const again = new SignInBackoff(store, () => clock.nowMs);
    expect(again.waitMs('a', 'root')).toBe(backoff.waitMs('a', 'root'));
  });

  test('however many names are guessed, it remembers 4,096 and the last of them', () => {
    const { backoff } = given();
    for (let name = 0; name < 10_000; name += 1) fail(backoff, 5, 'a', `name${name}`);
    expect(backoff.size).toBe(4_096);
    expect([backoff.waitMs('a', 'name0'), backoff.waitMs('a', 'name9999')]).toEqual([0, 2_000]);
  });
});
