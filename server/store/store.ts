import { createHmac } from 'node:crypto';
import type Database from 'better-sqlite3';
import { Accounts } from './accounts.ts';
import { AdminTokens } from './admin-tokens.ts';
import { Apps } from './apps.ts';
import { ApiKeys } from './api-keys.ts';
import { AuditLog } from './audit-log.ts';
import { Bans } from './bans.ts';
import { StoreConnection, type StoreHealth } from './connection.ts';
import { copyDatabase } from './database-copy.ts';
import { openDatabase } from './database.ts';
import { KeptBlobs } from './kept-blobs.ts';
import type { Actor, AuditEntry, StoreNotice } from './records.ts';
import { Sealing } from './sealing.ts';
import { Secrets } from './secrets.ts';
import { Settings } from './settings.ts';
import { SignIns } from './sign-ins.ts';
import { StoreError } from './store-error.ts';
import { TurnUsers } from './turn-users.ts';
import { Usage } from './usage.ts';

/** What a store is opened with. */
export interface StoreOptions {
  /** The database's file, or `:memory:`. */
  readonly path: string;
  /** 32 bytes. */
  readonly masterKey: Uint8Array;
  readonly nowMs: () => number;
}

/**
 * All that the appliance keeps (docs/adr/0010): one SQLite database, one repository for each resource. Synchronous. What changes is
 * told after it is committed.
 */
export class Store {
  readonly apps: Apps;
  readonly secrets: Secrets;
  readonly apiKeys: ApiKeys;
  readonly turnUsers: TurnUsers;
  readonly bans: Bans;
  readonly settings: Settings;
  readonly audit: AuditLog;
  readonly keptBlobs: KeptBlobs;
  readonly accounts: Accounts;
  readonly signIns: SignIns;
  readonly adminTokens: AdminTokens;
  readonly usage: Usage;
  readonly path: string;
  readonly #database: Database.Database;
  readonly #connection: StoreConnection;

  /** Internal: `openStore` is the way to one. */
  constructor(database: Database.Database, connection: StoreConnection, path: string) {
    this.path = path;
    this.#database = database;
    this.#connection = connection;
    this.apps = new Apps(connection);
    this.secrets = new Secrets(connection);
    this.apiKeys = new ApiKeys(connection);
    this.turnUsers = new TurnUsers(connection);
    this.bans = new Bans(connection);
    this.settings = new Settings(connection);
    this.audit = new AuditLog(connection);
    this.keptBlobs = new KeptBlobs(connection);
    this.accounts = new Accounts(connection);
    this.signIns = new SignIns(connection);
    this.adminTokens = new AdminTokens(connection);
    this.usage = new Usage(connection);
  }

  /**
   * A change by somebody, with its lines in the audit log: all of it or nothing, durable when this returns.
   * @throws StoreError; and whatever `change` throws, which undoes it
   */
  mutate<Result>(actor: Actor, change: (record: (entry: AuditEntry) => void) => Result): Result {
    return this.#connection.transaction(() => change((entry) => this.audit.record(actor, entry)));
  }

  /** Counters and times that nobody is to answer for, in one transaction. @throws StoreError */
  batch(change: () => void): void {
    this.#connection.transaction(change);
  }

  /** Transactions that were committed, how long they took in all, and how many could not be written. */
  get written(): { readonly count: number; readonly ms: number; readonly failures: number } {
    return this.#connection.written;
  }

  /** The size of the database, in bytes. */
  get sizeBytes(): number {
    const pages = this.#connection.get(
      'SELECT page_count * page_size AS size FROM pragma_page_count, pragma_page_size',
    );
    return Number(pages?.size);
  }

  /** How the last write went. */
  get health(): StoreHealth {
    return this.#connection.health;
  }

  /** Tries whether the database can be written while nobody has anything to write; `health` is of this write then. */
  probe(): void {
    try {
      this.#connection.transaction(() =>
        this.#connection.run(
          `INSERT INTO meta (key, value) VALUES ('probed_at_ms', ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
          this.#connection.nowMs(),
        ),
      );
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  /** Tells of every committed change; returns how to stop it. */
  onChange(listener: (notice: StoreNotice) => void): () => void {
    return this.#connection.onChange(listener);
  }

  /** Tells when writes begin to fail, and when they work again; returns how to stop it. */
  onHealth(listener: (health: StoreHealth) => void): () => void {
    return this.#connection.onHealth(listener);
  }

  /**
   * Copies the database as it is now into a file that is not there yet, mode 0600.
   * @throws StoreError
   */
  backup(path: string): void {
    copyDatabase(this.#database, path);
  }

  /** What SQLite finds wrong with the file; nothing when it is sound. */
  integrityProblems(): readonly string[] {
    const rows = this.#connection.all('PRAGMA integrity_check').map((row) => String(row.integrity_check));
    return rows.length === 1 && rows[0] === 'ok' ? [] : rows;
  }

  /** Closes the database; its write-ahead log is worked off. Repeatable. */
  close(): void {
    this.#database.close();
  }
}

/**
 * Opens the store, which is made when it is missing.
 * @throws StoreError, `master_key_wrong` among them
 */
export function openStore({ path, masterKey, nowMs }: StoreOptions): Store {
  const database = openDatabase(path);
  try {
    const connection = new StoreConnection(database, path, new Sealing(masterKey), nowMs);
    checkMasterKey(connection, masterKey, path);
    return new Store(database, connection, path);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** By what a database knows the key that its values are sealed with; the key cannot be told from it. */
export function masterKeyMark(masterKey: Uint8Array): string {
  return createHmac('sha256', masterKey).update('turnpike master key\0').digest('hex');
}

/** The database knows by which key its values are sealed, without knowing the key. */
function checkMasterKey(connection: StoreConnection, masterKey: Uint8Array, path: string): void {
  const check = masterKeyMark(masterKey);
  const known = connection.get("SELECT value FROM meta WHERE key = 'master_key_check'")?.value;
  if (known === check) return;
  if (known !== undefined) {
    throw new StoreError(
      'master_key_wrong',
      `database ${path}: its values are sealed with another master key. Put back the file master-key that belongs to it, or give ` +
        'that key as masterKey. Without it, move the database away to begin anew.',
    );
  }
  connection.transaction(() => connection.run("INSERT INTO meta (key, value) VALUES ('master_key_check', ?)", check));
}
