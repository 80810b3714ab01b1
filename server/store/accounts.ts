import type { Row, StoreConnection } from './connection.ts';
import type { AccountRecord, Role } from './records.ts';
import { nullableNumber } from './row-values.ts';
import { sealed } from './sealed-value.ts';

/** What a sign-in is checked against. */
export interface AccountSecrets {
  /** An argon2id hash as a PHC string. */
  readonly passwordHash: string;
  /** The seed of the time-based codes; null: there are none. */
  readonly totpSeed: Uint8Array | null;
  /** The 30-second step of the last code that was used: no code counts twice. */
  readonly totpLastStep: number;
}

/** The accounts of the console. There is always an owner once there was one. */
export class Accounts {
  readonly #store: StoreConnection;

  constructor(store: StoreConnection) {
    this.#store = store;
  }

  /** Every account, by its name. */
  list(): readonly AccountRecord[] {
    return this.#store.all('SELECT * FROM accounts ORDER BY username').map(accountOf);
  }

  /** One account; null when there is none. */
  get(id: string): AccountRecord | null {
    const row = this.#store.get('SELECT * FROM accounts WHERE id = ?', id);
    return row === undefined ? null : accountOf(row);
  }

  /** The account of this name, whatever its capitals; null when there is none. */
  findByName(username: string): AccountRecord | null {
    const row = this.#store.get('SELECT * FROM accounts WHERE username = ?', username);
    return row === undefined ? null : accountOf(row);
  }

  /** How many owners there are. */
  ownerCount(): number {
    return Number(this.#store.get("SELECT count(*) AS count FROM accounts WHERE role = 'owner'")?.count);
  }

  /** What a sign-in to this account, which must be there, is checked against. */
  secrets(id: string): AccountSecrets {
    const row = this.#store.get('SELECT password_hash, sealed_totp, totp_last_step FROM accounts WHERE id = ?', id);
    if (row === undefined) throw new Error(`there is no account ${id}`);
    const seed = row.sealed_totp ?? null;
    return {
      passwordHash: String(row.password_hash),
      totpSeed: seed === null ? null : sealed(this.#store, seed, ['accounts', 'totp', id]),
      totpLastStep: Number(row.totp_last_step),
    };
  }

  /** Adds an account. One of this name must not be there. */
  create(account: {
    readonly id: string;
    readonly username: string;
    readonly role: Role;
    readonly passwordHash: string;
  }): void {
    this.#store.transaction(() => {
      this.#store.run(
        'INSERT INTO accounts (id, username, role, password_hash, created_at_ms) VALUES (?, ?, ?, ?, ?)',
        account.id,
        account.username,
        account.role,
        account.passwordHash,
        this.#store.nowMs(),
      );
      this.#store.note({ kind: 'account', id: account.id });
    });
  }

  /** Changes what an account may do; false for the last owner, who stays one, and when there is none. */
  setRole(id: string, role: Role): boolean {
    return this.#store.transaction(() => {
      if (role !== 'owner' && this.#isLastOwner(id)) return false;
      return this.#change(id, 'role = ?', role);
    });
  }

  /** Gives an account another password. */
  setPasswordHash(id: string, passwordHash: string): void {
    this.#store.transaction(() => void this.#change(id, 'password_hash = ?', passwordHash));
  }

  /** Asks for time-based codes from now on, or no longer; the recovery codes are the ones given. */
  setTotp(id: string, seed: Uint8Array | null, recoveryCodeHashes: readonly Uint8Array[]): void {
    this.#store.transaction(() => {
      const value = seed === null ? null : this.#store.sealing.seal(seed, ['accounts', 'totp', id]);
      this.#change(id, 'totp_last_step = 0, sealed_totp = ?', value);
      this.#store.run('DELETE FROM recovery_codes WHERE account_id = ?', id);
      for (const hash of recoveryCodeHashes) {
        this.#store.run('INSERT INTO recovery_codes (account_id, code_hash) VALUES (?, ?)', id, hash);
      }
    });
  }

  /** Uses up the code of a 30-second step; false when it, or a later one, has been used. */
  useTotpStep(id: string, step: number): boolean {
    return this.#store.transaction(
      () =>
        this.#store.run('UPDATE accounts SET totp_last_step = ? WHERE id = ? AND totp_last_step < ?', step, id, step) >
        0,
    );
  }

  /** Uses up a recovery code; false when there is no such code. */
  useRecoveryCode(id: string, hash: Uint8Array): boolean {
    return this.#store.transaction(
      () => this.#store.run('DELETE FROM recovery_codes WHERE account_id = ? AND code_hash = ?', id, hash) > 0,
    );
  }

  /** How many recovery codes are left. */
  recoveryCodeCount(id: string): number {
    return Number(this.#store.get('SELECT count(*) AS count FROM recovery_codes WHERE account_id = ?', id)?.count);
  }

  /** Takes note of a sign-in. */
  noteSignIn(id: string): void {
    this.#store.transaction(() => {
      this.#store.run('UPDATE accounts SET last_sign_in_at_ms = ? WHERE id = ?', this.#store.nowMs(), id);
    });
  }

  /** Deletes an account with its sign-ins and tokens; false for the last owner, and when there is none. */
  delete(id: string): boolean {
    return this.#store.transaction(() => {
      if (this.#isLastOwner(id)) return false;
      if (this.#store.run('DELETE FROM accounts WHERE id = ?', id) === 0) return false;
      this.#store.note({ kind: 'account', id });
      return true;
    });
  }

  #isLastOwner(id: string): boolean {
    return this.get(id)?.role === 'owner' && this.ownerCount() === 1;
  }

  #change(
    id: string,
    assignment: 'role = ?' | 'password_hash = ?' | 'totp_last_step = 0, sealed_totp = ?',
    value: string | Uint8Array | null,
  ): boolean {
    const sql = `UPDATE accounts SET ${assignment}, version = version + 1 WHERE id = ?`;
    if (this.#store.run(sql, value, id) === 0) return false;
    this.#store.note({ kind: 'account', id });
    return true;
  }
}

function accountOf(row: Row): AccountRecord {
  return {
    id: String(row.id),
    username: String(row.username),
    role: String(row.role) as Role,
    isTotpOn: row.sealed_totp !== null,
    createdAtMs: Number(row.created_at_ms),
    lastSignInAtMs: nullableNumber(row.last_sign_in_at_ms),
    version: Number(row.version),
  };
}
