/** So many in a second, and of them so many at once after a quiet time. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** When all that passed would have, had it come at the rate. */
type PaidUntilMs = number;

/**
 * A rate for each source, and one for all of them. It remembers the sources of the time alone in which a burst is made good,
 * and none that it refused: what passes at the rate for all bounds how many. Times are of any one clock that does not go back.
 */
export class ConnectionRate {
  readonly #all: RateLimit;
  readonly #perSource: RateLimit;
  /** Whoever passed last is last. */
  readonly #sources = new Map<string, PaidUntilMs>();
  #paidUntilMs: PaidUntilMs = Number.NEGATIVE_INFINITY;

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
    const paidUntilMs = this.#sources.get(source) ?? Number.NEGATIVE_INFINITY;
    if (!allows(this.#all, this.#paidUntilMs, nowMs) || !allows(this.#perSource, paidUntilMs, nowMs)) return false;
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

function allows({ perSecond, burst }: RateLimit, paidUntilMs: PaidUntilMs, nowMs: number): boolean {
  return nowMs >= paidUntilMs - ((burst - 1) * 1000) / perSecond;
}

function charged({ perSecond }: RateLimit, paidUntilMs: PaidUntilMs, nowMs: number): PaidUntilMs {
  return Math.max(paidUntilMs, nowMs) + 1000 / perSecond;
}
