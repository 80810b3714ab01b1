import Database from 'better-sqlite3';

/** What can be wrong with the store: stable codes of the catalogue. */
export type StoreErrorCode =
  'store_full' | 'store_read_only' | 'store_busy' | 'store_corrupt' | 'store_too_new' | 'master_key_wrong' | 'store_io';

/** The store did not do what was asked, and nothing of it is in force. The message says what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const reasons: readonly (readonly [prefix: string, code: StoreErrorCode, remedy: string])[] = [
  ['SQLITE_FULL', 'store_full', 'the disk is full. Free some space; the next change tries again.'],
  [
    'SQLITE_READONLY',
    'store_read_only',
    'it may not be written. Give it to the user that runs Turnpike, or remount its disk.',
  ],
  ['SQLITE_PERM', 'store_read_only', 'it may not be opened. Give it to the user that runs Turnpike.'],
  [
    'SQLITE_CANTOPEN',
    'store_io',
    'it cannot be opened. Check who owns the data directory, and whether its disk may be written.',
  ],
  ['SQLITE_BUSY', 'store_busy', 'another program holds it. Close that program; the next change tries again.'],
  ['SQLITE_CORRUPT', 'store_corrupt', 'it is damaged. Stop Turnpike and restore a backup ("turnpike restore").'],
  ['SQLITE_NOTADB', 'store_corrupt', 'it is no database. Restore a backup ("turnpike restore").'],
  ['SQLITE_IOERR', 'store_io', 'the disk reports an error. Check the disk and the space left on it.'],
];

/**
 * A failure of SQLite as a `StoreError` that names the file and the remedy; every other error as it is. A constraint that a caller
 * can break is checked before, so a broken one is a bug.
 */
export function storeError(error: unknown, path: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const known = reasons.find(([prefix]) => error.code.startsWith(prefix));
  if (known === undefined) return error;
  const [, code, remedy] = known;
  return new StoreError(code, `database ${path}: ${remedy} (${error.code})`, { cause: error });
}
