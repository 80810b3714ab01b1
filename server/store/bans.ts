import type { Row, StoreConnection } from './connection.ts';
import type { BanRecord, BanTarget } from './records.ts';
import { nullableNumber } from './row-values.ts';

/** Who is shut out. */
export class Bans {
  readonly #store: StoreConnection;

  constructor(store: StoreConnection) {
    this.#store = store;
  }

  /** Every ban, the newest first; those that have run out too, until `sweep`. */
  list(): readonly BanRecord[] {
    return this.#store.all('SELECT * FROM bans ORDER BY created_at_ms DESC, id').map(banOf);
  }

  /** One ban; null when there is none. */
  get(id: string): BanRecord | null {
    const row = this.#store.get('SELECT * FROM bans WHERE id = ?', id);
    return row === undefined ? null : banOf(row);
  }

  /** Adds a ban. */
  create(ban: Omit<BanRecord, 'createdAtMs'>): BanRecord {
    return this.#store.transaction(() => {
      const createdAtMs = this.#store.nowMs();
      this.#store.run(
        `INSERT INTO bans (id, kind, address_range, app_id, name, reason, expires_at_ms, created_at_ms, created_by)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ban.id,
        ...targetValues(ban.target),
        ban.reason,
        ban.expiresAtMs,
        createdAtMs,
        ban.createdBy,
      );
      this.#store.note({ kind: 'ban', id: ban.id });
      return { ...ban, createdAtMs };
    });
  }

  /** Lifts a ban; false when there is none. */
  delete(id: string): boolean {
    return this.#store.transaction(() => {
      if (this.#store.run('DELETE FROM bans WHERE id = ?', id) === 0) return false;
      this.#store.note({ kind: 'ban', id });
      return true;
    });
  }

  /** Forgets the bans that have run out. Returns how many. */
  sweep(): number {
    return this.#store.transaction(() => {
      const nowMs = this.#store.nowMs();
      const over = this.#store.all('SELECT id FROM bans WHERE expires_at_ms <= ?', nowMs);
      for (const row of over) this.delete(String(row.id));
      return over.length;
    });
  }
}

function targetValues(target: BanTarget): (string | null)[] {
  switch (target.kind) {
    case 'address':
      return [target.kind, target.range, null, null];
    case 'subject':
      return [target.kind, null, target.app, target.subject];
    case 'user':
      return [target.kind, null, null, target.name];
  }
}

function targetOf(row: Row): BanTarget {
  const kind = String(row.kind) as BanTarget['kind'];
  switch (kind) {
    case 'address':
      return { kind, range: String(row.address_range) };
    case 'subject':
      return { kind, app: String(row.app_id), subject: String(row.name) };
    case 'user':
      return { kind, name: String(row.name) };
  }
}

function banOf(row: Row): BanRecord {
  return {
    id: String(row.id),
    target: targetOf(row),
    reason: String(row.reason),
    expiresAtMs: nullableNumber(row.expires_at_ms),
    createdAtMs: Number(row.created_at_ms),
    createdBy: String(row.created_by),
  };
}
