import type { SignInFailures } from '../../../store/sign-ins.ts';
import type { Store } from '../../../store/store.ts';

/** Wrong passwords that cost nothing: people mistype. */
const freeFailures = 5;
const firstDelayMs = 2_000;
const longestDelayMs = 15 * 60_000;
/** Failures of before are forgotten. */
const memoryMs = 24 * 3_600_000;
/** Pairs that are remembered; the ones that failed longest ago make room. */
const maxPairs = 4_096;

interface Failures {
  readonly address: string;
  readonly username: string;
  failures: number;
  lastFailureAtMs: number;
}

/**
 * Makes whoever guesses wait: each failure of one address with one account name doubles the time until the next try. Nobody else is
 * held up, neither the account from another address nor another account from this one (SECURITY.md 13). A restart forgets nothing.
 */
export class SignInBackoff {
  readonly #store: Pick<Store, 'signIns' | 'batch'>;
  readonly #nowMs: () => number;
  /** Whoever failed last is last. */
  readonly #pairs = new Map<string, Failures>();
  #isChanged = false;

  constructor(store: Pick<Store, 'signIns' | 'batch'>, nowMs: () => number) {
    this.#store = store;
    this.#nowMs = nowMs;
    const kept = store.signIns.failures().toSorted((a, b) => a.lastFailureAtMs - b.lastFailureAtMs);
    for (const row of kept.slice(-maxPairs)) this.#pairs.set(keyOf(row.address, row.username), { ...row });
  }

  /** Pairs that it remembers. */
  get size(): number {
    return this.#pairs.size;
  }

  /** How long this source has to wait before it may try this account again, in milliseconds. */
  waitMs(source: string, username: string): number {
    const pair = this.#pairs.get(keyOf(source, username));
    if (pair === undefined || pair.failures < freeFailures) return 0;
    const delayMs = Math.min(firstDelayMs * 2 ** (pair.failures - freeFailures), longestDelayMs);
    return Math.max(0, pair.lastFailureAtMs + delayMs - this.#nowMs());
  }

  /** Counts a failure, before it is one: guesses that are sent at once are counted one by one. */
  charge(source: string, username: string): void {
    const nowMs = this.#nowMs();
    const key = keyOf(source, username);
    const before = this.#pairs.get(key);
    const failures = before === undefined || nowMs - before.lastFailureAtMs > memoryMs ? 0 : before.failures;
    this.#pairs.delete(key);
    this.#pairs.set(key, {
      address: source,
      username: username.toLowerCase(),
      failures: failures + 1,
      lastFailureAtMs: nowMs,
    });
    this.#isChanged = true;
    for (const [oldest, { lastFailureAtMs }] of this.#pairs) {
      if (this.#pairs.size <= maxPairs && nowMs - lastFailureAtMs <= memoryMs) break;
      this.#pairs.delete(oldest);
    }
  }

  /** Takes back what the last try was charged: it was none. */
  forgive(source: string, username: string): void {
    const pair = this.#pairs.get(keyOf(source, username));
    if (pair !== undefined) pair.failures = Math.max(0, pair.failures - 1);
  }

  /** Forgets the failures of a source that has signed in after all. */
  clear(source: string, username: string): void {
    if (this.#pairs.delete(keyOf(source, username))) this.#isChanged = true;
  }

  /** Lets every source try this account again. Returns how many had to wait. */
  unlock(username: string): number {
    const name = username.toLowerCase();
    const theirs = [...this.#pairs].filter(([, pair]) => pair.username === name);
    const waiting = theirs.filter(([, pair]) => this.waitMs(pair.address, name) > 0).length;
    for (const [key] of theirs) this.#pairs.delete(key);
    if (theirs.length > 0) this.#isChanged = true;
    return waiting;
  }

  /**
   * Writes what has changed.
   * @throws StoreError; it is written the next time then
   */
  flush(): void {
    if (!this.#isChanged) return;
    const rows: SignInFailures[] = [...this.#pairs.values()].map((pair) => ({ ...pair }));
    this.#store.batch(() => this.#store.signIns.keepFailures(rows));
    this.#isChanged = false;
  }
}

/** A source holds no line break. */
function keyOf(source: string, username: string): string {
  return `${source}\n${username.toLowerCase()}`;
}
