import { parseNamedApp, parseRestUsername } from '../credentials/rest-username.ts';
import type { SessionEvent, SessionId, SessionPrincipal } from '../seam/session-event.ts';
import { formatIp } from '../stun/ip-text.ts';
import type { Store } from '../store/store.ts';
import type { StoreNotice } from '../store/records.ts';
import { FailureLog, type Refusal } from '../telemetry/failure-log.ts';
import { MonthlyQuotas } from '../telemetry/monthly-quotas.ts';
import { Tally } from '../telemetry/tally.ts';
import { UsageLedger, type RelayedAmounts, type UsageOwner } from '../telemetry/usage-ledger.ts';
import { UsageWriter, type Retention } from '../telemetry/usage-writer.ts';
import type { UsageReport } from './relay-usage-report.ts';
import type { Exhausted } from './stored-credentials.ts';

/** Between two writes: with the second that a report takes, a power cut loses less than ten. */
const writeEveryMs = 5_000;
/** The last report of a session comes within a second of its end, if there is one. */
const lastReportMs = 5_000;

/** What the accounting tells its owner. */
export interface AccountingEvents {
  /** The relay is to be told that a quota is exhausted, or given anew. */
  onQuota(notice: StoreNotice & { readonly kind: 'app' | 'turn-user' }): void;
}

interface Counted {
  readonly owner: UsageOwner;
  readonly principal: SessionPrincipal;
  /** Null while it is live. */
  endedAtMs: number | null;
}

/**
 * Counts what sessions relay: for the usage tables, the month's quotas, and when secrets were last used. Kept in memory, written every
 * few seconds; never a write for each packet or request (SECURITY.md 15: what cannot be written waits, and relaying goes on).
 */
export class Accounting implements Exhausted {
  /** Why requests are refused. */
  readonly failures = new FailureLog();
  readonly #events: AccountingEvents;
  readonly #ledger = new UsageLedger();
  readonly #quotas: MonthlyQuotas;
  readonly #writer: UsageWriter;
  readonly #sessions = new Map<SessionId, Counted>();
  readonly #starts = new Tally();
  readonly #ends = new Tally();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store, events: AccountingEvents) {
    this.#events = events;
    const nowMs = Date.now();
    this.#quotas = new MonthlyQuotas(
      store.usage.monthlyBytes(new Date(nowMs).toISOString().slice(0, 7)),
      (kind, name) => (kind === 'app' ? store.apps.get(name) : store.turnUsers.get(name))?.bytesPerMonth ?? null,
      nowMs,
    );
    this.#writer = new UsageWriter({ store, ledger: this.#ledger, quotas: this.#quotas });
  }

  /** Writes from now on, every few seconds. */
  begin(): void {
    this.#timer = setInterval(() => this.#onTimer(), writeEveryMs);
    this.#timer.unref();
  }

  isAppExhausted(id: string): boolean {
    return this.#quotas.isExhausted('app', id);
  }

  isUserExhausted(name: string): boolean {
    return this.#quotas.isExhausted('user', name);
  }

  /** The bytes of an app in this calendar month. */
  bytesOfApp(id: string): number {
    return this.#quotas.bytesOf('app', id);
  }

  /** The bytes of a TURN user in this calendar month. */
  bytesOfUser(name: string): number {
    return this.#quotas.bytesOf('user', name);
  }

  /** Requests that were refused since the start, by cause: exact. */
  get refusals(): ReadonlyMap<string, number> {
    return this.failures.totals;
  }

  /** Sessions that have begun since the start, by the transport of the client. */
  get starts(): ReadonlyMap<string, number> {
    return this.#starts.counts;
  }

  /** Sessions that have ended since the start, by cause. */
  get ends(): ReadonlyMap<string, number> {
    return this.#ends.counts;
  }

  /** How many have used up the bytes of the month. */
  get exhausted(): { readonly apps: number; readonly users: number } {
    return this.#quotas.exhausted;
  }

  /** Rows of usage and failures that are yet to be written. */
  get rowsWaiting(): number {
    return this.#writer.waiting;
  }

  /** Something was changed that may change a limit; to be called before the relay is told of the change. */
  review(notice: StoreNotice): void {
    if (notice.kind === 'app') this.#quotas.review('app', notice.id);
    if (notice.kind === 'turn-user') this.#quotas.review('user', notice.name);
  }

  /** Takes note of sessions that begin and end, and of requests that are refused. */
  noteEvents(events: readonly SessionEvent[]): void {
    const nowMs = Date.now();
    for (const event of events) {
      switch (event.type) {
        case 'session-started':
          this.#noteStart(event, nowMs);
          break;
        case 'session-ended': {
          const counted = this.#sessions.get(event.session);
          if (counted !== undefined) counted.endedAtMs = nowMs;
          this.#ends.add(event.cause);
          break;
        }
        case 'refused':
          this.failures.note(refusalOf(event), nowMs);
          break;
      }
    }
  }

  /** Counts a report. It follows the events of the sessions that it names, and is the last that those that have ended are in. */
  noteUsage({ sessions, failures, intervalMs }: UsageReport): void {
    const nowMs = Date.now();
    const relayed: [UsageOwner, RelayedAmounts][] = [];
    const charged: [SessionPrincipal, number][] = [];
    for (const { session, clientToPeer: up, peerToClient: down } of sessions) {
      const counted = this.#sessions.get(session);
      if (counted === undefined) continue;
      const amounts = {
        bytesUp: up.bytes,
        bytesDown: down.bytes,
        packetsUp: up.packets,
        packetsDown: down.packets,
        drops: up.drops + down.drops,
      };
      relayed.push([counted.owner, amounts]);
      charged.push([counted.principal, up.bytes + down.bytes]);
    }
    this.#ledger.addRelayed(relayed, intervalMs, nowMs);
    for (const [principal, bytes] of charged) this.#charge(principal, bytes);
    for (const { cause, app, subject, transport, count } of failures) {
      this.#ledger.addFailures({ app: app ?? '', subject: subject ?? '', transport }, cause, count, nowMs);
    }
    this.failures.count(failures);
    this.#forgetEnded(nowMs);
  }

  /** Has something else written with the next batch, in the place of what was to be written under the same name. */
  writeLater(name: string, write: () => void): void {
    this.#writer.writeLater(name, write);
  }

  /** An API key was used just now. */
  noteKeyUsed(id: string): void {
    this.#writer.noteKeyUsed(id, Date.now());
  }

  /** Forgets the usage whose time is over, little by little. */
  async forget(retention: Retention): Promise<void> {
    await this.#writer.forget(retention, Date.now());
  }

  /** Writes what is left, and no more after it. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writer.flush();
  }

  #noteStart(event: SessionEvent & { type: 'session-started' }, nowMs: number): void {
    const { principal, client, session } = event;
    const owner = ownerOf(principal, client.transport);
    this.#sessions.set(session, { owner, principal, endedAtMs: null });
    this.#starts.add(client.transport);
    this.#ledger.addAllocation(owner, nowMs);
    if (principal.kind === 'rest') this.#writer.noteSecretUsed(principal.app, principal.secretId, nowMs);
  }

  #forgetEnded(nowMs: number): void {
    for (const [session, { endedAtMs }] of this.#sessions) {
      if (endedAtMs !== null && nowMs - endedAtMs >= lastReportMs) this.#sessions.delete(session);
    }
  }

  #charge(principal: SessionPrincipal, bytes: number): void {
    if (principal.kind === 'static') {
      if (this.#quotas.add('user', principal.name, bytes)) {
        this.#events.onQuota({ kind: 'turn-user', name: principal.name });
      }
    } else if (this.#quotas.add('app', principal.app, bytes)) {
      this.#events.onQuota({ kind: 'app', id: principal.app });
    }
  }

  #onTimer(): void {
    const nowMs = Date.now();
    this.#forgetEnded(nowMs);
    for (const { kind, name } of this.#quotas.advance(nowMs)) {
      this.#events.onQuota(kind === 'app' ? { kind, id: name } : { kind: 'turn-user', name });
    }
    void this.#writer.flush();
  }
}

function ownerOf(principal: SessionPrincipal, transport: string): UsageOwner {
  return principal.kind === 'static'
    ? { app: '', subject: principal.name, transport }
    : { app: principal.app, subject: principal.subject, transport };
}

function refusalOf({ cause, username, principal, client, peer }: SessionEvent & { type: 'refused' }): Refusal {
  const rest = username === undefined ? null : parseRestUsername(username);
  const named = rest === null ? null : parseNamedApp(rest.subject);
  return {
    cause,
    username: username ?? null,
    expiresAtS: rest?.expiresAtS ?? null,
    app: principal === undefined ? (named?.app ?? null) : principal.kind === 'rest' ? principal.app : null,
    transport: client.transport,
    client: { address: formatIp(client.remote.ip), port: client.remote.port },
    peer: peer === undefined ? null : formatIp(peer),
  };
}
