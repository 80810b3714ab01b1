import { charged, nothingTaken, waitMs, type PaidUntilMs, type RateLimit } from './rate-limit.ts';

/**
 * A rate for each source, and one for all of them. It remembers the sources of the time alone in which a burst is made good,
 * and none that it refused: what passes at the rate for all bounds how many. Times are of any one clock that does not go back.
 */
export class ConnectionRate {
  readonly #all: RateLimit;
  readonly #perSource: RateLimit;
  /** Whoever passed last is last. */
  readonly #sources = new Map<string, PaidUntilMs>();
  #paidUntilMs: PaidUntilMs = nothingTaken;

  constructor(limits: { readonly all: RateLimit; readonly perSource: RateLimit }) {
    this.#all = limits.all;
    this.#perSource = limits.perSource;
  }

  /** Sources that it remembers. */
  get sources(): number {
    return this.#sources.size;
  }

  /** Whether one more of this source may pass now, which is charged to both rates. */
  passes(source: string, nowMs: number): boolean {
    this.#forgetPaid(nowMs);
    const paidUntilMs = this.#sources.get(source) ?? nothingTaken;
    if (waitMs(this.#all, this.#paidUntilMs, nowMs) > 0 || waitMs(this.#perSource, paidUntilMs, nowMs) > 0) {
      return false;
    }
    this.#paidUntilMs = charged(this.#all, this.#paidUntilMs, nowMs);
    this.#sources.delete(source);
    this.#sources.set(source, charged(this.#perSource, paidUntilMs, nowMs));
    return true;
  }

  #forgetPaid(nowMs: number): void {
    for (const [source, paidUntilMs] of this.#sources) {
      if (paidUntilMs > nowMs) return;
      this.#sources.delete(source);
    }
  }
}
