import type { Row, StoreConnection } from './connection.ts';
import type { Actor, AuditEntry, AuditRecord } from './records.ts';
import { nullableText } from './row-values.ts';

/** Which lines of the log are asked for. What is null does not matter. */
export interface AuditQuery {
  readonly fromMs: number | null;
  readonly toMs: number | null;
  /** The name of an account or token, `local` or `system`. */
  readonly actor: string | null;
  /** An action, or what those of one kind begin with: `secret`. */
  readonly action: string | null;
  /** A target and all below it: `app/chat`. */
  readonly target: string | null;
  /** Lines before this one. */
  readonly beforeId: number | null;
  readonly limit: number;
}

/** What was changed, by whom, from where. Lines are added, and go when they are too old; nothing else happens to them. */
export class AuditLog {
  readonly #store: StoreConnection;

  constructor(store: StoreConnection) {
    this.#store = store;
  }

  /** Adds a line, within the transaction of the change. */
  record(actor: Actor, { action, target, before, after }: AuditEntry): void {
    const { id, name, address } = { id: actor.kind, name: actor.kind, address: null, ...actor };
    this.#store.run(
      `INSERT INTO audit (at_ms, actor_kind, actor_id, actor_name, address, action, target, before, after)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      this.#store.nowMs(),
      actor.kind,
      id,
      name,
      address,
      action,
      target,
      JSON.stringify(before ?? null),
      JSON.stringify(after ?? null),
    );
  }

  /** Lines, the newest first. */
  list(query: AuditQuery): readonly AuditRecord[] {
    return this.#store
      .all(
        `SELECT * FROM audit
         WHERE (:fromMs IS NULL OR at_ms >= :fromMs) AND (:toMs IS NULL OR at_ms < :toMs) AND (:actor IS NULL OR actor_name = :actor)
           AND (:action IS NULL OR action = :action OR substr(action, 1, length(rtrim(:action, '.')) + 1) = rtrim(:action, '.') || '.')
           AND (:target IS NULL OR target = :target OR substr(target, 1, length(:target) + 1) = :target || '/')
           AND (:beforeId IS NULL OR id < :beforeId)
         ORDER BY id DESC LIMIT :limit`,
        { ...query },
      )
      .map(recordOf);
  }

  /** Forgets the lines of before a time. Returns how many. */
  forgetBefore(atMs: number): number {
    return this.#store.transaction(() => {
      // The trigger lets go what is older, and nothing else.
      this.#store.run(
        `INSERT INTO meta (key, value) VALUES ('audit_kept_from_ms', ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
        atMs,
      );
      return this.#store.run('DELETE FROM audit WHERE at_ms < ?', atMs);
    });
  }
}

function recordOf(row: Row): AuditRecord {
  return {
    id: Number(row.id),
    atMs: Number(row.at_ms),
    actor: {
      kind: String(row.actor_kind) as Actor['kind'],
      id: String(row.actor_id),
      name: String(row.actor_name),
    },
    address: nullableText(row.address),
    action: String(row.action),
    target: String(row.target),
    before: JSON.parse(String(row.before)) as unknown,
    after: JSON.parse(String(row.after)) as unknown,
  };
}
