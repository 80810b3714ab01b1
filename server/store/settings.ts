import type { StoreConnection } from './connection.ts';

/** What administrators have set, the lowest layer of the configuration above the defaults. */
export class Settings {
  readonly #store: StoreConnection;

  constructor(store: StoreConnection) {
    this.#store = store;
  }

  /** Every key that is set, with its value. */
  all(): ReadonlyMap<string, unknown> {
    const rows = this.#store.all('SELECT key, value FROM settings ORDER BY key');
    return new Map(rows.map((row) => [String(row.key), JSON.parse(String(row.value)) as unknown]));
  }

  /** Sets keys; undefined unsets one. */
  change(changes: ReadonlyMap<string, unknown>): void {
    this.#store.transaction(() => {
      for (const [key, value] of changes) {
        if (value === undefined) this.#store.run('DELETE FROM settings WHERE key = ?', key);
        else {
          this.#store.run(
            `INSERT INTO settings (key, value, updated_at_ms) VALUES (?, ?, ?)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at_ms = excluded.updated_at_ms`,
            key,
            JSON.stringify(value),
            this.#store.nowMs(),
          );
        }
      }
      this.#store.note({ kind: 'settings' });
    });
  }
}
