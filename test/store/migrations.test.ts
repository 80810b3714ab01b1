import { chmodSync, mkdirSync, openSync, closeSync, readdirSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../server/store/database.ts';
import { openStore } from '../../server/store/store.ts';
import { tempDir } from '../support/temp-dir.ts';
import { databaseFile, keysOf, masterKey, testStore, unlimitedUser } from './stores.ts';

const first = ['001-notes.sql', "CREATE TABLE notes (text); INSERT INTO notes VALUES ('of version 1')"] as const;
const second = ['002-dates.sql', "ALTER TABLE notes ADD COLUMN at_ms; UPDATE notes SET text = 'of version 2'"] as const;
const third = ['003-names.sql', 'ALTER TABLE notes ADD COLUMN name'] as const;
const failing = ['003-names.sql', 'UPDATE notes SET text = NULL; ALTER TABLE missing ADD COLUMN name'] as const;

/** A release that has these migrations. */
function release(...migrations: readonly (readonly [name: string, sql: string])[]): string {
  const directory = join(tempDir(), 'migrations');
  mkdirSync(directory);
  for (const [name, sql] of migrations) writeFileSync(join(directory, name), sql);
  return directory;
}

/** The version and the note of a file, read by nobody's code. */
function contentOf(path: string): readonly unknown[] {
  const database = new Database(path, { readonly: true });
  try {
    return [
      database.pragma('user_version', { simple: true }),
      database.prepare('SELECT text FROM notes').pluck().get(),
    ];
  } finally {
    database.close();
  }
}

function snapshotsOf(path: string): readonly string[] {
  return readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.before-`));
}

describe('SECURITY.md 15: a migration is one transaction after a snapshot', () => {
  test.each([
    ['from nothing: there is nothing to keep', [], [first, second], [2, 'of version 2'], []],
    ['nothing is due', [first], [first], [1, 'of version 1'], []],
    ['one is due', [first], [first, second], [2, 'of version 2'], [[1, 'of version 1']]],
    [
      'two are due: one snapshot of before both',
      [first],
      [first, second, third],
      [3, 'of version 2'],
      [[1, 'of version 1']],
    ],
  ] as const)('%s', (_what, before, after, content, snapshots) => {
    const path = databaseFile();
    if (before.length > 0) openDatabase(path, release(...before)).close();
    openDatabase(path, release(...after)).close();
    expect(contentOf(path)).toEqual(content);
    expect(snapshotsOf(path).map((name) => contentOf(join(dirname(path), name)))).toEqual(snapshots);
    for (const name of snapshotsOf(path)) expect(statSync(join(dirname(path), name)).mode & 0o777).toBe(0o600);
  });

  test('one that fails leaves the database as the one before left it, and the snapshot', () => {
    const path = databaseFile();
    openDatabase(path, release(first, second)).close();
    for (const attempt of ['first', 'second']) {
      expect(() => openDatabase(path, release(first, second, failing)), attempt).toThrow(/no such table: missing/);
      expect(contentOf(path), attempt).toEqual([2, 'of version 2']);
      expect(snapshotsOf(path), attempt).toHaveLength(1);
    }
    openDatabase(path, release(first, second, third)).close();
    expect(contentOf(path)).toEqual([3, 'of version 2']);
  });

  test('the last three snapshots are kept', () => {
    const path = databaseFile();
    const all = Array.from({ length: 6 }, (_, at) => [`00${at + 1}-t.sql`, `CREATE TABLE t${at} (x)`] as const);
    for (let count = 1; count <= all.length; count++) openDatabase(path, release(...all.slice(0, count))).close();
    expect(snapshotsOf(path).map((name) => name.slice(basename(path).length))).toEqual([
      '.before-004-from-003',
      '.before-005-from-004',
      '.before-006-from-005',
    ]);
  });

  test('without a snapshot nothing is migrated', () => {
    const path = databaseFile();
    openDatabase(path, release(first)).close();
    // A directory in its place: a snapshot of that name can neither be removed nor made.
    mkdirSync(`${path}.before-002-from-001`);
    expect(() => openDatabase(path, release(first, second))).toThrow();
    expect(contentOf(path)).toEqual([1, 'of version 1']);
  });
});

describe('what is opened', () => {
  test('a database of another program that marks its files no more than SQLite does is refused and left as it is', () => {
    const path = databaseFile();
    const foreign = new Database(path);
    foreign.exec('CREATE TABLE orders (x)');
    foreign.close();
    expect(() => openStore({ path, masterKey, nowMs: Date.now })).toThrow(
      expect.objectContaining({ code: 'store_corrupt' }),
    );
    const after = new Database(path, { readonly: true });
    onTestFinished(() => void after.close());
    expect(after.prepare('SELECT name FROM sqlite_schema').pluck().all()).toEqual(['orders']);
  });

  test('an empty file is what an interrupted first start leaves, and the next start goes on', () => {
    const path = databaseFile();
    writeFileSync(path, '');
    const { store } = testStore(path);
    expect(store.integrityProblems()).toEqual([]);
  });

  test('SECURITY.md 13: a file that others may read is made private, with those beside it', () => {
    const path = databaseFile();
    testStore(path).store.close();
    chmodSync(path, 0o644);
    testStore(path).store.turnUsers.create('alice', 'r', keysOf(1), unlimitedUser);
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777, file).toBe(0o600);
  });

  test.each([
    ['was not closed: it is checked, and refused when it is damaged', false, true],
    ['was closed: the start does not wait for a check', true, false],
  ])('a database that %s', (_what, isClosed, isRefused) => {
    const path = databaseFile();
    const { store } = testStore(path);
    store.batch(() => {
      for (let at = 0; at < 2000; at++) store.turnUsers.create(`user-${at}`, 'r', keysOf(1), unlimitedUser);
    });
    store.close();
    damage(path);
    // What a killed process leaves: a log that nobody has worked off.
    if (!isClosed) leaveLog(path);
    const open = (): void => openStore({ path, masterKey, nowMs: Date.now }).close();
    if (isRefused) expect(open).toThrow(expect.objectContaining({ code: 'store_corrupt' }));
    else expect(open).not.toThrow();
  });
});

/** Spoils a page in the middle of the last quarter: the users' rows, which no opening reads. */
function damage(path: string): void {
  const pageBytes = 4096;
  const page = Math.floor((statSync(path).size / pageBytes) * 0.8);
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(pageBytes, 0xaa), 0, pageBytes, page * pageBytes);
  closeSync(file);
}

/** SQLite takes a log whose header does not fit for one that was never written. */
function leaveLog(path: string): void {
  writeFileSync(`${path}-wal`, Buffer.alloc(32));
}
