import type { Row, StoreConnection } from './connection.ts';
import type { SecretRecord, SecretState } from './records.ts';
import { nullableNumber } from './row-values.ts';
import { sealed } from './sealed-value.ts';

/** The secrets of apps, from which time-limited credentials are derived. */
export class Secrets {
  readonly #store: StoreConnection;

  constructor(store: StoreConnection) {
    this.#store = store;
  }

  /** An app's secrets, the newest first; revoked ones too. */
  list(appId: string): readonly SecretRecord[] {
    return this.#store
      .all('SELECT * FROM secrets WHERE app_id = ? ORDER BY created_at_ms DESC, id', appId)
      .map(secretOf);
  }

  /** One secret; null when there is none. */
  get(appId: string, id: string): SecretRecord | null {
    const row = this.#store.get('SELECT * FROM secrets WHERE app_id = ? AND id = ?', appId, id);
    return row === undefined ? null : secretOf(row);
  }

  /** The bytes of a secret, which must be there. */
  value(appId: string, id: string): Uint8Array {
    const row = this.#store.get('SELECT sealed_value FROM secrets WHERE app_id = ? AND id = ?', appId, id);
    return sealed(this.#store, row?.sealed_value, ['secrets', 'value', `${appId}/${id}`]);
  }

  /** Adds an active secret. The app has none with this value yet: its id follows from it. */
  create(appId: string, id: string, value: Uint8Array): void {
    this.#store.transaction(() => {
      this.#store.run(
        `INSERT INTO secrets (app_id, id, sealed_value, state, created_at_ms) VALUES (?, ?, ?, 'active', ?)`,
        appId,
        id,
        this.#store.sealing.seal(value, ['secrets', 'value', `${appId}/${id}`]),
        this.#store.nowMs(),
      );
      this.#store.note({ kind: 'app', id: appId });
    });
  }

  /** No longer issued with; accepted from new sessions until then. */
  retire(appId: string, id: string, acceptedUntilMs: number): void {
    this.#store.transaction(() => {
      this.#store.run(
        `UPDATE secrets SET state = 'retiring', accepted_until_ms = ?, retired_at_ms = coalesce(retired_at_ms, ?)
         WHERE app_id = ? AND id = ? AND state <> 'revoked'`,
        acceptedUntilMs,
        this.#store.nowMs(),
        appId,
        id,
      );
      this.#store.note({ kind: 'app', id: appId });
    });
  }

  /** Its sessions end; its value is forgotten. */
  revoke(appId: string, id: string): void {
    this.#store.transaction(() => {
      this.#store.run(
        `UPDATE secrets SET state = 'revoked', revoked_at_ms = ?, sealed_value = x''
         WHERE app_id = ? AND id = ? AND state <> 'revoked'`,
        this.#store.nowMs(),
        appId,
        id,
      );
      this.#store.note({ kind: 'app', id: appId });
    });
  }

  /** When credentials of a secret were last used to begin a session. Changes nothing that anybody is told of. */
  noteUsed(appId: string, id: string, atMs: number): void {
    this.#store.run('UPDATE secrets SET last_used_at_ms = ? WHERE app_id = ? AND id = ?', atMs, appId, id);
  }
}

function secretOf(row: Row): SecretRecord {
  return {
    appId: String(row.app_id),
    id: String(row.id),
    state: String(row.state) as SecretState,
    acceptedUntilMs: nullableNumber(row.accepted_until_ms),
    createdAtMs: Number(row.created_at_ms),
    retiredAtMs: nullableNumber(row.retired_at_ms),
    revokedAtMs: nullableNumber(row.revoked_at_ms),
    lastUsedAtMs: nullableNumber(row.last_used_at_ms),
  };
}
