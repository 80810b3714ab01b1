import type Database from 'better-sqlite3';
import type { StoreNotice } from './records.ts';
import type { Sealing } from './sealing.ts';
import { StoreError, storeError } from './store-error.ts';

/** Whether the last write was done; if not, why, and since when none was. */
export type StoreHealth =
  { readonly ok: true } | { readonly ok: false; readonly error: StoreError; readonly sinceMs: number };

/** What a statement is given and gives. */
export type Value = string | number | bigint | null | Uint8Array;
/** Values by the names that the statement has for them: `:name`. */
export type NamedValues = Readonly<Record<string, Value>>;
/** A row as SQLite gives it, by column. */
export type Row = Readonly<Record<string, Value>>;

/**
 * The one connection to the database, which the repositories share: statements that are prepared once, transactions, and the
 * notices of what they changed, told after the commit.
 */
export class StoreConnection {
  readonly sealing: Sealing;
  readonly nowMs: () => number;
  readonly #database: Database.Database;
  readonly #path: string;
  readonly #statements = new Map<string, Database.Statement<(Value | NamedValues)[], Row>>();
  readonly #listeners = new Set<(notice: StoreNotice) => void>();
  readonly #healthListeners = new Set<(health: StoreHealth) => void>();
  #notices: StoreNotice[] = [];
  #health: StoreHealth = { ok: true };
  #rowsChanged = 0;
  #writes = 0;
  #writeMs = 0;
  #failures = 0;

  constructor(database: Database.Database, path: string, sealing: Sealing, nowMs: () => number) {
    this.#database = database;
    this.#path = path;
    this.sealing = sealing;
    this.nowMs = nowMs;
  }

  /** Every row. */
  all(sql: string, ...values: (Value | NamedValues)[]): Row[] {
    return this.#read(() => this.#prepared(sql).all(...values));
  }

  /** The first row. */
  get(sql: string, ...values: (Value | NamedValues)[]): Row | undefined {
    return this.#read(() => this.#prepared(sql).get(...values));
  }

  /** Changes rows, within a `transaction` only. Returns how many. */
  run(sql: string, ...values: (Value | NamedValues)[]): number {
    const { changes } = this.#prepared(sql).run(...values);
    this.#rowsChanged += changes;
    return changes;
  }

  /** To be told when the transaction is committed. */
  note(notice: StoreNotice): void {
    this.#notices.push(notice);
  }

  /**
   * All of it or nothing, durable when this returns.
   * @throws StoreError; and whatever `change` throws, which undoes it
   */
  transaction<Result>(change: () => Result): Result {
    if (this.#database.inTransaction) return this.#part(change);
    let result: Result;
    const rowsBefore = this.#rowsChanged;
    const startedMs = performance.now();
    try {
      result = this.#database.transaction(change).immediate();
    } catch (error) {
      this.#notices = [];
      const translated = storeError(error, this.#path);
      if (translated instanceof StoreError) {
        this.#failures += 1;
        this.#setHealth(translated);
      }
      throw translated;
    }
    this.#writes += 1;
    this.#writeMs += performance.now() - startedMs;
    // One that changed nothing needed no disk, and proves nothing of it.
    if (this.#rowsChanged !== rowsBefore) this.#setHealth(null);
    this.#tell();
    return result;
  }

  /** Transactions that were committed, how long they took in all, and how many could not be written. */
  get written(): { readonly count: number; readonly ms: number; readonly failures: number } {
    return { count: this.#writes, ms: this.#writeMs, failures: this.#failures };
  }

  /** How the last write went. */
  get health(): StoreHealth {
    return this.#health;
  }

  /** Tells of every committed change. Returns how to stop it. */
  onChange(listener: (notice: StoreNotice) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells when writes begin to fail, and when they work again. */
  onHealth(listener: (health: StoreHealth) => void): () => void {
    this.#healthListeners.add(listener);
    return () => this.#healthListeners.delete(listener);
  }

  /** Part of a transaction that has begun: undone alone when it throws and the caller goes on. */
  #part<Result>(change: () => Result): Result {
    const noted = this.#notices.length;
    try {
      return this.#database.transaction(change)();
    } catch (error) {
      this.#notices.length = noted;
      throw error;
    }
  }

  #prepared(sql: string): Database.Statement<(Value | NamedValues)[], Row> {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare<(Value | NamedValues)[], Row>(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #read<Result>(query: () => Result): Result {
    try {
      return query();
    } catch (error) {
      throw storeError(error, this.#path);
    }
  }

  #setHealth(error: StoreError | null): void {
    if (error === null && this.#health.ok) return;
    const before = this.#health;
    const isNews = (before.ok ? null : before.error.code) !== (error?.code ?? null);
    const sinceMs = before.ok ? this.nowMs() : before.sinceMs;
    this.#health = error === null ? { ok: true } : { ok: false, error, sinceMs };
    if (isNews) tellAll(this.#healthListeners, this.#health);
  }

  #tell(): void {
    const notices = this.#notices;
    this.#notices = [];
    for (const notice of notices) tellAll(this.#listeners, notice);
  }
}

/** A listener that throws is a bug of its owner, but no reason to deny what is committed. */
function tellAll<News>(listeners: ReadonlySet<(news: News) => void>, news: News): void {
  for (const listener of listeners) {
    try {
      listener(news);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
