import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { assertNever } from '../contract/assert-never.ts';
import type { SessionEvent } from '../seam/session-event.ts';
import { systemErrorCode } from './errors.ts';
import { RelayEngine } from './relay-engine.ts';
import { ListenError } from './relay-listeners.ts';
import type { CredentialDelta } from '../credentials/credential-set.ts';
import type { FromRelay, RelayStart, ToRelay } from './relay-messages.ts';
import { packUsage } from './relay-usage-report.ts';

const eventBatchMs = 20;
const eventBatchLength = 256;
/** Strangers provoke refusals at will: at most so many a batch are told. The log writes one line of each cause in ten seconds anyway. */
const refusalsPerBatch = 32;

/** Joins session events into batches, so that a flood costs the main thread a bounded number of messages. */
class EventBatcher {
  readonly #post: (message: FromRelay) => void;
  #events: SessionEvent[] = [];
  #refusals = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(post: (message: FromRelay) => void) {
    this.#post = post;
  }

  add(event: SessionEvent): void {
    if (event.type === 'refused') {
      this.#refusals += 1;
      if (this.#refusals > refusalsPerBatch) return;
    }
    this.#events.push(event);
    if (this.#events.length >= eventBatchLength) this.flush();
    else this.#timer ??= setTimeout(() => this.#onTimer(), eventBatchMs);
  }

  flush(): void {
    if (this.#events.length > 0) this.#post({ type: 'events', events: this.#events });
    this.#events = [];
  }

  #onTimer(): void {
    this.#timer = undefined;
    this.#refusals = 0;
    this.flush();
  }
}

/** The relay thread's whole life: start, serve, answer the main thread, stop. */
class RelayWorker {
  readonly #port: MessagePort;
  readonly #batcher: EventBatcher;
  readonly #engine: RelayEngine;
  /** A whole set of credentials was asked for and has not begun to come. */
  #isWaitingForReset = false;

  constructor(port: MessagePort, start: RelayStart) {
    this.#port = port;
    this.#batcher = new EventBatcher((message) => this.#post(message));
    this.#engine = new RelayEngine(start, {
      onSessionEvent: (event) => this.#batcher.add(event),
      onListenersChanged: (listeners, warnings) => this.#post({ type: 'listeners-changed', listeners, warnings }),
      onDrained: () => {
        this.#batcher.flush();
        this.#post({ type: 'drained' });
      },
      onUsage: (report) => {
        this.#batcher.flush();
        const usage = packUsage(report);
        this.#post({ type: 'usage', usage }, [usage.sessions.buffer]);
      },
      onBackoff: (snapshot) => this.#post({ type: 'backoff', snapshot }),
    });
    port.on('message', (message: ToRelay) => this.#onMessage(message));
  }

  /** Resolves when the engine serves, or has said why it does not. */
  async start(): Promise<void> {
    try {
      await this.#engine.start();
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      const { url, message } = error;
      this.#post({ type: 'start-failed', url, code: systemErrorCode(error.cause), message });
      this.#port.close();
      return;
    }
    this.#post({ type: 'listening', status: this.#engine.status, warnings: this.#engine.warnings });
  }

  #post(message: FromRelay, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  #onMessage(message: ToRelay): void {
    switch (message.type) {
      case 'credentials':
        return this.#applyCredentials(message.delta);
      case 'drain':
        return this.#post({ type: 'draining', sessions: this.#engine.drain() });
      case 'certificate':
        return this.#engine.setCertificate(message.tls);
      case 'end-session': {
        const existed = this.#engine.endSession(message.session, message.client);
        this.#batcher.flush();
        return this.#post({ type: 'session-end-answered', request: message.request, existed });
      }
      case 'status':
        this.#batcher.flush();
        return this.#post({ type: 'status', request: message.request, status: this.#engine.status });
      case 'stop':
        return void this.#stop();
      default:
        return assertNever(message);
    }
  }

  #applyCredentials(delta: CredentialDelta): void {
    const isLost = this.#engine.applyCredentials(delta) === 'gap';
    if (isLost && !this.#isWaitingForReset) this.#post({ type: 'credentials-wanted' });
    this.#isWaitingForReset = isLost;
    this.#post({ type: 'credentials-applied', sequence: delta.sequence });
  }

  async #stop(): Promise<void> {
    const sessionsEnded = await this.#engine.stop();
    this.#batcher.flush();
    this.#post({ type: 'stopped', sessionsEnded });
    this.#port.close();
  }
}

if (parentPort === null) throw new Error('relay-worker runs in a worker thread only');
await new RelayWorker(parentPort, workerData as RelayStart).start();
