import { charged, nothingTaken, waitMs, type PaidUntilMs } from './rate-limit.ts';

/** How many buckets there are before those that are full again are forgotten: more than an appliance has API keys. */
const sweepAt = 1_024;

/**
 * A token bucket for each API key or token, which holds what comes in a second. Only of names that somebody is known by:
 * a stranger makes no bucket (SECURITY.md 14). Times are of any one clock that does not go back.
 */
export class RequestRate {
  readonly #paidUntilMs = new Map<string, PaidUntilMs>();

  /** Buckets that it remembers. */
  get size(): number {
    return this.#paidUntilMs.size;
  }

  /**
   * Takes one request from the bucket of `id`.
   * @returns 0 when it may pass; otherwise in how many milliseconds one may, and nothing is taken
   */
  take(id: string, perSecond: number, nowMs: number): number {
    const limit = { perSecond, burst: perSecond };
    const paidUntilMs = this.#paidUntilMs.get(id) ?? nothingTaken;
    const wait = waitMs(limit, paidUntilMs, nowMs);
    if (wait > 0) return wait;
    if (this.#paidUntilMs.size >= sweepAt && !this.#paidUntilMs.has(id)) this.#forgetFull(nowMs);
    this.#paidUntilMs.set(id, charged(limit, paidUntilMs, nowMs));
    return 0;
  }

  #forgetFull(nowMs: number): void {
    for (const [id, paidUntilMs] of this.#paidUntilMs) {
      if (paidUntilMs <= nowMs) this.#paidUntilMs.delete(id);
    }
  }
}
