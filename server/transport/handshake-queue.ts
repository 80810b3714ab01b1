import type { IpKey } from '../stun/transport-address.ts';
import { SourceLines } from './source-lines.ts';
import type { TlsLimits } from './tls-limits.ts';

/** How fast handshakes may begin. */
export type HandshakeRate = Pick<TlsLimits, 'handshakesPerSecond' | 'handshakeBurst'>;

/** The limits that whoever waits for a handshake is under. */
export type HandshakeQueueLimits = HandshakeRate & Pick<TlsLimits, 'maxWaiting' | 'waitTimeoutMs'>;

interface Arrival {
  readonly source: IpKey;
  readonly atMs: number;
}

/**
 * Who may begin a TLS handshake, and when (SECURITY.md 10): a rate for all, and turns by source, so that a flood from
 * one address costs another one turn in two. Of one source the newest goes first: under a load that lasts, whoever has
 * waited longest has given up, and serving the dead would leave nobody alive. Times are of any one clock that does
 * not go back.
 */
export class HandshakeQueue<T> {
  readonly #limits: HandshakeQueueLimits;
  /** Everyone, oldest first. */
  readonly #arrivals = new Map<T, Arrival>();
  readonly #lines = new SourceLines<T>();
  #rate: HandshakeRate;
  /** When all handshakes that began would have, had they come at the rate. */
  #paidUntilMs = Number.NEGATIVE_INFINITY;

  constructor(limits: HandshakeQueueLimits) {
    this.#limits = limits;
    this.#rate = limits;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#arrivals.size;
  }

  /** Sources that one waits for. */
  get sources(): number {
    return this.#lines.count;
  }

  /** From now on handshakes begin at this rate. The time that those begun were to take stays as it was. */
  setRate(rate: HandshakeRate): void {
    this.#rate = rate;
  }

  /** Lets someone wait. Answers whom that pushed out, if anyone: the oldest of the source with the most. */
  enter(source: IpKey, item: T, nowMs: number): T | undefined {
    this.#arrivals.set(item, { source, atMs: nowMs });
    this.#lines.join(source, item);
    if (this.#arrivals.size <= this.#limits.maxWaiting) return undefined;
    const pushedOut = this.#lines.oldestOfLongest;
    if (pushedOut !== undefined) this.leave(pushedOut);
    return pushedOut;
  }

  /** Someone waits no more. Repeatable, also for one who never did. */
  leave(item: T): void {
    const arrival = this.#arrivals.get(item);
    if (arrival === undefined) return;
    this.#arrivals.delete(item);
    this.#lines.leave(arrival.source, item);
  }

  /** Takes out who may begin now. */
  next(nowMs: number): T | undefined {
    if (nowMs < this.#nextStartMs()) return undefined;
    const item = this.#lines.takeNext();
    if (item === undefined) return undefined;
    this.#arrivals.delete(item);
    this.#paidUntilMs = Math.max(this.#paidUntilMs, nowMs) + this.#intervalMs;
    return item;
  }

  /** Takes out who has waited for too long. */
  nextOverdue(nowMs: number): T | undefined {
    for (const [item, { atMs }] of this.#arrivals) {
      if (nowMs - atMs < this.#limits.waitTimeoutMs) return undefined;
      this.leave(item);
      return item;
    }
    return undefined;
  }

  /** How long until `next` may answer someone; undefined when nobody waits. */
  untilNextMs(nowMs: number): number | undefined {
    return this.waiting === 0 ? undefined : Math.max(0, this.#nextStartMs() - nowMs);
  }

  get #intervalMs(): number {
    return 1000 / this.#rate.handshakesPerSecond;
  }

  #nextStartMs(): number {
    return this.#paidUntilMs - (this.#rate.handshakeBurst - 1) * this.#intervalMs;
  }
}
