import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { applicationId, currentVersion } from '../../server/store/database.ts';
import type { StoreNotice } from '../../server/store/records.ts';
import { openStore } from '../../server/store/store.ts';
import { databaseFile, keysOf, masterKey, plainFields, testStore, unlimitedUser } from './stores.ts';

const local = { kind: 'local' } as const;

describe('opening', () => {
  test('a new database is private, marked as ours, and of the current version', () => {
    const path = databaseFile();
    testStore(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const database = new Database(path, { readonly: true });
    expect(database.pragma('application_id', { simple: true })).toBe(applicationId);
    expect(database.pragma('user_version', { simple: true })).toBe(currentVersion());
    expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
    database.close();
  });

  test('SECURITY.md 15: what was written is there when it is opened again', () => {
    const path = databaseFile();
    const first = openStore({ path, masterKey, nowMs: () => 1000 });
    first.apps.create('chat', plainFields);
    const signingKey = first.apps.signingKey('chat');
    first.close();
    const { store } = testStore(path);
    expect(store.apps.get('chat')).toMatchObject({ ...plainFields, createdAtMs: 1000, version: 1 });
    expect(store.apps.signingKey('chat')).toEqual(signingKey);
  });

  test('SECURITY.md 13: another master key is refused, with the remedy', () => {
    const path = databaseFile();
    testStore(path);
    const other = new Uint8Array(32).fill(8);
    expect(() => openStore({ path, masterKey: other, nowMs: Date.now })).toThrow(
      expect.objectContaining({ code: 'master_key_wrong', message: expect.stringContaining('master-key') as string }),
    );
  });

  test.each([
    [
      'a database of a newer release',
      `PRAGMA application_id = ${applicationId}; PRAGMA user_version = 999`,
      'store_too_new',
    ],
    ['a database of another program', 'PRAGMA application_id = 42; CREATE TABLE t (x)', 'store_corrupt'],
  ])('%s is refused and left as it is', (_what, sql, code) => {
    const path = databaseFile();
    const foreign = new Database(path);
    foreign.exec(sql);
    foreign.close();
    const before = readFileSync(path);
    expect(() => openStore({ path, masterKey, nowMs: Date.now })).toThrow(expect.objectContaining({ code }));
    expect(readFileSync(path)).toEqual(before);
  });

  test('a file that is no database is refused and left as it is', () => {
    const path = databaseFile();
    const text = 'this is no database, but a letter that somebody has put here. '.repeat(20);
    writeFileSync(path, text);
    expect(() => openStore({ path, masterKey, nowMs: Date.now })).toThrow(
      expect.objectContaining({ code: 'store_corrupt' }),
    );
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});

describe('mutations', () => {
  test('a change and its audit lines are one transaction, told after the commit', () => {
    const { store, clock } = testStore();
    const notices: StoreNotice[] = [];
    store.onChange((notice) => {
      expect(store.apps.get('chat')).not.toBeNull();
      notices.push(notice);
    });
    const actor = { kind: 'account', id: 'a1', name: 'ada', address: '192.0.2.1' } as const;
    store.mutate(actor, (record) => {
      store.apps.create('chat', plainFields);
      record({ action: 'app.create', target: 'app/chat', before: null, after: { name: 'Chat' } });
      expect(notices).toEqual([]);
    });
    expect(notices).toEqual([{ kind: 'app', id: 'chat' }]);
    expect(store.audit.list(everything)).toEqual([
      {
        id: 1,
        atMs: clock.ms,
        actor: { kind: 'account', id: 'a1', name: 'ada' },
        address: '192.0.2.1',
        action: 'app.create',
        target: 'app/chat',
        before: null,
        after: { name: 'Chat' },
      },
    ]);
  });

  test('a change that throws leaves nothing, and nobody is told', () => {
    const { store } = testStore();
    const notices: StoreNotice[] = [];
    store.onChange((notice) => notices.push(notice));
    expect(() =>
      store.mutate(local, (record) => {
        store.apps.create('chat', plainFields);
        record({ action: 'app.create', target: 'app/chat', before: null, after: null });
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(store.apps.list()).toEqual([]);
    expect(store.audit.list(everything)).toEqual([]);
    expect(notices).toEqual([]);
    store.apps.create('other', plainFields);
    expect(notices).toEqual([{ kind: 'app', id: 'other' }]);
  });

  test('the audit log cannot be rewritten', () => {
    const path = databaseFile();
    const { store } = testStore(path);
    store.mutate(local, (record) => record({ action: 'a.b', target: 't', before: 1, after: 2 }));
    const database = new Database(path);
    expect(() => database.exec("UPDATE audit SET actor_name = 'somebody else'")).toThrow(/append only/);
    database.close();
  });

  test.each([
    ['by action', { action: 'secret.revoke' }, [3]],
    ['by the kind of actions', { action: 'secret' }, [3, 2]],
    ['by a target and what is below it', { target: 'app/chat' }, [3, 1]],
    ['not by a target that only begins alike', { target: 'app/ch' }, []],
    ['by who', { actor: 'local' }, [3, 2, 1]],
    ['by who else', { actor: 'system' }, []],
    ['page by page', { beforeId: 3, limit: 1 }, [2]],
    ['by time', { fromMs: Date.UTC(2026, 11, 2) }, []],
  ])('the audit log is filtered %s', (_how, filter, ids) => {
    const { store } = testStore();
    const lines = [
      ['app.create', 'app/chat'],
      ['secret.create', 'app/chatter/secret/1'],
      ['secret.revoke', 'app/chat/secret/2'],
    ] as const;
    for (const [action, target] of lines) {
      store.mutate(local, (record) => record({ action, target, before: null, after: null }));
    }
    expect(store.audit.list({ ...everything, ...filter }).map(({ id }) => id)).toEqual(ids);
  });
});

describe('sealed values (SECURITY.md 13)', () => {
  test('a row whose sealed value was put there from another row is noticed', () => {
    const path = databaseFile();
    const { store } = testStore(path);
    store.turnUsers.create('alice', 'r', keysOf(1), unlimitedUser);
    store.turnUsers.create('mallory', 'r', keysOf(2), unlimitedUser);
    const database = new Database(path);
    database.exec(
      "UPDATE turn_users SET sealed_keys = (SELECT sealed_keys FROM turn_users WHERE name = 'mallory') WHERE name = 'alice'",
    );
    database.close();
    expect(store.turnUsers.keys('mallory')).toEqual(keysOf(2));
    expect(() => store.turnUsers.keys('alice')).toThrow(expect.objectContaining({ code: 'store_corrupt' }));
  });

  test('neither the database nor its log holds a secret in clear', () => {
    const path = databaseFile();
    const { store } = testStore(path);
    const secret = 'a secret that must not be found';
    store.apps.create('chat', plainFields);
    store.secrets.create('chat', 'id', new TextEncoder().encode(secret));
    for (const file of readdirSync(dirname(path))) {
      expect(readFileSync(join(dirname(path), file)).includes(secret)).toBe(false);
    }
    expect(new TextDecoder().decode(store.secrets.value('chat', 'id'))).toBe(secret);
  });
});

describe('backups', () => {
  test('a backup is private, complete, and opens with the same master key', () => {
    const path = databaseFile();
    const { store } = testStore(path);
    store.apps.create('chat', plainFields);
    const file = join(dirname(path), 'backup.db');
    store.backup(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { store: copy } = testStore(file);
    expect(copy.apps.get('chat')).toEqual(store.apps.get('chat'));
    expect(copy.integrityProblems()).toEqual([]);
  });

  test('a file that is there is not overwritten', () => {
    const path = databaseFile();
    const { store } = testStore(path);
    const file = join(dirname(path), 'precious');
    writeFileSync(file, 'precious');
    expect(() => store.backup(file)).toThrow(expect.objectContaining({ code: 'store_io' }));
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });
});

test('SECURITY.md 13: no SQL is built of values', () => {
  const directory = join(import.meta.dirname, '../../server/store');
  const files = readdirSync(directory).filter((name) => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(10);
  // A statement in which something is substituted, but for the columns that a type lists.
  const substituted = /[`'"][^`'"]*\b(?:SELECT|INSERT|UPDATE|DELETE|PRAGMA)\b[^`]*\$\{(?!assignment\})/;
  for (const file of files.filter((name) => name !== 'database.ts')) {
    const source = readFileSync(join(directory, file), 'utf8');
    for (const [statement] of source.matchAll(/`[^`]*`/g)) expect(statement, file).not.toMatch(substituted);
  }
  expect('`SELECT ${name}`').toMatch(substituted);
});

const everything = {
  fromMs: null,
  toMs: null,
  actor: null,
  action: null,
  target: null,
  beforeId: null,
  limit: 100,
};
