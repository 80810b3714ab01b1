import type { EnvironmentError } from './errors.ts';
import type { RelayStart, RelayStarted } from './relay-messages.ts';

/** A relay thread with another configuration that is to take the place of the one that serves: how far it has come. */
export class RelayReplacement {
  readonly #result = Promise.withResolvers<RelayStarted>();
  readonly #onDrained: () => void;
  #next: RelayStart;
  #fallback: RelayStart;
  #phase: 'draining' | 'stopping' | 'starting' | 'falling-back' = 'draining';
  #failure: EnvironmentError | undefined;
  readonly #timer: NodeJS.Timeout;

  /** @param stopOld called once: the old thread is to stop */
  constructor(next: RelayStart, fallback: RelayStart, drainMs: number, stopOld: () => void) {
    this.#next = next;
    this.#fallback = fallback;
    this.#onDrained = stopOld;
    this.#timer = setTimeout(() => this.drained(), drainMs);
  }

  /** What the new thread reports; rejects with what kept it from starting. */
  get result(): Promise<RelayStarted> {
    return this.#result.promise;
  }

  /** Whether the old thread still serves its sessions. */
  get isDraining(): boolean {
    return this.#phase === 'draining';
  }

  /** Whichever thread starts next is started with this. */
  change(change: Partial<Pick<RelayStart, 'tls' | 'backoff'>>): void {
    this.#next = { ...this.#next, ...change };
    this.#fallback = { ...this.#fallback, ...change };
  }

  /** The old thread has no session left, or has had its time. */
  drained(): void {
    clearTimeout(this.#timer);
    if (this.#phase !== 'draining') return;
    this.#phase = 'stopping';
    this.#onDrained();
  }

  /** A thread has ended; what to start now: the new one, then the old one again. Undefined when both have failed: that was the end. */
  nextStart(error: EnvironmentError): RelayStart | undefined {
    clearTimeout(this.#timer);
    if (this.#phase === 'draining' || this.#phase === 'stopping') {
      this.#phase = 'starting';
      return this.#next;
    }
    if (this.#phase === 'starting') {
      this.#phase = 'falling-back';
      this.#failure = error;
      return this.#fallback;
    }
    this.fail(this.#failure ?? error);
    return undefined;
  }

  /** The thread that was started listens. */
  settle(started: RelayStarted): void {
    if (this.#failure === undefined) this.#result.resolve(started);
    else this.#result.reject(this.#failure);
  }

  /** It has come to nothing. */
  fail(error: EnvironmentError): void {
    clearTimeout(this.#timer);
    this.#result.reject(error);
  }
}
