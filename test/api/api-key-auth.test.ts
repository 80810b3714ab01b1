import { describe, expect, test } from 'vitest';
import { ApiKeyAuth, type ApiKeyAnswer, type ApiKeyStore } from '../../server/api/api-key-auth.ts';
import { startMs, TestApplications } from './application-clients.ts';

/** Counts what is asked of the database. */
function counted(applications: TestApplications) {
  const { store } = applications;
  let queries = 0;
  const { apps, apiKeys } = store;
  const counting: ApiKeyStore = {
    apps,
    apiKeys: {
      findByHash: (hash) => {
        queries += 1;
        return apiKeys.findByHash(hash);
      },
      noteUsed: (id, atMs) => apiKeys.noteUsed(id, atMs),
    },
    batch: (change) => store.batch(change),
    onChange: (listener) => store.onChange(listener),
  };
  return { auth: new ApiKeyAuth(counting, applications.nowMs), queries: () => queries };
}

const appOf = (answer: ApiKeyAnswer): string => ('refusal' in answer ? answer.refusal : answer.app.id);

describe('whose an API key is', () => {
  test('one that was good costs no query until its app changes', () => {
    const applications = new TestApplications();
    const text = applications.addKey('aaaaaaaa');
    const { auth, queries } = counted(applications);
    for (let round = 0; round < 3; round += 1) expect(appOf(auth.check(text))).toBe('chat');
    expect(queries()).toBe(1);
    applications.changeApp('chat', { longestTtlS: 600 });
    expect(auth.check(text)).toMatchObject({ app: { longestTtlS: 600 } });
    applications.addApp('other');
    auth.check(text);
    expect(queries()).toBe(2);
  });

  test('a revocation counts from the next request on', () => {
    const applications = new TestApplications();
    const text = applications.addKey('aaaaaaaa');
    const { auth } = counted(applications);
    auth.check(text);
    applications.store.apiKeys.revoke('chat', 'aaaaaaaa');
    expect(appOf(auth.check(text))).toBe('(aaaaaaaa) was revoked at 2027-01-15T08:00:00.000Z');
  });

  test('so does the end of its app', () => {
    const applications = new TestApplications();
    const text = applications.addKey('aaaaaaaa');
    const { auth } = counted(applications);
    auth.check(text);
    applications.store.apps.delete('chat');
    expect(appOf(auth.check(text))).toMatch(/^is not known/);
  });

  test('it ends when it expires, remembered or not', () => {
    const applications = new TestApplications();
    const text = applications.addKey('aaaaaaaa', { expiresAtMs: startMs + 1000 });
    const { auth } = counted(applications);
    expect(appOf(auth.check(text))).toBe('chat');
    applications.now += 1000;
    expect(appOf(auth.check(text))).toBe('(aaaaaaaa) expired at 2027-01-15T08:00:01.000Z');
  });

  test.each([
    ['another end', (text: string) => `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`],
    ['the same text under another id', (text: string) => text.replace('aaaaaaaa', 'bbbbbbbb')],
    ['a beginning of it', (text: string) => text.slice(0, -1)],
    ['more than it', (text: string) => `${text}A`],
    ['its id alone', () => 'tpk_aaaaaaaa_'],
    ['an admin token', (text: string) => text.replace('tpk', 'tpa')],
    ['a member of Object.prototype', () => '__proto__'],
  ])('%s is nobody’s, also while the good one is remembered', (_what, other) => {
    const applications = new TestApplications();
    const text = applications.addKey('aaaaaaaa');
    const { auth } = counted(applications);
    auth.check(text);
    expect(appOf(auth.check(other(text)))).toMatch(/^is (?:no API key|not known)/);
    expect(appOf(auth.check(text))).toBe('chat');
  });

  test('SECURITY.md 14: guesses take no memory', () => {
    const applications = new TestApplications();
    const { auth } = counted(applications);
    for (let index = 0; index < 1000; index += 1) auth.check(`tpk_aaaaaaaa_${String(index).padStart(43, 'A')}`);
    expect(auth.known).toBe(0);
    auth.flush();
  });
});

describe('when a key was last used', () => {
  test('is written by flush, and by nothing before', () => {
    const applications = new TestApplications();
    const { apiKeys } = applications.store;
    const [used, unused] = [applications.addKey('aaaaaaaa'), applications.addKey('bbbbbbbb', { expiresAtMs: 1 })];
    const { auth } = counted(applications);
    applications.now += 5000;
    auth.check(used);
    auth.check(unused);
    expect(apiKeys.get('aaaaaaaa')?.lastUsedAtMs).toBeNull();
    auth.flush();
    expect(apiKeys.get('aaaaaaaa')?.lastUsedAtMs).toBe(startMs + 5000);
    expect(apiKeys.get('bbbbbbbb')?.lastUsedAtMs).toBeNull();
  });

  test('is kept for the next time when it cannot be written', () => {
    const applications = new TestApplications();
    const text = applications.addKey('aaaaaaaa');
    const { store } = applications;
    let isFull = true;
    const batch = (change: () => void): void => {
      if (isFull) throw new Error('the disk is full');
      store.batch(change);
    };
    const { apps, apiKeys } = store;
    const onChange: ApiKeyStore['onChange'] = (listener) => store.onChange(listener);
    const auth = new ApiKeyAuth({ apps, apiKeys, batch, onChange }, applications.nowMs);
    auth.check(text);
    expect(() => auth.flush()).toThrow('full');
    isFull = false;
    auth.flush();
    expect(apiKeys.get('aaaaaaaa')?.lastUsedAtMs).toBe(startMs);
  });

  test('closed, it follows the store no more', () => {
    const applications = new TestApplications();
    const text = applications.addKey('aaaaaaaa');
    const { auth } = counted(applications);
    auth.check(text);
    auth.close();
    applications.store.apiKeys.revoke('chat', 'aaaaaaaa');
    expect(auth.known).toBe(1);
  });
});
