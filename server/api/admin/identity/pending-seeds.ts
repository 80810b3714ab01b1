/** A seed waits so long for the first code that is made with it. */
const lifetimeMs = 10 * 60_000;

/** Seeds of time-based codes that accounts have been shown, and have not proved to have: one of each account. */
export class PendingSeeds {
  readonly #nowMs: () => number;
  readonly #seeds = new Map<string, { readonly seed: Uint8Array; readonly expiresAtMs: number }>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Keeps the seed of an account in place of the one before. */
  set(accountId: string, seed: Uint8Array): void {
    for (const [id, { expiresAtMs }] of this.#seeds) {
      if (this.#nowMs() >= expiresAtMs) this.#seeds.delete(id);
    }
    this.#seeds.set(accountId, { seed, expiresAtMs: this.#nowMs() + lifetimeMs });
  }

  /** The seed of an account; null: there is none, or it has waited too long. */
  get(accountId: string): Uint8Array | null {
    const pending = this.#seeds.get(accountId);
    return pending === undefined || this.#nowMs() >= pending.expiresAtMs ? null : pending.seed;
  }

  /** Forgets the seed of an account. */
  delete(accountId: string): void {
    this.#seeds.delete(accountId);
  }
}
