import { closeSync, openSync, rmSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { fileError } from './file-error.ts';
import { storeError } from './store-error.ts';

/**
 * Copies a database, as it is now, into one file that is not there yet, private (mode 0600) from its first byte on.
 * @throws StoreError; nothing is left of the copy then
 */
export function copyDatabase(database: Database.Database, path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    throw fileError(error, path);
  }
  try {
    database.prepare('VACUUM INTO ?').run(path);
  } catch (error) {
    rmSync(path, { force: true });
    throw storeError(error, path);
  }
}
