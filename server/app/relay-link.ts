import { assertNever } from '../contract/assert-never.ts';
import type { CredentialChange } from '../credentials/credential-set.ts';
import type { Client } from '../seam/client.ts';
import type { SessionEvent, SessionId } from '../seam/session-event.ts';
import type { TlsMaterial } from '../transport/tls-material.ts';
import { relayUnavailable } from './pending-replies.ts';
import type { CredentialSource } from './relay-credentials.ts';
import { withBoundPorts, withKeptPorts } from './relay-kept-ports.ts';
import type { BoundListener, RelayStart, RelayStarted, RelayStatus } from './relay-messages.ts';
import { RelayReplacement } from './relay-replacement.ts';
import { RelayThread, type Announcement, type SpawnRelay, type ThreadEnd } from './relay-thread.ts';
import { unpackUsage, type UsageReport } from './relay-usage-report.ts';

/** The shortest time between two starts of the relay thread: a thread that dies is replaced at once, one that keeps dying is paced. */
const restartSpacingMs = 500;
/** Starts that fail in a row are further and further apart. */
const longestRestartSpacingMs = 30_000;

/** What the link tells its owner. */
export interface RelayLinkEvents {
  onSessionEvents(events: readonly SessionEvent[]): void;
  onListenersChanged(listeners: readonly BoundListener[], warnings: readonly string[]): void;
  /** Once a second while something was relayed or refused, and a last one before a thread stops. */
  onUsage(report: UsageReport): void;
  /** To be kept for the `RelayStart` of the next process; the link itself brings it to its next thread. */
  onBackoff(snapshot: Uint8Array): void;
  /** The source threw. A thread that serves goes on with what it has; another try follows. */
  onCredentialsFailed(error: unknown): void;
  /** Draining, and the last session has ended. Not for the drain of a `restart`. */
  onDrained(): void;
  /** The relay thread died; `sessions` were lost with it. A new thread is being started. */
  onRelayDied(cause: string, sessions: number): void;
  /** The thread that was to replace one that died ended before it served; another one is started after `waitMs`. */
  onRelayNotRestarted(cause: string, waitMs: number): void;
  /** A new relay thread serves after one died. */
  onRelayRestarted(status: RelayStatus): void;
}

/**
 * The main thread's end of the link to the relay thread, which it starts, restarts when it dies or is to have another
 * configuration, and stops. A restarted thread listens on the ports that the first one was given, and drains when the first one did.
 */
export class RelayLink {
  readonly #spawn: SpawnRelay;
  readonly #source: CredentialSource;
  readonly #events: RelayLinkEvents;
  readonly #firstStart = Promise.withResolvers<RelayStarted>();
  readonly #draining = Promise.withResolvers<number>();
  readonly #stopped = Promise.withResolvers<number>();
  #start: RelayStart;
  #thread: RelayThread | undefined;
  #state: 'idle' | 'first-start' | 'serving' | 'restarting' | 'replacing' | 'stopping' = 'idle';
  #replacement: RelayReplacement | undefined;
  #drainWanted = false;
  #spawnedAtMs = 0;
  /** Starts that failed since a thread last served. */
  #failedStarts = 0;
  #restartTimer: NodeJS.Timeout | undefined;

  constructor(start: RelayStart, spawn: SpawnRelay, source: CredentialSource, events: RelayLinkEvents) {
    this.#start = start;
    this.#spawn = spawn;
    this.#source = source;
    this.#events = events;
  }

  /**
   * Starts the relay thread; resolves when it has its credentials and listens. Once only.
   * @throws EnvironmentError when a listener cannot be bound or the thread cannot run
   */
  start(): Promise<RelayStarted> {
    this.#state = 'first-start';
    this.#spawnThread();
    return this.#firstStart.promise;
  }

  /**
   * Refuses new allocations from now on; `onDrained` tells when the last session has ended, at once when there is none. Repeatable.
   * @returns how many sessions there were when it began
   */
  drain(): Promise<number> {
    if (!this.#drainWanted && this.#state === 'serving') this.#thread?.post({ type: 'drain' });
    this.#drainWanted = true;
    return this.#draining.promise;
  }

  /** Serves new TLS clients with another certificate; the sessions of others go on. */
  setCertificate(tls: TlsMaterial): void {
    this.#start = { ...this.#start, tls };
    this.#replacement?.change({ tls });
    // A thread that is still starting finds it when it listens to us.
    this.#thread?.post({ type: 'certificate', tls });
  }

  /**
   * Brings changes of the credentials to the relay thread, in this order. To be called after the source has them: a thread that starts
   * anew has the whole set from there. Returns at once; sessions that a change outlaws end within milliseconds.
   */
  applyCredentials(changes: readonly CredentialChange[]): void {
    this.#thread?.applyCredentials(changes);
  }

  /**
   * Has another thread take the place of this one, with another configuration: drains for at most `drainMs`, ends what sessions are
   * left, and starts anew. Ports that the system chose stay. When the new thread cannot start, one with the old configuration does.
   * @throws EnvironmentError what kept the new one from starting; `relay_unavailable` while no thread serves, it drains, another
   * restart is under way, or the link stops meanwhile
   */
  restart(start: RelayStart, drainMs: number): Promise<RelayStarted> {
    if (this.#state !== 'serving' || this.#replacement !== undefined || this.#drainWanted) {
      return Promise.reject(relayUnavailable());
    }
    const next = { ...start, listen: withKeptPorts(start.listen, this.#start.listen), backoff: this.#start.backoff };
    const replacement = new RelayReplacement(next, this.#start, drainMs, () => this.#stopForReplacement());
    this.#replacement = replacement;
    this.#thread?.post({ type: 'drain' });
    return replacement.result;
  }

  /** How long the thread's event loop was busy and idle, in milliseconds; null while there is no thread. */
  get eventLoop(): { readonly active: number; readonly idle: number } | null {
    return this.#thread?.eventLoop ?? null;
  }

  /**
   * What the relay thread is doing now.
   * @throws EnvironmentError `relay_unavailable` while the thread is not there, or does not answer within 2 s
   */
  status(): Promise<RelayStatus> {
    if (this.#state !== 'serving' || this.#thread === undefined) return Promise.reject(relayUnavailable());
    return this.#thread.status();
  }

  /**
   * Ends one session; its end is reported before this resolves.
   * @param client whose session it is, as its events name it
   * @returns whether it was there
   * @throws EnvironmentError `relay_unavailable` as for `status`
   */
  endSession(session: SessionId, client: Client): Promise<boolean> {
    if (this.#state !== 'serving' || this.#thread === undefined) return Promise.reject(relayUnavailable());
    return this.#thread.endSession(session, client);
  }

  /**
   * Ends every session and the thread. A thread that does not stop within 5 s is terminated.
   * @returns how many sessions it ended
   */
  stop(): Promise<number> {
    clearTimeout(this.#restartTimer);
    this.#state = 'stopping';
    this.#draining.resolve(0);
    this.#replacement?.fail(relayUnavailable());
    this.#replacement = undefined;
    if (this.#thread === undefined) this.#stopped.resolve(0);
    else this.#thread.stop();
    return this.#stopped.promise;
  }

  #spawnThread(): void {
    this.#spawnedAtMs = Date.now();
    this.#thread = new RelayThread(this.#start, this.#spawn, this.#source, {
      onAnnouncement: (announcement) => this.#onAnnouncement(announcement),
      onExit: (end) => this.#onExit(end),
      onCredentialsFailed: (error) => this.#events.onCredentialsFailed(error),
    });
  }

  #onAnnouncement(said: Announcement): void {
    switch (said.type) {
      case 'listening':
        return this.#onListening(said.status, said.warnings);
      case 'listeners-changed':
        return this.#events.onListenersChanged(said.listeners, said.warnings);
      case 'events':
        return this.#events.onSessionEvents(said.events);
      case 'usage':
        return this.#events.onUsage(unpackUsage(said.usage));
      case 'backoff':
        this.#start = { ...this.#start, backoff: said.snapshot };
        this.#replacement?.change({ backoff: said.snapshot });
        return this.#events.onBackoff(said.snapshot);
      case 'draining':
        if (this.#drainWanted) this.#draining.resolve(said.sessions);
        return;
      case 'drained':
        return this.#onDrained();
      default:
        return assertNever(said);
    }
  }

  #onListening(status: RelayStatus, warnings: readonly string[]): void {
    if (this.#state === 'stopping') return;
    const before = this.#state;
    this.#state = 'serving';
    this.#failedStarts = 0;
    this.#start = { ...this.#start, listen: withBoundPorts(this.#start.listen, status.listeners) };
    if (this.#drainWanted) this.#thread?.post({ type: 'drain' });
    if (before === 'first-start') {
      this.#firstStart.resolve({ status, warnings });
    } else if (before === 'replacing') {
      this.#replacement?.settle({ status, warnings });
      this.#replacement = undefined;
    } else {
      this.#events.onRelayRestarted(status);
    }
  }

  #onDrained(): void {
    if (this.#replacement?.isDraining === true) this.#replacement.drained();
    if (this.#drainWanted) this.#events.onDrained();
  }

  #stopForReplacement(): void {
    this.#state = 'replacing';
    this.#thread?.stop();
  }

  #onExit(end: ThreadEnd): void {
    this.#thread = undefined;
    switch (this.#state) {
      case 'first-start':
        this.#state = 'idle';
        return this.#firstStart.reject(end.error);
      case 'stopping':
        this.#tellLost(end.lost);
        return this.#stopped.resolve(end.sessionsEnded);
      case 'serving':
        if (this.#replacement !== undefined) return this.#goOnReplacing(this.#replacement, end);
        return this.#replaceDead(end);
      case 'replacing':
        if (this.#replacement !== undefined) return this.#goOnReplacing(this.#replacement, end);
        return;
      case 'restarting':
        this.#failedStarts += 1;
        return this.#spawnLater((waitMs) => this.#events.onRelayNotRestarted(end.cause, waitMs));
      case 'idle':
        return;
      default:
        assertNever(this.#state);
    }
  }

  /** The old thread is gone, or one that was to take its place could not start. */
  #goOnReplacing(replacement: RelayReplacement, end: ThreadEnd): void {
    this.#tellLost(end.lost);
    const start = replacement.nextStart(end.error);
    if (start === undefined) {
      // Not even the old configuration serves any more: from here on it is as if its thread had died.
      this.#replacement = undefined;
      this.#state = 'restarting';
      this.#failedStarts += 1;
      this.#spawnLater((waitMs) => this.#events.onRelayNotRestarted(end.cause, waitMs));
      return;
    }
    this.#state = 'replacing';
    this.#start = start;
    this.#spawnThread();
  }

  #replaceDead(end: ThreadEnd): void {
    this.#state = 'restarting';
    this.#events.onRelayDied(end.cause, end.lost.length);
    this.#events.onSessionEvents(end.lost);
    this.#spawnLater(() => undefined);
  }

  #tellLost(lost: readonly SessionEvent[]): void {
    if (lost.length > 0) this.#events.onSessionEvents(lost);
  }

  #spawnLater(tell: (waitMs: number) => void): void {
    const spacingMs = Math.min(longestRestartSpacingMs, restartSpacingMs * 2 ** this.#failedStarts);
    const waitMs = Math.max(0, this.#spawnedAtMs + spacingMs - Date.now());
    this.#restartTimer = setTimeout(() => this.#spawnThread(), waitMs);
    tell(waitMs);
  }
}
