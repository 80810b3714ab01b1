import type { Row, StoreConnection } from './connection.ts';
import type { AdminTokenRecord, TokenScope } from './records.ts';
import { nullableNumber, nullableText } from './row-values.ts';

/** The tokens of programs that use the admin API, of which only hashes are kept. */
export class AdminTokens {
  readonly #store: StoreConnection;

  constructor(store: StoreConnection) {
    this.#store = store;
  }

  /** Every token, the newest first. */
  list(): readonly AdminTokenRecord[] {
    return this.#store.all('SELECT * FROM admin_tokens ORDER BY created_at_ms DESC, id').map(tokenOf);
  }

  /** One token; null when there is none. */
  get(id: string): AdminTokenRecord | null {
    const row = this.#store.get('SELECT * FROM admin_tokens WHERE id = ?', id);
    return row === undefined ? null : tokenOf(row);
  }

  /** The token whose text has this SHA-256; null when there is none. */
  findByHash(hash: Uint8Array): AdminTokenRecord | null {
    const row = this.#store.get('SELECT * FROM admin_tokens WHERE token_hash = ?', hash);
    return row === undefined ? null : tokenOf(row);
  }

  /** Adds a token. */
  create(token: Omit<AdminTokenRecord, 'createdAtMs' | 'lastUsedAtMs'>, hash: Uint8Array): void {
    this.#store.transaction(() => {
      this.#store.run(
        `INSERT INTO admin_tokens (id, account_id, name, token_hash, scope, expires_at_ms, created_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
        token.id,
        token.accountId,
        token.name,
        hash,
        token.scope,
        token.expiresAtMs,
        this.#store.nowMs(),
      );
      this.#store.note({ kind: 'admin-token', id: token.id });
    });
  }

  /** When a token was last used. */
  noteUsed(id: string, atMs: number): void {
    this.#store.run('UPDATE admin_tokens SET last_used_at_ms = ? WHERE id = ?', atMs, id);
  }

  /** Good for nothing any more; false when there is none. */
  delete(id: string): boolean {
    return this.#store.transaction(() => {
      if (this.#store.run('DELETE FROM admin_tokens WHERE id = ?', id) === 0) return false;
      this.#store.note({ kind: 'admin-token', id });
      return true;
    });
  }
}

function tokenOf(row: Row): AdminTokenRecord {
  return {
    id: String(row.id),
    accountId: nullableText(row.account_id),
    name: String(row.name),
    scope: String(row.scope) as TokenScope,
    expiresAtMs: Number(row.expires_at_ms),
    createdAtMs: Number(row.created_at_ms),
    lastUsedAtMs: nullableNumber(row.last_used_at_ms),
  };
}
