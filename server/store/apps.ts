import { defaultAppId } from '../contract/default-app.ts';
import { randomBytes } from 'node:crypto';
import type { Row, StoreConnection } from './connection.ts';
import type { AppFields, AppRecord } from './records.ts';
import { listOf, nullableNumber } from './row-values.ts';
import { sealed } from './sealed-value.ts';

const signingKeyBytes = 32;

/** The client applications. */
export class Apps {
  readonly #store: StoreConnection;

  constructor(store: StoreConnection) {
    this.#store = store;
  }

  /** Every app, by its id. */
  list(): readonly AppRecord[] {
    return this.#store.all('SELECT * FROM apps ORDER BY id').map(appOf);
  }

  /** One app; null when there is none. */
  get(id: string): AppRecord | null {
    const row = this.#store.get('SELECT * FROM apps WHERE id = ?', id);
    return row === undefined ? null : appOf(row);
  }

  /** Makes an app with a signing key of its own. One with this id must not be there. */
  create(id: string, fields: AppFields): AppRecord {
    return this.#store.transaction(() => {
      const nowMs = this.#store.nowMs();
      const signingKey = this.#store.sealing.seal(randomBytes(signingKeyBytes), ['apps', 'signing_key', id]);
      this.#store.run(
        `INSERT INTO apps (id, name, is_enabled, default_ttl_s, longest_ttl_s, longest_session_s, allocations_per_subject,
           bits_per_second_per_subject, bytes_per_month, peers_allow, peers_deny, rotate_every_days, sealed_signing_key,
           created_at_ms, updated_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        id,
        ...valuesOf(fields),
        signingKey,
        nowMs,
        nowMs,
      );
      this.#store.note({ kind: 'app', id });
      return this.#expect(id);
    });
  }

  /** Changes an app; null when it is not there, or of another version than was seen. */
  update(id: string, version: number, fields: AppFields): AppRecord | null {
    return this.#store.transaction(() => {
      const changed = this.#store.run(
        `UPDATE apps SET name = ?, is_enabled = ?, default_ttl_s = ?, longest_ttl_s = ?, longest_session_s = ?,
           allocations_per_subject = ?, bits_per_second_per_subject = ?, bytes_per_month = ?, peers_allow = ?, peers_deny = ?,
           rotate_every_days = ?, updated_at_ms = ?, version = version + 1
         WHERE id = ? AND version = ?`,
        ...valuesOf(fields),
        this.#store.nowMs(),
        id,
        version,
      );
      if (changed === 0) return null;
      this.#store.note({ kind: 'app', id });
      return this.#expect(id);
    });
  }

  /** Deletes an app with its secrets and API keys; false when it is not there, or the default one. */
  delete(id: string): boolean {
    return this.#store.transaction(() => {
      if (id === defaultAppId || this.#store.run('DELETE FROM apps WHERE id = ?', id) === 0) return false;
      this.#store.note({ kind: 'app', id });
      return true;
    });
  }

  /** The key that room tokens are signed with, 32 bytes. The app must be there. */
  signingKey(id: string): Uint8Array {
    const row = this.#store.get('SELECT sealed_signing_key FROM apps WHERE id = ?', id);
    return sealed(this.#store, row?.sealed_signing_key, ['apps', 'signing_key', id]);
  }

  #expect(id: string): AppRecord {
    const app = this.get(id);
    if (app === null) throw new Error(`app ${id} was written and is not there`);
    return app;
  }
}

function valuesOf(fields: AppFields): (string | number | null)[] {
  return [
    fields.name,
    fields.isEnabled ? 1 : 0,
    fields.defaultTtlS,
    fields.longestTtlS,
    fields.longestSessionS,
    fields.allocationsPerSubject,
    fields.bitsPerSecondPerSubject,
    fields.bytesPerMonth,
    JSON.stringify(fields.peersAllow),
    JSON.stringify(fields.peersDeny),
    fields.rotateEveryDays,
  ];
}

function appOf(row: Row): AppRecord {
  return {
    id: String(row.id),
    name: String(row.name),
    isEnabled: row.is_enabled === 1,
    defaultTtlS: Number(row.default_ttl_s),
    longestTtlS: Number(row.longest_ttl_s),
    longestSessionS: nullableNumber(row.longest_session_s),
    allocationsPerSubject: nullableNumber(row.allocations_per_subject),
    bitsPerSecondPerSubject: nullableNumber(row.bits_per_second_per_subject),
    bytesPerMonth: nullableNumber(row.bytes_per_month),
    peersAllow: listOf(row.peers_allow),
    peersDeny: listOf(row.peers_deny),
    rotateEveryDays: nullableNumber(row.rotate_every_days),
    createdAtMs: Number(row.created_at_ms),
    updatedAtMs: Number(row.updated_at_ms),
    version: Number(row.version),
  };
}
