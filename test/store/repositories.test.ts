import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { StoreNotice } from '../../server/store/records.ts';
import { keysOf, plainFields, testStore, unlimitedUser } from './stores.ts';

const hash = (text: string): Uint8Array => createHash('sha256').update(text).digest();
const dayMs = 86_400_000;

describe('apps', () => {
  test('a change of another version than was seen is not made', () => {
    const { store } = testStore();
    store.apps.create('chat', plainFields);
    expect(store.apps.update('chat', 1, { ...plainFields, name: 'New' })).toMatchObject({ name: 'New', version: 2 });
    expect(store.apps.update('chat', 1, { ...plainFields, name: 'Late' })).toBeNull();
    expect(store.apps.get('chat')).toMatchObject({ name: 'New', version: 2 });
  });

  test('the default app cannot be deleted; another goes with all it has', () => {
    const { store } = testStore();
    store.apps.create('default', plainFields);
    store.apps.create('chat', plainFields);
    store.secrets.create('chat', 's', new Uint8Array(32));
    store.apiKeys.create({
      id: 'k',
      appId: 'chat',
      name: 'n',
      hash: hash('k'),
      requestsPerSecond: 1,
      expiresAtMs: null,
    });
    expect(store.apps.delete('default')).toBe(false);
    expect(store.apps.delete('chat')).toBe(true);
    expect(store.apps.delete('chat')).toBe(false);
    expect(store.secrets.list('chat')).toEqual([]);
    expect(store.apiKeys.findByHash(hash('k'))).toBeNull();
  });
});

describe('secrets', () => {
  test('live from active over retiring to revoked, and never back', () => {
    const { store, clock } = testStore();
    store.apps.create('chat', plainFields);
    store.secrets.create('chat', 's', new Uint8Array(32).fill(1));
    store.secrets.retire('chat', 's', clock.ms + dayMs);
    expect(store.secrets.get('chat', 's')).toMatchObject({ state: 'retiring', acceptedUntilMs: clock.ms + dayMs });
    expect(store.secrets.value('chat', 's')).toEqual(new Uint8Array(32).fill(1));
    store.secrets.revoke('chat', 's');
    store.secrets.retire('chat', 's', clock.ms + 2 * dayMs);
    expect(store.secrets.get('chat', 's')).toMatchObject({ state: 'revoked', revokedAtMs: clock.ms });
    expect(() => store.secrets.value('chat', 's')).toThrow(/does not open/);
  });

  test('one id is one value in each app, and two apps may have the same', () => {
    const { store } = testStore();
    store.apps.create('a', plainFields);
    store.apps.create('b', plainFields);
    store.secrets.create('a', 's', new Uint8Array(32).fill(1));
    store.secrets.create('b', 's', new Uint8Array(32).fill(1));
    expect(() => store.secrets.create('a', 's', new Uint8Array(32).fill(2))).toThrow();
    expect(store.secrets.value('a', 's')).toEqual(new Uint8Array(32).fill(1));
  });
});

describe('TURN users', () => {
  test('are read in pages by name, each with its keys', () => {
    const { store } = testStore();
    for (const [at, name] of ['carol', 'alice', 'bob', 'ünal'].entries()) {
      store.turnUsers.create(name, 'r', keysOf(at), unlimitedUser);
    }
    const names: string[] = [];
    for (let after = ''; ; after = names.at(-1) ?? '') {
      const page = store.turnUsers.listWithKeys(3, after);
      names.push(...page.map(({ user }) => user.name));
      if (page.length < 3) break;
    }
    expect(names).toEqual(['alice', 'bob', 'carol', 'ünal']);
    expect(store.turnUsers.keys('bob')).toEqual(keysOf(2));
    expect(store.turnUsers.count()).toBe(4);
  });

  test('SECURITY.md 7: any text is a name', () => {
    const { store } = testStore();
    for (const name of ['constructor', '__proto__', "'; DROP TABLE turn_users; --", '%', '日本']) {
      store.turnUsers.create(name, 'r', keysOf(1), unlimitedUser);
      expect(store.turnUsers.get(name)?.name).toBe(name);
      expect(store.turnUsers.delete(name)).toBe(true);
      expect(store.turnUsers.get(name)).toBeNull();
    }
  });

  test('the realms that keys are bound to are told', () => {
    const { store } = testStore();
    store.turnUsers.create('a', 'old', keysOf(1), unlimitedUser);
    store.turnUsers.create('b', 'new', keysOf(1), unlimitedUser);
    store.turnUsers.setKeys('a', 'new', keysOf(3));
    expect(store.turnUsers.realms()).toEqual(['new']);
    expect(store.turnUsers.keys('a')).toEqual(keysOf(3));
  });
});

describe('bans', () => {
  test('each kind of target comes back, and what has run out goes with a notice', () => {
    const { store, clock } = testStore();
    const notices: StoreNotice[] = [];
    store.onChange((notice) => notices.push(notice));
    const common = { reason: 'abuse', createdBy: 'ada' };
    const address = { kind: 'address', range: '2001:db8::/64' } as const;
    const subject = { kind: 'subject', app: 'chat', subject: 'eve/mobile' } as const;
    const user = { kind: 'user', name: 'phone' } as const;
    store.bans.create({ id: 'a', target: address, expiresAtMs: null, ...common });
    store.bans.create({ id: 'b', target: subject, expiresAtMs: clock.ms + 1000, ...common });
    store.bans.create({ id: 'c', target: user, expiresAtMs: clock.ms + 9000, ...common });
    expect(store.bans.list().map(({ target }) => target)).toEqual([address, subject, user]);
    clock.ms += 1000;
    notices.length = 0;
    expect(store.bans.sweep()).toBe(1);
    expect(notices).toEqual([{ kind: 'ban', id: 'b' }]);
    expect(store.bans.list().map(({ id }) => id)).toEqual(['a', 'c']);
  });
});

describe('accounts', () => {
  const account = (id: string, role: 'owner' | 'operator' | 'viewer') => ({
    id,
    username: id,
    role,
    passwordHash: 'h',
  });

  test('there is always an owner once there was one', () => {
    const { store } = testStore();
    store.accounts.create(account('ada', 'owner'));
    store.accounts.create(account('bob', 'viewer'));
    expect(store.accounts.setRole('ada', 'operator')).toBe(false);
    expect(store.accounts.delete('ada')).toBe(false);
    expect(store.accounts.setRole('bob', 'owner')).toBe(true);
    expect(store.accounts.setRole('ada', 'operator')).toBe(true);
    expect(store.accounts.delete('ada')).toBe(true);
    expect(store.accounts.list().map(({ id, role }) => [id, role])).toEqual([['bob', 'owner']]);
  });

  test('names are one whatever their capitals', () => {
    const { store } = testStore();
    store.accounts.create(account('ada', 'owner'));
    expect(() => store.accounts.create({ ...account('ada2', 'viewer'), username: 'ADA' })).toThrow(/UNIQUE/);
    expect(store.accounts.findByName('Ada')?.id).toBe('ada');
  });

  test('a time-based code counts once, and so does a recovery code', () => {
    const { store } = testStore();
    store.accounts.create(account('ada', 'owner'));
    store.accounts.setTotp('ada', new Uint8Array(20).fill(5), [hash('1'), hash('2')]);
    expect(store.accounts.secrets('ada').totpSeed).toEqual(new Uint8Array(20).fill(5));
    expect(store.accounts.useTotpStep('ada', 100)).toBe(true);
    expect(store.accounts.useTotpStep('ada', 100)).toBe(false);
    expect(store.accounts.useTotpStep('ada', 99)).toBe(false);
    expect(store.accounts.useRecoveryCode('ada', hash('1'))).toBe(true);
    expect(store.accounts.useRecoveryCode('ada', hash('1'))).toBe(false);
    expect(store.accounts.recoveryCodeCount('ada')).toBe(1);
  });

  test('sign-ins end with their account, or all but one of them', () => {
    const { store, clock } = testStore();
    store.accounts.create(account('ada', 'owner'));
    const signIn = (id: string) => ({
      id,
      accountId: 'ada',
      address: '192.0.2.1',
      userAgent: '',
      createdAtMs: clock.ms,
      lastSeenAtMs: clock.ms,
      expiresAtMs: clock.ms + dayMs,
    });
    for (const id of ['1', '2', '3']) store.signIns.create(signIn(id), hash(id));
    expect(store.signIns.deleteAllBut('ada', '2')).toBe(2);
    expect(store.signIns.list('ada').map(({ id }) => id)).toEqual(['2']);
    clock.ms += dayMs;
    store.signIns.create(signIn('4'), hash('4'));
    expect(store.signIns.findByHash(hash('2'))).toBeNull();
  });
});

describe('usage', () => {
  const row = (startMs: number, subject: string, bytes: number) => ({
    startMs,
    app: 'chat',
    subject,
    transport: 'udp',
    bytesUp: bytes,
    bytesDown: 2 * bytes,
    packetsUp: 1,
    packetsDown: 2,
    drops: 0,
    allocations: 1,
    peakBitsPerSecond: bytes * 8,
  });
  const all = { fromMs: 0, toMs: 10 * dayMs, app: null, subject: null, limit: 100 };

  test('hours and days are the sums of their minutes, peaks their highest', () => {
    const { store } = testStore();
    const hour = 3_600_000;
    store.batch(() => {
      store.usage.add([row(0, 'a', 10), row(60_000, 'a', 30), row(hour, 'b', 5)]);
      store.usage.add([row(60_000, 'a', 1)]);
    });
    const by = (resolution: 'minute' | 'hour' | 'day') =>
      store.usage
        .query({ ...all, resolution, groupBy: 'none' })
        .map(({ startMs, bytesUp, peakBitsPerSecond, allocations }) => [
          startMs,
          bytesUp,
          peakBitsPerSecond,
          allocations,
        ]);
    expect(by('minute')).toEqual([
      [0, 10, 80, 1],
      [60_000, 31, 240, 2],
      [hour, 5, 40, 1],
    ]);
    expect(by('hour')).toEqual([
      [0, 41, 240, 3],
      [hour, 5, 40, 1],
    ]);
    expect(by('day')).toEqual([[0, 46, 240, 4]]);
    expect(
      store.usage
        .query({ ...all, resolution: 'day', groupBy: 'subject' })
        .map(({ subject, bytesDown }) => [subject, bytesDown]),
    ).toEqual([
      ['a', 82],
      ['b', 10],
    ]);
  });

  test('what is too old is forgotten, some rows at a time', () => {
    const { store } = testStore();
    store.batch(() => store.usage.add([row(0, 'a', 1), row(0, 'b', 1), row(60_000, 'c', 1)]));
    expect(store.usage.forgetBefore('minute', 60_000, 1)).toBe(1);
    expect(store.usage.forgetBefore('minute', 60_000, 10)).toBe(1);
    expect(
      store.usage.query({ ...all, resolution: 'minute', groupBy: 'subject' }).map(({ subject }) => subject),
    ).toEqual(['c']);
    expect(store.usage.query({ ...all, resolution: 'day', groupBy: 'none' })).toHaveLength(1);
  });

  test('the bytes of a month add up over restarts', () => {
    const { store } = testStore();
    const bytes = { month: '2026-12', kind: 'app', name: 'chat', bytes: 5 } as const;
    store.batch(() => store.usage.addMonthlyBytes([bytes]));
    store.batch(() => store.usage.addMonthlyBytes([bytes, { ...bytes, month: '2027-01' }]));
    expect(store.usage.monthlyBytes('2026-12')).toEqual([{ ...bytes, bytes: 10 }]);
  });
});

test('settings: what is unset is gone, and a blob is kept whole', () => {
  const { store } = testStore();
  store.settings.change(
    new Map<string, unknown>([
      ['turn.realm', 'example.org'],
      ['drainSeconds', 5],
    ]),
  );
  store.settings.change(
    new Map<string, unknown>([
      ['turn.realm', undefined],
      ['log.level', null],
    ]),
  );
  expect([...store.settings.all()]).toEqual([
    ['drainSeconds', 5],
    ['log.level', null],
  ]);
  store.keptBlobs.set('b', new Uint8Array([1, 2]));
  store.keptBlobs.set('b', new Uint8Array([3]));
  expect(store.keptBlobs.get('b')).toEqual(new Uint8Array([3]));
  expect(store.keptBlobs.get('none')).toBeNull();
});
