import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { StoreConnection, type StoreHealth } from '../../server/store/connection.ts';
import { openDatabase } from '../../server/store/database.ts';
import type { StoreNotice } from '../../server/store/records.ts';
import { Sealing } from '../../server/store/sealing.ts';
import { Store } from '../../server/store/store.ts';
import { databaseFile, keysOf, masterKey, plainFields, testStore, unlimitedUser } from './stores.ts';

/** A store that does not wait for a lock, and another program that can hold its database. */
function contested(): { store: Store; clock: { ms: number }; hold: () => void; release: () => void } {
  const path = databaseFile();
  const clock = { ms: 1000 };
  const database = openDatabase(path);
  database.pragma('busy_timeout = 0');
  const connection = new StoreConnection(database, path, new Sealing(masterKey), () => clock.ms);
  const other = new Database(path);
  onTestFinished(() => {
    other.close();
    database.close();
  });
  return {
    store: new Store(database, connection, path),
    clock,
    hold: () => void other.exec('BEGIN IMMEDIATE'),
    release: () => void other.exec('ROLLBACK'),
  };
}

/** What a listener's bug becomes: nobody's exception but its own. Vitest would take it for a failure of the test. */
async function uncaughtDuring(run: () => void): Promise<unknown[]> {
  const caught: unknown[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => caught.push(error));
  try {
    run();
    await new Promise(setImmediate);
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  return caught;
}

describe('health', () => {
  test('is bad from the first write that fails to the next that does not', () => {
    const { store, clock, hold, release } = contested();
    const told: StoreHealth[] = [];
    store.onHealth((health) => told.push(health));
    hold();
    for (const ms of [1000, 2000, 3000]) {
      clock.ms = ms;
      expect(() => store.batch(() => undefined)).toThrow(expect.objectContaining({ code: 'store_busy' }));
      expect(store.health).toMatchObject({ ok: false, sinceMs: 1000, error: { code: 'store_busy' } });
    }
    release();
    store.bans.sweep();
    expect(store.health.ok, 'nothing was written').toBe(false);
    store.keptBlobs.set('b', new Uint8Array(1));
    expect(store.health).toEqual({ ok: true });
    expect(told.map(({ ok }) => ok)).toEqual([false, true]);
  });

  test('a probe finds out by itself that it is better, and is no failure while it is not', () => {
    const { store, hold, release } = contested();
    store.probe();
    expect(store.health.ok).toBe(true);
    hold();
    store.probe();
    expect(store.health).toMatchObject({ ok: false, error: { code: 'store_busy' } });
    release();
    store.probe();
    expect(store.health.ok).toBe(true);
  });
});

describe('a listener that throws', () => {
  test.each([
    ['of changes', (store: Store, listener: () => void) => store.onChange(listener)],
    ['of health', (store: Store, listener: () => void) => store.onHealth(listener)],
  ])('%s neither undoes nor hides the commit, nor keeps the news from others', async (_which, listen) => {
    const { store, hold, release } = contested();
    const notices: StoreNotice[] = [];
    hold();
    store.probe();
    release();
    listen(store, () => {
      throw new Error('a bug of the listener');
    });
    store.onChange((notice) => notices.push(notice));
    const uncaught = await uncaughtDuring(() => {
      expect(store.apps.create('chat', plainFields).id).toBe('chat');
    });
    expect(store.apps.get('chat')).not.toBeNull();
    expect(notices).toEqual([{ kind: 'app', id: 'chat' }]);
    expect(uncaught).toEqual([new Error('a bug of the listener')]);
  });
});

test('an operation that fails within a greater change is undone whole, with its notices, when the change goes on', () => {
  const { store } = testStore();
  store.accounts.create({ id: 'ada', username: 'ada', role: 'owner', passwordHash: 'h' });
  const notices: StoreNotice[] = [];
  store.onChange((notice) => notices.push(notice));
  const twice = new Uint8Array(32);
  store.mutate({ kind: 'system' }, () => {
    expect(() => store.accounts.setTotp('ada', new Uint8Array(20), [twice, twice])).toThrow(/UNIQUE/);
    store.turnUsers.create('alice', 'r', keysOf(1), unlimitedUser);
  });
  expect(store.accounts.get('ada')?.isTotpOn).toBe(false);
  expect(store.accounts.recoveryCodeCount('ada')).toBe(0);
  expect(notices).toEqual([{ kind: 'turn-user', name: 'alice' }]);
});

test('an account that is not there has no role to change', () => {
  const { store } = testStore();
  expect(store.accounts.setRole('nobody', 'viewer')).toBe(false);
});

describe('the audit log (SECURITY.md 13)', () => {
  const record = (store: Store): void =>
    store.mutate({ kind: 'local' }, (line) => line({ action: 'a.b', target: 't', before: null, after: null }));
  const all = { fromMs: null, toMs: null, actor: null, action: null, target: null, beforeId: null, limit: 100 };

  test('loses lines by their age alone', () => {
    const path = databaseFile();
    const { store, clock } = testStore(path);
    record(store);
    const other = new Database(path);
    onTestFinished(() => void other.close());
    expect(() => other.exec('DELETE FROM audit')).toThrow(/append only/);
    clock.ms += 1000;
    record(store);
    expect(store.audit.forgetBefore(clock.ms)).toBe(1);
    expect(() => other.exec('DELETE FROM audit')).toThrow(/append only/);
    expect(store.audit.list(all).map(({ id }) => id)).toEqual([2]);
  });

  test('gives no number twice, even when all lines have gone', () => {
    const { store, clock } = testStore();
    record(store);
    store.audit.forgetBefore(clock.ms + 1);
    record(store);
    expect(store.audit.list(all).map(({ id }) => id)).toEqual([2]);
  });
});

test('a backup that cannot be made leaves nothing behind', () => {
  const path = databaseFile();
  const { store } = testStore(path);
  const file = join(dirname(path), 'backup.db');
  // SQLite finds no place for the journal of the copy.
  mkdirSync(`${file}-journal`);
  expect(() => store.backup(file)).toThrow(expect.objectContaining({ name: 'StoreError' }));
  expect(existsSync(file)).toBe(false);
});
