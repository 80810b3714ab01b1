import { StoreError } from '../store/store-error.ts';
import type { Store } from '../store/store.ts';
import { resolutionMs } from '../store/usage.ts';
import type { MonthlyQuotas } from './monthly-quotas.ts';
import type { UsageLedger } from './usage-ledger.ts';

/** Rows in one transaction: the main thread waits for some milliseconds only, and not for more than it must. */
const rowsPerWrite = 250;
/** Rows that are forgotten in one transaction. */
const rowsPerForgetting = 500;

/** How long the database remembers (`retention`). */
export interface Retention {
  readonly minuteDays: number;
  readonly hourDays: number;
  readonly dayDays: number;
}

/** What a writer works with. */
export interface UsageWriterParts {
  readonly store: Pick<Store, 'batch' | 'usage' | 'secrets' | 'apiKeys'>;
  readonly ledger: UsageLedger;
  readonly quotas: MonthlyQuotas;
  /** Lets others have the thread between two transactions. */
  readonly pause?: () => Promise<void>;
}

/** A transaction, and how to keep what it should have written. */
interface Step {
  readonly write: () => void;
  readonly putBack: () => void;
}

interface SecretUse {
  readonly app: string;
  readonly secretId: string;
  readonly atMs: number;
}

/**
 * Brings to the database what was counted in memory: usage, failures, the bytes of the month, when secrets and API keys were last used.
 * Many small transactions rather than one large; what cannot be written stays, and is written when it can be (SECURITY.md 15).
 */
export class UsageWriter {
  readonly #parts: UsageWriterParts;
  readonly #pause: () => Promise<void>;
  readonly #secretsUsed = new Map<string, SecretUse>();
  readonly #keysUsed = new Map<string, number>();
  readonly #later = new Map<string, () => void>();
  #flushing: Promise<void> = Promise.resolve();

  constructor(parts: UsageWriterParts) {
    this.#parts = parts;
    this.#pause = parts.pause ?? (() => new Promise((resolve) => setImmediate(resolve)));
  }

  /** A session has begun with a secret. */
  noteSecretUsed(app: string, secretId: string, atMs: number): void {
    this.#secretsUsed.set(`${app}/${secretId}`, { app, secretId, atMs });
  }

  /** An API key was used. */
  noteKeyUsed(id: string, atMs: number): void {
    this.#keysUsed.set(id, atMs);
  }

  /** Has something else written by the next `flush`; it takes the place of what was to be written under the same name. */
  writeLater(name: string, write: () => void): void {
    this.#later.set(name, write);
  }

  /** Rows of usage and failures that wait. */
  get waiting(): number {
    return this.#parts.ledger.size;
  }

  /** Writes all that waits. Resolves to whether it could be written: the first failure ends the attempt. */
  async flush(): Promise<boolean> {
    const before = this.#flushing;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#flushing = promise;
    await before;
    try {
      return await this.#write(this.#takeSteps());
    } finally {
      resolve();
    }
  }

  /** Forgets the usage and the failures whose time is over. What cannot be forgotten now is at the next call. */
  async forget({ minuteDays, hourDays, dayDays }: Retention, nowMs: number): Promise<void> {
    const { usage } = this.#parts.store;
    const days = { minute: minuteDays, hour: hourDays, day: dayDays } as const;
    try {
      for (const resolution of ['minute', 'hour', 'day'] as const) {
        const beforeMs = nowMs - days[resolution] * resolutionMs.day;
        while (usage.forgetBefore(resolution, beforeMs, rowsPerForgetting) > 0) await this.#pause();
      }
    } catch (error) {
      // The store tells of its health itself.
      if (!(error instanceof StoreError)) throw error;
    }
  }

  async #write(steps: readonly Step[]): Promise<boolean> {
    for (const [at, { write }] of steps.entries()) {
      try {
        this.#parts.store.batch(write);
      } catch (error) {
        // A transaction that failed wrote nothing. Each further one might wait for the database as long.
        for (const { putBack } of steps.slice(at)) putBack();
        if (error instanceof StoreError) return false;
        throw error;
      }
      await this.#pause();
    }
    return true;
  }

  #takeSteps(): Step[] {
    const { store, ledger, quotas } = this.#parts;
    const { usage, failures } = ledger.take();
    return [
      ...inChunks(quotas.take()).map((rows) => ({
        write: () => store.usage.addMonthlyBytes(rows),
        putBack: () => quotas.putBack(rows),
      })),
      ...inChunks(usage).map((rows) => ({
        write: () => store.usage.add(rows),
        putBack: () => ledger.putBack({ usage: rows, failures: [] }),
      })),
      ...inChunks(failures).map((rows) => ({
        write: () => store.usage.addFailures(rows),
        putBack: () => ledger.putBack({ usage: [], failures: rows }),
      })),
      ...this.#takeTimes(),
      ...this.#takeLater(),
    ];
  }

  #takeTimes(): Step[] {
    const { store } = this.#parts;
    const secrets = inChunks([...this.#secretsUsed.values()]);
    const keys = inChunks([...this.#keysUsed]);
    this.#secretsUsed.clear();
    this.#keysUsed.clear();
    return [
      ...secrets.map((uses) => ({
        write: () => {
          for (const { app, secretId, atMs } of uses) store.secrets.noteUsed(app, secretId, atMs);
        },
        putBack: () => {
          for (const use of uses) putBackUnless(this.#secretsUsed, `${use.app}/${use.secretId}`, use);
        },
      })),
      ...keys.map((uses) => ({
        write: () => {
          for (const [id, atMs] of uses) store.apiKeys.noteUsed(id, atMs);
        },
        putBack: () => {
          for (const [id, atMs] of uses) putBackUnless(this.#keysUsed, id, atMs);
        },
      })),
    ];
  }

  #takeLater(): Step[] {
    const later = [...this.#later];
    this.#later.clear();
    return later.map(([name, write]) => ({ write, putBack: () => putBackUnless(this.#later, name, write) }));
  }
}

/** What came meanwhile is newer. */
function putBackUnless<Value>(map: Map<string, Value>, key: string, value: Value): void {
  if (!map.has(key)) map.set(key, value);
}

function inChunks<Item>(items: readonly Item[]): Item[][] {
  const chunks: Item[][] = [];
  for (let at = 0; at < items.length; at += rowsPerWrite) chunks.push(items.slice(at, at + rowsPerWrite));
  return chunks;
}
