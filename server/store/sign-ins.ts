import type { Row, StoreConnection } from './connection.ts';
import type { SignInRecord } from './records.ts';

/** A row of the back-off of sign-ins. */
export interface SignInFailures {
  readonly address: string;
  readonly username: string;
  readonly failures: number;
  readonly lastFailureAtMs: number;
}

/** Browsers that are signed in, of which a hash of the cookie is kept, and who has failed to sign in lately. */
export class SignIns {
  readonly #store: StoreConnection;

  constructor(store: StoreConnection) {
    this.#store = store;
  }

  /** An account's, the newest first. */
  list(accountId: string): readonly SignInRecord[] {
    return this.#store
      .all('SELECT * FROM sign_ins WHERE account_id = ? ORDER BY created_at_ms DESC, id', accountId)
      .map(signInOf);
  }

  /** The one whose cookie has this SHA-256; null when there is none. */
  findByHash(hash: Uint8Array): SignInRecord | null {
    const row = this.#store.get('SELECT * FROM sign_ins WHERE cookie_hash = ?', hash);
    return row === undefined ? null : signInOf(row);
  }

  /** Adds one, and forgets those that are over. */
  create(signIn: SignInRecord, cookieHash: Uint8Array): void {
    this.#store.transaction(() => {
      this.#store.run('DELETE FROM sign_ins WHERE expires_at_ms <= ?', this.#store.nowMs());
      this.#store.run(
        `INSERT INTO sign_ins (id, account_id, cookie_hash, address, user_agent, created_at_ms, last_seen_at_ms, expires_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        signIn.id,
        signIn.accountId,
        cookieHash,
        signIn.address,
        signIn.userAgent,
        signIn.createdAtMs,
        signIn.lastSeenAtMs,
        signIn.expiresAtMs,
      );
      this.#store.note({ kind: 'account', id: signIn.accountId });
    });
  }

  /** When it was last used. */
  noteSeen(id: string, atMs: number): void {
    this.#store.run('UPDATE sign_ins SET last_seen_at_ms = ? WHERE id = ?', atMs, id);
  }

  /** Ends one of an account; false when there is none. */
  delete(accountId: string, id: string): boolean {
    return this.#store.transaction(() => {
      if (this.#store.run('DELETE FROM sign_ins WHERE account_id = ? AND id = ?', accountId, id) === 0) return false;
      this.#store.note({ kind: 'account', id: accountId });
      return true;
    });
  }

  /** Ends all of an account but one; null: all. Returns how many. */
  deleteAllBut(accountId: string, keptId: string | null): number {
    return this.#store.transaction(() => {
      const count = this.#store.run('DELETE FROM sign_ins WHERE account_id = ? AND id IS NOT ?', accountId, keptId);
      if (count > 0) this.#store.note({ kind: 'account', id: accountId });
      return count;
    });
  }

  /** Who has failed to sign in. */
  failures(): readonly SignInFailures[] {
    return this.#store.all('SELECT * FROM sign_in_failures').map((row) => ({
      address: String(row.address),
      username: String(row.username),
      failures: Number(row.failures),
      lastFailureAtMs: Number(row.last_failure_at_ms),
    }));
  }

  /** Keeps these failures in place of those before. */
  keepFailures(failures: readonly SignInFailures[]): void {
    this.#store.transaction(() => {
      this.#store.run('DELETE FROM sign_in_failures');
      for (const { address, username, failures: count, lastFailureAtMs } of failures) {
        this.#store.run(
          'INSERT OR REPLACE INTO sign_in_failures (address, username, failures, last_failure_at_ms) VALUES (?, ?, ?, ?)',
          address,
          username,
          count,
          lastFailureAtMs,
        );
      }
    });
  }
}

function signInOf(row: Row): SignInRecord {
  return {
    id: String(row.id),
    accountId: String(row.account_id),
    address: String(row.address),
    userAgent: String(row.user_agent),
    createdAtMs: Number(row.created_at_ms),
    lastSeenAtMs: Number(row.last_seen_at_ms),
    expiresAtMs: Number(row.expires_at_ms),
  };
}
