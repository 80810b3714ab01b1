import type { CredentialChange } from '../credentials/credential-set.ts';
import type { SessionEvent } from '../seam/session-event.ts';
import type { StoreNotice } from '../store/records.ts';
import { StoreError } from '../store/store-error.ts';
import type { Store } from '../store/store.ts';
import { Accounting } from './accounting.ts';
import { LiveSessions, type SessionChange } from './live-sessions.ts';
import type { UsageReport } from './relay-usage-report.ts';
import { StoredCredentials, type ConfiguredCredentials } from './stored-credentials.ts';

/** How often it is looked whether a retiring secret's time is over, and which bans are. */
const sweepEveryMs = 60_000;
/** Under this name the database keeps whom failed authentications have made wait. */
const backoffBlob = 'turn-backoff';

/** What follows from what the database has. */
export interface RecordsEffects {
  /** Brings changes to the relay, as `RelayLink.applyCredentials` does. */
  tellRelay(changes: readonly CredentialChange[]): void;
  /** A change could not be read back, e.g. from a damaged row: the relay goes on with what it was told before. */
  onUnreadable(error: StoreError): void;
}

/**
 * The database of a running appliance with what hangs on it: the credentials that the relay is told of, each change of them within
 * milliseconds of its commit, and what comes back from the relay of who uses them.
 */
export class Records {
  readonly store: Store;
  readonly credentials: StoredCredentials;
  readonly accounting: Accounting;
  readonly sessions = new LiveSessions();
  readonly #effects: RecordsEffects;
  readonly #stopListening: () => void;
  readonly #timer: NodeJS.Timeout;

  constructor(store: Store, configured: ConfiguredCredentials, effects: RecordsEffects) {
    this.store = store;
    this.#effects = effects;
    this.accounting = new Accounting(store, { onQuota: (notice) => this.#tell(notice) });
    this.credentials = new StoredCredentials(store, configured, this.accounting);
    this.#stopListening = store.onChange((notice) => {
      this.accounting.review(notice);
      this.#tell(notice);
    });
    this.accounting.begin();
    this.#timer = setInterval(() => this.#reading(() => this.#sweep()), sweepEveryMs).unref();
  }

  /** What the relay is to be started with: whom it made wait before. */
  get backoff(): Uint8Array | null {
    return this.store.keptBlobs.get(backoffBlob);
  }

  /** Keeps whom the relay makes wait. What cannot be written is told by the store's health. */
  keepBackoff(snapshot: Uint8Array): void {
    this.accounting.writeLater('backoff', () => this.store.keptBlobs.set(backoffBlob, snapshot));
  }

  /** Takes note of the relay's events, and tells what became of each. */
  noteEvents(events: readonly SessionEvent[]): readonly SessionChange[] {
    this.accounting.noteEvents(events);
    return events.flatMap((event) => this.sessions.note(event, Date.now()) ?? []);
  }

  /** Counts what was relayed. */
  noteUsage(report: UsageReport): void {
    this.sessions.noteUsage(report.sessions);
    this.accounting.noteUsage(report);
  }

  /** Writes what waits, and closes the database. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopListening();
    await this.accounting.end();
    this.store.close();
  }

  #tell(notice: StoreNotice): void {
    this.#reading(() => {
      const changes = this.credentials.changesOf(notice);
      if (changes.length > 0) this.#effects.tellRelay(changes);
    });
  }

  /** A row that cannot be read must not end the process, and the relay with it. */
  #reading(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#effects.onUnreadable(error);
    }
  }

  /** Secrets whose time is over are not tried any more; bans that are over are forgotten. */
  #sweep(): void {
    const nowMs = Date.now();
    for (const app of this.store.apps.list()) {
      const isOver = this.store.secrets
        .list(app.id)
        .some(
          ({ state, acceptedUntilMs }) =>
            state === 'retiring' &&
            acceptedUntilMs !== null &&
            acceptedUntilMs <= nowMs &&
            acceptedUntilMs > nowMs - 2 * sweepEveryMs,
        );
      if (isOver) this.#tell({ kind: 'app', id: app.id });
    }
    this.accounting.writeLater('bans', () => this.store.bans.sweep());
    if (!this.store.health.ok) this.store.probe();
  }
}
