import type { Store } from '../../../store/store.ts';

/** When sign-ins and tokens were last used, kept here and written in batches: no disk write for each request. */
export class LastUsed {
  readonly #store: Pick<Store, 'signIns' | 'adminTokens' | 'batch'>;
  readonly #signIns = new Map<string, number>();
  readonly #tokens = new Map<string, number>();

  constructor(store: Pick<Store, 'signIns' | 'adminTokens' | 'batch'>) {
    this.#store = store;
  }

  /** A sign-in that is good was used. */
  noteSignIn(id: string, atMs: number): void {
    this.#signIns.set(id, atMs);
  }

  /** A token that is good was used. */
  noteToken(id: string, atMs: number): void {
    this.#tokens.set(id, atMs);
  }

  /** When a sign-in was last used, if that is not written yet. */
  ofSignIn(id: string): number | undefined {
    return this.#signIns.get(id);
  }

  /** When a token was last used, if that is not written yet. */
  ofToken(id: string): number | undefined {
    return this.#tokens.get(id);
  }

  /**
   * Writes them.
   * @throws StoreError; what was not written is kept for the next time
   */
  flush(): void {
    if (this.#signIns.size === 0 && this.#tokens.size === 0) return;
    this.#store.batch(() => {
      for (const [id, atMs] of this.#signIns) this.#store.signIns.noteSeen(id, atMs);
      for (const [id, atMs] of this.#tokens) this.#store.adminTokens.noteUsed(id, atMs);
    });
    this.#signIns.clear();
    this.#tokens.clear();
  }
}
