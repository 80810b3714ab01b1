import type { Row, StoreConnection } from './connection.ts';
import type { TurnUserFields, TurnUserKeys, TurnUserRecord } from './records.ts';
import { nullableNumber } from './row-values.ts';
import { sealed } from './sealed-value.ts';

const md5KeyBytes = 16;

/** Users with a fixed password, of which the long-term keys are kept, sealed: whoever has a key needs no password. */
export class TurnUsers {
  readonly #store: StoreConnection;

  constructor(store: StoreConnection) {
    this.#store = store;
  }

  /** At most `limit` users whose names follow `after`, by name; '' begins at the first. */
  list(limit: number, after: string): readonly TurnUserRecord[] {
    return this.#store.all('SELECT * FROM turn_users WHERE name > ? ORDER BY name LIMIT ?', after, limit).map(userOf);
  }

  /** How many there are. */
  count(): number {
    return Number(this.#store.get('SELECT count(*) AS count FROM turn_users')?.count);
  }

  /** One user; null when there is none. */
  get(name: string): TurnUserRecord | null {
    const row = this.#store.get('SELECT * FROM turn_users WHERE name = ?', name);
    return row === undefined ? null : userOf(row);
  }

  /** The realms that keys are bound to. */
  realms(): readonly string[] {
    return this.#store.all('SELECT DISTINCT realm FROM turn_users').map((row) => String(row.realm));
  }

  /** The keys of a user, who must be there. */
  keys(name: string): TurnUserKeys {
    const row = this.#store.get('SELECT sealed_keys FROM turn_users WHERE name = ?', name);
    return this.#open(name, row?.sealed_keys);
  }

  /** As `list`, with the keys. */
  listWithKeys(
    limit: number,
    after: string,
  ): readonly { readonly user: TurnUserRecord; readonly keys: TurnUserKeys }[] {
    return this.#store.all('SELECT * FROM turn_users WHERE name > ? ORDER BY name LIMIT ?', after, limit).map((row) => {
      const user = userOf(row);
      return { user, keys: this.#open(user.name, row.sealed_keys) };
    });
  }

  /** Adds a user. One of this name must not be there. */
  create(name: string, realm: string, keys: TurnUserKeys, fields: TurnUserFields): void {
    this.#store.transaction(() => {
      const nowMs = this.#store.nowMs();
      this.#store.run(
        `INSERT INTO turn_users (name, realm, sealed_keys, expires_at_ms, allocations, bits_per_second, bytes_per_month,
           created_at_ms, updated_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        name,
        realm,
        this.#seal(name, keys),
        ...valuesOf(fields),
        nowMs,
        nowMs,
      );
      this.#store.note({ kind: 'turn-user', name });
    });
  }

  /** Changes a user; false when it is not there, or of another version than was seen. */
  update(name: string, version: number, fields: TurnUserFields): boolean {
    return this.#store.transaction(() => {
      const changed = this.#store.run(
        `UPDATE turn_users SET expires_at_ms = ?, allocations = ?, bits_per_second = ?, bytes_per_month = ?, updated_at_ms = ?,
           version = version + 1
         WHERE name = ? AND version = ?`,
        ...valuesOf(fields),
        this.#store.nowMs(),
        name,
        version,
      );
      if (changed === 0) return false;
      this.#store.note({ kind: 'turn-user', name });
      return true;
    });
  }

  /** Gives a user other keys, made with a password and a realm. The user must be there. */
  setKeys(name: string, realm: string, keys: TurnUserKeys): void {
    this.#store.transaction(() => {
      this.#store.run(
        'UPDATE turn_users SET realm = ?, sealed_keys = ?, updated_at_ms = ?, version = version + 1 WHERE name = ?',
        realm,
        this.#seal(name, keys),
        this.#store.nowMs(),
        name,
      );
      this.#store.note({ kind: 'turn-user', name });
    });
  }

  /** Deletes a user; false when there is none. */
  delete(name: string): boolean {
    return this.#store.transaction(() => {
      if (this.#store.run('DELETE FROM turn_users WHERE name = ?', name) === 0) return false;
      this.#store.note({ kind: 'turn-user', name });
      return true;
    });
  }

  #seal(name: string, { md5Key, sha256Key }: TurnUserKeys): Uint8Array {
    return this.#store.sealing.seal(Buffer.concat([md5Key, sha256Key]), ['turn_users', 'keys', name]);
  }

  #open(name: string, value: Row[string] | undefined): TurnUserKeys {
    const keys = sealed(this.#store, value, ['turn_users', 'keys', name]);
    return { md5Key: keys.subarray(0, md5KeyBytes), sha256Key: keys.subarray(md5KeyBytes) };
  }
}

function valuesOf(fields: TurnUserFields): (number | null)[] {
  return [fields.expiresAtMs, fields.allocations, fields.bitsPerSecond, fields.bytesPerMonth];
}

function userOf(row: Row): TurnUserRecord {
  return {
    name: String(row.name),
    realm: String(row.realm),
    expiresAtMs: nullableNumber(row.expires_at_ms),
    allocations: nullableNumber(row.allocations),
    bitsPerSecond: nullableNumber(row.bits_per_second),
    bytesPerMonth: nullableNumber(row.bytes_per_month),
    createdAtMs: Number(row.created_at_ms),
    updatedAtMs: Number(row.updated_at_ms),
    version: Number(row.version),
  };
}
