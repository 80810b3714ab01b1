import { Worker } from 'node:worker_threads';
import { assertNever } from '../contract/assert-never.ts';
import type { CredentialChange } from '../credentials/credential-set.ts';
import type { Client } from '../seam/client.ts';
import type { SessionEvent, SessionId } from '../seam/session-event.ts';
import { bindError, EnvironmentError } from './errors.ts';
import { PendingReplies } from './pending-replies.ts';
import { CredentialStream, type CredentialSource } from './relay-credentials.ts';
import type { FromRelay, RelayStart, RelayStatus, ToRelay } from './relay-messages.ts';

const stopTimeoutMs = 5_000;
/** Before the credentials are read again that could not be. */
const credentialRetryMs = 1_000;

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

/** How a relay thread came to its end. */
export interface ThreadEnd {
  readonly cause: string;
  /** Why it never listened, for whoever started it. */
  readonly error: EnvironmentError;
  /** Of a stop. */
  readonly sessionsEnded: number;
  /** The ends of the sessions that went down with it. */
  readonly lost: readonly SessionEvent[];
}

/** What a relay thread says that is not an answer. */
export type Announcement = Exclude<
  FromRelay,
  {
    readonly type:
      'start-failed' | 'status' | 'session-end-answered' | 'credentials-applied' | 'credentials-wanted' | 'stopped';
  }
>;

/** What a thread tells its owner. */
export interface RelayThreadEvents {
  onAnnouncement(announcement: Announcement): void;
  /** The last of all. */
  onExit(end: ThreadEnd): void;
  /** The credentials could not be read. The thread goes on with those that it has; without any it ends. */
  onCredentialsFailed(error: unknown): void;
}

/** One life of the relay thread, from its spawn to its exit, as the main thread sees it. */
export class RelayThread {
  readonly #worker: Worker;
  readonly #events: RelayThreadEvents;
  readonly #credentials: CredentialStream;
  readonly #liveSessions = new Map<SessionId, SessionEvent & { type: 'session-started' }>();
  readonly #statusReplies = new PendingReplies<RelayStatus>();
  readonly #endReplies = new PendingReplies<boolean>();
  #isListening = false;
  #sessionsEnded = 0;
  #cause: string | undefined;
  #error: EnvironmentError | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(start: RelayStart, spawn: SpawnRelay, source: CredentialSource, events: RelayThreadEvents) {
    this.#events = events;
    this.#credentials = new CredentialStream(source, start.machine.realm, (delta) => {
      this.post({ type: 'credentials', delta });
    });
    this.#worker = spawn(start);
    this.#worker.on('message', (message: FromRelay) => this.#onMessage(message));
    this.#worker.on('error', (error) => {
      this.#cause ??= error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    this.#worker.on('exit', (code) => this.#onExit(code));
    this.#feed(() => this.#credentials.sendAll());
  }

  /** How long its event loop was busy and idle, in milliseconds. */
  get eventLoop(): { readonly active: number; readonly idle: number } {
    return this.#worker.performance.eventLoopUtilization();
  }

  /** Sends a message that nothing is answered to. */
  post(message: ToRelay): void {
    this.#worker.postMessage(message);
  }

  /** As `RelayLink.applyCredentials`. */
  applyCredentials(changes: readonly CredentialChange[]): void {
    this.#feed(() => this.#credentials.send(changes));
  }

  /** As `RelayLink.status`. */
  status(): Promise<RelayStatus> {
    return this.#statusReplies.ask((request) => this.post({ type: 'status', request }));
  }

  /** As `RelayLink.endSession`. */
  endSession(session: SessionId, client: Client): Promise<boolean> {
    return this.#endReplies.ask((request) => this.post({ type: 'end-session', request, session, client }));
  }

  /** Has the thread end its sessions and itself; one that does not listen, or does not end within 5 s, is terminated. */
  stop(): void {
    clearTimeout(this.#timer);
    if (!this.#isListening) {
      void this.#worker.terminate();
      return;
    }
    this.post({ type: 'stop' });
    this.#timer = setTimeout(() => void this.#worker.terminate(), stopTimeoutMs);
  }

  #onMessage(message: FromRelay): void {
    switch (message.type) {
      case 'start-failed': {
        const cause = Object.assign(new Error(message.message), { code: message.code });
        this.#cause = message.message;
        this.#error = bindError(cause, 'turn.listen', message.url);
        return;
      }
      case 'status':
        return this.#statusReplies.settle(message.request, message.status);
      case 'session-end-answered':
        return this.#endReplies.settle(message.request, message.existed);
      case 'credentials-applied':
        return this.#feed(() => this.#credentials.applied(message.sequence));
      case 'credentials-wanted':
        return this.#feed(() => this.#credentials.sendAll());
      case 'stopped':
        this.#sessionsEnded = message.sessionsEnded;
        return;
      case 'events':
        for (const event of message.events) {
          if (event.type === 'session-started') this.#liveSessions.set(event.session, event);
          if (event.type === 'session-ended') this.#liveSessions.delete(event.session);
        }
        return this.#events.onAnnouncement(message);
      case 'listening':
        this.#isListening = true;
        return this.#events.onAnnouncement(message);
      case 'listeners-changed':
      case 'usage':
      case 'backoff':
      case 'draining':
      case 'drained':
        return this.#events.onAnnouncement(message);
      default:
        return assertNever(message);
    }
  }

  /** Reads credentials. Where they cannot be read, a thread that serves goes on with what it has, and another try follows. */
  #feed(read: () => void): void {
    try {
      read();
    } catch (error) {
      this.#events.onCredentialsFailed(error);
      if (this.#isListening) {
        this.#timer ??= setTimeout(() => {
          this.#timer = undefined;
          this.#feed(() => this.#credentials.sendAll());
        }, credentialRetryMs);
      } else {
        this.#cause ??= `the credentials could not be read: ${error instanceof Error ? error.message : String(error)}`;
        void this.#worker.terminate();
      }
    }
  }

  #onExit(code: number): void {
    clearTimeout(this.#timer);
    this.#statusReplies.failAll();
    this.#endReplies.failAll();
    const cause = this.#cause ?? `exit code ${code}`;
    const lost = [...this.#liveSessions.values()].map((started): SessionEvent => {
      const { session, client, username, principal } = started;
      return { type: 'session-ended', session, client, username, principal, cause: 'relay-died' };
    });
    this.#liveSessions.clear();
    const error =
      this.#error ?? new EnvironmentError('relay_start_failed', `the relay thread ended while starting: ${cause}`);
    this.#events.onExit({ cause, error, sessionsEnded: this.#sessionsEnded, lost });
  }
}
