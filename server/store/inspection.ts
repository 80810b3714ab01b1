import Database from 'better-sqlite3';
import { checkVersion, currentVersion } from './database.ts';
import { StoreError, storeError } from './store-error.ts';
import { masterKeyMark } from './store.ts';

/** How many faults of a damaged file are told. */
const toldFaults = 3;

/** What can be said of a database without changing it. */
export interface Inspection {
  /** That of its last migration. */
  readonly version: number;
  /** Whether a start of this release migrates it. */
  readonly isOutdated: boolean;
  /** What SQLite finds wrong; nothing when it is sound. */
  readonly faults: readonly string[];
  /** Whether its values are sealed with this key. */
  readonly fitsMasterKey: (masterKey: Uint8Array) => boolean;
  /** What was set in the console or by command, by key. */
  readonly settings: ReadonlyMap<string, unknown>;
}

/**
 * Looks at a database that an appliance may be using; nothing in it is written or migrated.
 * @throws StoreError
 */
export function inspectDatabase(path: string): Inspection {
  try {
    const database = new Database(path, { readonly: true, fileMustExist: true });
    try {
      const version = checkVersion(database, path);
      if (version === 0) throw new StoreError('store_corrupt', `database ${path}: it is empty.`);
      const faults = database.pragma(`quick_check(${toldFaults})`) as { readonly quick_check: string }[];
      const mark = database.prepare("SELECT value FROM meta WHERE key = 'master_key_check'").pluck().get();
      const settings = database.prepare('SELECT key, value FROM settings').all() as { key: string; value: string }[];
      return {
        version,
        isOutdated: version < currentVersion(),
        faults: faults.map((row) => row.quick_check).filter((fault) => fault !== 'ok'),
        fitsMasterKey: (masterKey) => mark === undefined || mark === masterKeyMark(masterKey),
        settings: new Map(settings.map(({ key, value }) => [key, JSON.parse(value) as unknown])),
      };
    } finally {
      database.close();
    }
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw storeError(error, path);
  }
}
