import { chmodSync, closeSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { copyDatabase } from './database-copy.ts';
import { fileError } from './file-error.ts';
import { StoreError, storeError } from './store-error.ts';

/** Marks a file as one of ours: "TPKE". */
export const applicationId = 0x54_50_4b_45;
const busyTimeoutMs = 2_000;
/** Snapshots that are kept of the times before a migration. */
const keptSnapshots = 3;
const ownMigrations = join(import.meta.dirname, 'migrations');
const migrationFile = /^(\d{3})-[a-z-]+\.sql$/;

interface Migration {
  readonly version: number;
  readonly sql: string;
}

/**
 * Opens a database, makes it when it is missing (mode 0600), and brings it to this release's version: each migration is one
 * transaction, and a snapshot of what was there stands beside it before the first. One that was not closed is checked for damage.
 * @param path `:memory:` for one that is gone with the process
 * @param migrations the directory that they are read from
 * @throws StoreError
 */
export function openDatabase(path: string, migrations = ownMigrations): Database.Database {
  try {
    const wasClosed = path === ':memory:' || makePrivate(path);
    const database = new Database(path);
    try {
      prepare(database, path, migrations);
      if (!wasClosed) checkPages(database, path);
      migrate(database, path, migrations);
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  } catch (error) {
    throw storeError(fileError(error, path), path);
  }
}

/** The version that this release's migrations lead to. */
export function currentVersion(migrations = ownMigrations): number {
  return migrationsIn(migrations).at(-1)?.version ?? 0;
}

/**
 * Whether a database is ours and of a version that this release understands.
 * @throws StoreError `store_corrupt`, `store_too_new`
 */
export function checkVersion(database: Database.Database, path: string, migrations = ownMigrations): number {
  const version = Number(database.pragma('user_version', { simple: true }));
  const id = Number(database.pragma('application_id', { simple: true }));
  if (id !== applicationId && !isBlank(database)) {
    throw new StoreError('store_corrupt', `database ${path}: it is not a database of Turnpike. Set dataDir elsewhere.`);
  }
  const known = currentVersion(migrations);
  if (version > known) {
    throw new StoreError(
      'store_too_new',
      `database ${path}: it was written by a newer Turnpike (version ${version}, this one knows ${known}). ` +
        'Install that release again, or restore a snapshot of the time before it.',
    );
  }
  return version;
}

/** Nothing is in it yet: a start was interrupted before its first migration. */
function isBlank(database: Database.Database): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined;
}

/**
 * Makes the file when it is missing, and private what is there: SQLite gives the mode of the file to those it makes beside it.
 * Returns whether whoever had the database open last has closed it.
 */
function makePrivate(path: string): boolean {
  const log = `${path}-wal`;
  const hasLog = (statSync(log, { throwIfNoEntry: false })?.size ?? 0) > 0;
  if (statSync(path, { throwIfNoEntry: false }) === undefined) closeSync(openSync(path, 'wx', 0o600));
  for (const file of [path, log, `${path}-shm`]) {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found !== undefined && (found.mode & 0o077) !== 0) chmodSync(file, 0o600);
  }
  return !hasLog;
}

/** @throws StoreError `store_corrupt` */
function checkPages(database: Database.Database, path: string): void {
  const fault = String(database.pragma('quick_check(1)', { simple: true }));
  if (fault === 'ok') return;
  throw new StoreError(
    'store_corrupt',
    `database ${path}: it is damaged (${fault}). Stop Turnpike and restore a backup ("turnpike restore").`,
  );
}

function prepare(database: Database.Database, path: string, migrations: string): void {
  database.pragma(`busy_timeout = ${busyTimeoutMs}`);
  checkVersion(database, path, migrations);
  // FULL: what was acknowledged outlasts a power cut. WAL makes it one sync for each transaction.
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('trusted_schema = OFF');
}

function migrate(database: Database.Database, path: string, migrations: string): void {
  const version = checkVersion(database, path, migrations);
  const due = migrationsIn(migrations).filter((migration) => migration.version > version);
  if (due.length === 0) return;
  if (version > 0 && path !== ':memory:') snapshot(database, path, version, currentVersion(migrations));
  for (const { version: next, sql } of due) {
    database
      .transaction(() => {
        database.exec(sql);
        database.pragma(`application_id = ${applicationId}`);
        database.pragma(`user_version = ${next}`);
      })
      .immediate();
  }
}

function snapshot(database: Database.Database, path: string, version: number, next: number): void {
  const file = `${path}.before-${String(next).padStart(3, '0')}-from-${String(version).padStart(3, '0')}`;
  rmSync(file, { force: true });
  copyDatabase(database, file);
  const prefix = `${basename(path)}.before-`;
  const snapshots = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix));
  for (const name of snapshots.toSorted().slice(0, -keptSnapshots)) rmSync(join(dirname(path), name), { force: true });
}

function migrationsIn(directory: string): readonly Migration[] {
  return readdirSync(directory)
    .filter((name) => migrationFile.test(name))
    .toSorted()
    .map((name) => ({
      version: Number(migrationFile.exec(name)?.[1]),
      sql: readFileSync(join(directory, name), 'utf8'),
    }));
}
