import { Worker } from 'node:worker_threads';
import type { TurnListener } from '../config/resolved-config.ts';
import { assertNever } from '../contract/assert-never.ts';
import type { SessionEvent, SessionId } from '../seam/session-event.ts';
import { bindError, EnvironmentError } from './errors.ts';
import { sameIp } from '../stun/transport-address.ts';
import type { BoundListener, FromRelay, RelayStart, RelayStatus, ToRelay } from './relay-messages.ts';

/** The shortest time between two starts of the relay thread: the first restart is at once, a thread that keeps dying is paced. */
const restartSpacingMs = 500;
const stopTimeoutMs = 5_000;
const statusTimeoutMs = 2_000;

/** What the link tells its owner. */
export interface RelayLinkEvents {
  onSessionEvents(events: readonly SessionEvent[]): void;
  onListenersChanged(listeners: readonly BoundListener[], warnings: readonly string[]): void;
  /** Draining, and the last session has ended. */
  onDrained(): void;
  /** The relay thread died; `sessions` were lost with it. A new thread is being started. */
  onRelayDied(cause: string, sessions: number): void;
  /** A new relay thread serves after one died. */
  onRelayRestarted(status: RelayStatus): void;
}

/** Starts a relay thread; a parameter so that its owner decides what runs there. */
export type SpawnRelay = (start: RelayStart) => Worker;

interface PendingStatus {
  readonly resolve: (status: RelayStatus) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The relay's short-lived heap: packets die young, and a small nursery that is emptied often stays in the cache. Left to
 * grow, it would hold half as much memory again as 10,000 allocations need.
 */
const relayYoungGenerationMb = 12;

/** A relay thread that runs `entry`. */
export function spawnRelayThread(entry: URL): SpawnRelay {
  const resourceLimits = { maxYoungGenerationSizeMb: relayYoungGenerationMb };
  return (start) => new Worker(entry, { workerData: start, name: 'turnpike-relay', resourceLimits });
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
  readonly #pendingStatus = new Map<number, PendingStatus>();
  readonly #firstStart = Promise.withResolvers<RelayStarted>();
  readonly #draining = Promise.withResolvers<number>();
  readonly #stopped = Promise.withResolvers<number>();
  #start: RelayStart;
  #worker: Worker | undefined;
  #state: 'idle' | 'first-start' | 'serving' | 'restarting' | 'stopping' = 'idle';
  #drainWanted = false;
  #sessionsEnded = 0;
  #spawnedAtMs = 0;
  #lastRequest = 0;
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

  /**
   * What the relay thread is doing now.
   * @throws EnvironmentError `relay_unavailable` while the thread is not there, or does not answer within 2 s
   */
  status(): Promise<RelayStatus> {
    if (this.#state !== 'serving') return Promise.reject(relayUnavailable());
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    this.#post({ type: 'status', request });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#failStatus(request), statusTimeoutMs);
      this.#pendingStatus.set(request, { resolve, reject, timer });
    });
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
        return this.#settleStatus(message.request, message.status);
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
    for (const request of [...this.#pendingStatus.keys()]) this.#failStatus(request);
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
      case 'restarting':
        this.#restart(cause);
        return;
      case 'idle':
        return;
      default:
        assertNever(this.#state);
    }
  }

  #restart(cause: string): void {
    this.#state = 'restarting';
    const lost = [...this.#liveSessions.values()].map(({ session, client, username }): SessionEvent => {
      return { type: 'session-ended', session, client, username, cause: 'relay-died' };
    });
    this.#liveSessions.clear();
    this.#events.onRelayDied(cause, lost.length);
    this.#events.onSessionEvents(lost);
    const waitMs = Math.max(0, this.#spawnedAtMs + restartSpacingMs - Date.now());
    this.#restartTimer = setTimeout(() => this.#spawnThread(), waitMs);
  }

  #settleStatus(request: number, status: RelayStatus): void {
    const pending = this.#pendingStatus.get(request);
    if (pending === undefined) return;
    this.#pendingStatus.delete(request);
    clearTimeout(pending.timer);
    pending.resolve(status);
  }

  #failStatus(request: number): void {
    const pending = this.#pendingStatus.get(request);
    if (pending === undefined) return;
    this.#pendingStatus.delete(request);
    clearTimeout(pending.timer);
    pending.reject(relayUnavailable());
  }

  #post(message: ToRelay): void {
    this.#worker?.postMessage(message);
  }
}

function relayUnavailable(): EnvironmentError {
  return new EnvironmentError(
    'relay_unavailable',
    'the relay thread does not answer; it is being restarted or overloaded.',
  );
}

/** The same listeners, each that asked for any port now asking for the one it was given. */
function withBoundPorts(requests: readonly TurnListener[], bound: readonly BoundListener[]): TurnListener[] {
  const unclaimed = [...bound];
  return requests.map((request) => {
    if (request.port !== 0) return request;
    const index = unclaimed.findIndex(
      (listener) =>
        listener.transport === request.transport &&
        (request.host === '*' ? listener.wildcard : sameIp(listener.address.ip, request.host)),
    );
    const given = unclaimed.splice(index, index === -1 ? 0 : 1)[0];
    return given === undefined ? request : { ...request, port: given.address.port };
  });
}
