import type { Row, StoreConnection } from './connection.ts';
import type { ApiKeyRecord } from './records.ts';
import { nullableNumber } from './row-values.ts';

/** A key as it is made. */
export interface NewApiKey {
  readonly id: string;
  readonly appId: string;
  readonly name: string;
  /** SHA-256 of the key's text. */
  readonly hash: Uint8Array;
  readonly requestsPerSecond: number;
  readonly expiresAtMs: number | null;
}

/** The keys with which the back ends of apps ask for credentials. */
export class ApiKeys {
  readonly #store: StoreConnection;

  constructor(store: StoreConnection) {
    this.#store = store;
  }

  /** An app's keys, the newest first; revoked ones too. */
  list(appId: string): readonly ApiKeyRecord[] {
    return this.#store.all('SELECT * FROM api_keys WHERE app_id = ? ORDER BY created_at_ms DESC, id', appId).map(keyOf);
  }

  /** One key; null when there is none. */
  get(id: string): ApiKeyRecord | null {
    const row = this.#store.get('SELECT * FROM api_keys WHERE id = ?', id);
    return row === undefined ? null : keyOf(row);
  }

  /** The key whose text has this SHA-256; null when there is none. */
  findByHash(hash: Uint8Array): ApiKeyRecord | null {
    const row = this.#store.get('SELECT * FROM api_keys WHERE key_hash = ?', hash);
    return row === undefined ? null : keyOf(row);
  }

  /** Adds a key. */
  create({ id, appId, name, hash, requestsPerSecond, expiresAtMs }: NewApiKey): void {
    this.#store.transaction(() => {
      this.#store.run(
        `INSERT INTO api_keys (id, app_id, name, key_hash, requests_per_second, expires_at_ms, created_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        id,
        appId,
        name,
        hash,
        requestsPerSecond,
        expiresAtMs,
        this.#store.nowMs(),
      );
      this.#store.note({ kind: 'app', id: appId });
    });
  }

  /** Good for nothing any more; false when it is not a live key of the app. */
  revoke(appId: string, id: string): boolean {
    return this.#store.transaction(() => {
      const sql = 'UPDATE api_keys SET revoked_at_ms = ? WHERE app_id = ? AND id = ? AND revoked_at_ms IS NULL';
      if (this.#store.run(sql, this.#store.nowMs(), appId, id) === 0) return false;
      this.#store.note({ kind: 'app', id: appId });
      return true;
    });
  }

  /** When a key was last used. */
  noteUsed(id: string, atMs: number): void {
    this.#store.run('UPDATE api_keys SET last_used_at_ms = ? WHERE id = ?', atMs, id);
  }
}

function keyOf(row: Row): ApiKeyRecord {
  return {
    id: String(row.id),
    appId: String(row.app_id),
    name: String(row.name),
    requestsPerSecond: Number(row.requests_per_second),
    expiresAtMs: nullableNumber(row.expires_at_ms),
    createdAtMs: Number(row.created_at_ms),
    revokedAtMs: nullableNumber(row.revoked_at_ms),
    lastUsedAtMs: nullableNumber(row.last_used_at_ms),
  };
}
