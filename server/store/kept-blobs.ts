import type { StoreConnection } from './connection.ts';

/** Tables of other parts as they were, e.g. who has to wait after wrong passwords: kept whole, and understood by their owners alone. */
export class KeptBlobs {
  readonly #store: StoreConnection;

  constructor(store: StoreConnection) {
    this.#store = store;
  }

  /** What was kept under a name; null for nothing. */
  get(name: string): Uint8Array | null {
    const value = this.#store.get('SELECT value FROM kept_blobs WHERE name = ?', name)?.value;
    return value instanceof Uint8Array ? new Uint8Array(value) : null;
  }

  /** Keeps bytes under a name in place of those before. */
  set(name: string, value: Uint8Array): void {
    this.#store.transaction(() => {
      this.#store.run('INSERT OR REPLACE INTO kept_blobs (name, value) VALUES (?, ?)', name, value);
    });
  }
}
