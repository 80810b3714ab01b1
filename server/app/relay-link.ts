import { Worker } from 'node:worker_threads';
import type { TurnListener } from '../config/resolved-config.ts';
import { assertNever } from '../contract/assert-never.ts';
import type { Client } from '../seam/client.ts';
import type { SessionEvent, SessionId } from '../seam/session-event.ts';
import { bindError, EnvironmentError } from './errors.ts';
import type { TlsMaterial } from '../transport/tls-material.ts';
import { PendingReplies, relayUnavailable } from './pending-replies.ts';
import type { BoundListener, FromRelay, RelayStart, RelayStatus, ToRelay } from './relay-messages.ts';

/** The shortest time between two starts of the relay thread: a thread that dies is replaced at once, one that keeps dying is paced. */
const restartSpacingMs = 500;
/** Starts that fail in a row are further and further apart. */
const longestRestartSpacingMs = 30_000;
const stopTimeoutMs = 5_000;

/** What the link tells its owner. */
export interface RelayLinkEvents {
  onSessionEvents(events: readonly SessionEvent[]): void;
  onListenersChanged(listeners: readonly BoundListener[], warnings: readonly string[]): void;
  /** Draining, and the last session has ended. */
  onDrained(): void;
  /** The relay thread died; `sessions` were lost with it. A new thread is being started. */
  onRelayDied(cause: string, sessions: number): void;
  /** The thread that was to replace one that died ended before it served; another one is started after `waitMs`. */
  onRelayNotRestarted(cause: string, waitMs: number): void;
  /** A new relay thread serves after one died. */
  onRelayRestarted(status: RelayStatus): void;
}

/** Starts a relay thread; a parameter so that its owner decides what runs there. */
export type SpawnRelay = (start: RelayStart) => Worker;

/**
 * The relay's short-lived heap: packets die young, and a small nursery that is emptied often stays in the cache. Left to
 * grow, it would hold half as much memory again as 10,000 allocations need.
 */
const relayYoungGenerationMb = 12;

/** A relay thread that runs `entry`. */
export function spawnRelayThread(entry: URL): SpawnRelay {
  const resourceLimits = { maxYoungGenerationSizeMb: relayYoungGenerationMb };
  // The flags of the process are its program's: one that is made for its main module (--input-type, --import) is not for ours.
  const options = { name: 'turnpike-relay', resourceLimits, execArgv: [] };
  return (start) => new Worker(entry, { ...options, workerData: start });
}

/** What a started relay thread reports. */
export interface RelayStarted {
  readonly status: RelayStatus;
  readonly warnings: readonly string[];
}

/**
 * The main thread's end of the link to the relay thread, which it starts, restarts when it dies, and stops.
 * A restarted thread listens on the ports that the first one was given, and drains when the first one did.
 */
export class RelayLink {
  readonly #spawn: SpawnRelay;
  readonly #events: RelayLinkEvents;
  readonly #liveSessions = new Map<SessionId, SessionEvent & { type: 'session-started' }>();
  readonly #statusReplies = new PendingReplies<RelayStatus>();
  readonly #endReplies = new PendingReplies<boolean>();
  readonly #firstStart = Promise.withResolvers<RelayStarted>();
  readonly #draining = Promise.withResolvers<number>();
  readonly #stopped = Promise.withResolvers<number>();
  #start: RelayStart;
  #worker: Worker | undefined;
  #state: 'idle' | 'first-start' | 'serving' | 'restarting' | 'stopping' = 'idle';
  #drainWanted = false;
  #sessionsEnded = 0;
  #spawnedAtMs = 0;
  /** Starts that failed since a thread last served. */
  #failedStarts = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #deathCause = '';

  constructor(start: RelayStart, spawn: SpawnRelay, events: RelayLinkEvents) {
    this.#start = start;
    this.#spawn = spawn;
    this.#events = events;
  }

  /**
   * Starts the relay thread; resolves when it listens. Once only.
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
    if (!this.#drainWanted && this.#state === 'serving') this.#post({ type: 'drain' });
    this.#drainWanted = true;
    return this.#draining.promise;
  }

  /** Serves new TLS clients with another certificate; the sessions of others go on. */
  setCertificate(tls: TlsMaterial): void {
    this.#start = { ...this.#start, tls };
    // A thread that is still starting finds it when it listens to us.
    this.#post({ type: 'certificate', tls });
  }

  /**
   * What the relay thread is doing now.
   * @throws EnvironmentError `relay_unavailable` while the thread is not there, or does not answer within 2 s
   */
  status(): Promise<RelayStatus> {
    if (this.#state !== 'serving') return Promise.reject(relayUnavailable());
    return this.#statusReplies.ask((request) => this.#post({ type: 'status', request }));
  }

  /**
   * Ends one session; its end is reported before this resolves.
   * @param client whose session it is, as its events name it
   * @returns whether it was there
   * @throws EnvironmentError `relay_unavailable` as for `status`
   */
  endSession(session: SessionId, client: Client): Promise<boolean> {
    if (this.#state !== 'serving') return Promise.reject(relayUnavailable());
    return this.#endReplies.ask((request) => this.#post({ type: 'end-session', request, session, client }));
  }

  /**
   * Ends every session and the thread. A thread that does not stop within 5 s is terminated.
   * @returns how many sessions it ended
   */
  async stop(): Promise<number> {
    clearTimeout(this.#restartTimer);
    const worker = this.#worker;
    const serving = this.#state === 'serving';
    this.#state = 'stopping';
    this.#draining.resolve(0);
    if (worker === undefined) return 0;
    if (serving) this.#post({ type: 'stop' });
    else await worker.terminate();
    const timer = setTimeout(() => void worker.terminate(), stopTimeoutMs);
    const sessionsEnded = await this.#stopped.promise;
    clearTimeout(timer);
    return sessionsEnded;
  }

  #spawnThread(): void {
    this.#spawnedAtMs = Date.now();
    this.#deathCause = '';
    const worker = this.#spawn(this.#start);
    this.#worker = worker;
    worker.on('message', (message: FromRelay) => this.#onMessage(message));
    worker.on('error', (error) => {
      this.#deathCause = error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    worker.on('exit', (code) => this.#onExit(code));
  }

  #onMessage(message: FromRelay): void {
    switch (message.type) {
      case 'listening':
        return this.#onListening(message.status, message.warnings);
      case 'start-failed':
        return this.#onStartFailed(message.url, message.code, message.message);
      case 'listeners-changed':
        return this.#events.onListenersChanged(message.listeners, message.warnings);
      case 'events':
        for (const event of message.events) {
          if (event.type === 'session-started') this.#liveSessions.set(event.session, event);
          if (event.type === 'session-ended') this.#liveSessions.delete(event.session);
        }
        return this.#events.onSessionEvents(message.events);
      case 'status':
        return this.#statusReplies.settle(message.request, message.status);
      case 'session-end-answered':
        return this.#endReplies.settle(message.request, message.existed);
      case 'draining':
        return this.#draining.resolve(message.sessions);
      case 'drained':
        return this.#events.onDrained();
      case 'stopped':
        this.#sessionsEnded = message.sessionsEnded;
        return;
      default:
        return assertNever(message);
    }
  }

  #onListening(status: RelayStatus, warnings: readonly string[]): void {
    if (this.#state === 'stopping') return;
    const first = this.#state === 'first-start';
    this.#state = 'serving';
    this.#failedStarts = 0;
    if (this.#drainWanted) this.#post({ type: 'drain' });
    if (first) {
      this.#start = { ...this.#start, listen: withBoundPorts(this.#start.listen, status.listeners) };
      this.#firstStart.resolve({ status, warnings });
    } else {
      this.#events.onRelayRestarted(status);
    }
  }

  #onStartFailed(url: string, code: string | undefined, message: string): void {
    if (this.#state !== 'first-start') {
      this.#deathCause = message;
      return;
    }
    const cause = Object.assign(new Error(message), { code });
    this.#firstStart.reject(bindError(cause, 'turn.listen', url));
  }

  #onExit(code: number): void {
    this.#worker = undefined;
    this.#statusReplies.failAll();
    this.#endReplies.failAll();
    const cause = this.#deathCause === '' ? `exit code ${code}` : this.#deathCause;
    switch (this.#state) {
      case 'first-start':
        this.#state = 'idle';
        // Nothing happens here when the thread has reported why: the promise is settled already.
        this.#firstStart.reject(
          new EnvironmentError('relay_start_failed', `the relay thread ended while starting: ${cause}`),
        );
        return;
      case 'stopping':
        this.#stopped.resolve(this.#sessionsEnded);
        return;
      case 'serving':
        this.#replace(cause);
        return;
      case 'restarting':
        this.#failedStarts += 1;
        this.#spawnLater((waitMs) => this.#events.onRelayNotRestarted(cause, waitMs));
        return;
      case 'idle':
        return;
      default:
        assertNever(this.#state);
    }
  }

  #replace(cause: string): void {
    this.#state = 'restarting';
    const lost = [...this.#liveSessions.values()].map(({ session, client, username }): SessionEvent => {
      return { type: 'session-ended', session, client, username, cause: 'relay-died' };
    });
    this.#liveSessions.clear();
    this.#events.onRelayDied(cause, lost.length);
    this.#events.onSessionEvents(lost);
    this.#spawnLater(() => undefined);
  }

  #spawnLater(tell: (waitMs: number) => void): void {
    const spacingMs = Math.min(longestRestartSpacingMs, restartSpacingMs * 2 ** this.#failedStarts);
    const waitMs = Math.max(0, this.#spawnedAtMs + spacingMs - Date.now());
    this.#restartTimer = setTimeout(() => this.#spawnThread(), waitMs);
    tell(waitMs);
  }

  #post(message: ToRelay): void {
    this.#worker?.postMessage(message);
  }
}

/** The same listeners, each that asked for any port now asking for the one it was given. */
function withBoundPorts(requests: readonly TurnListener[], bound: readonly BoundListener[]): TurnListener[] {
  return requests.map((request, index) => {
    const given = bound.find((listener) => listener.request === index);
    return given === undefined ? request : { ...request, port: given.address.port };
  });
}
