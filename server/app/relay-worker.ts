import { parentPort, workerData } from 'node:worker_threads';
import { assertNever } from '../contract/assert-never.ts';
import type { SessionEvent } from '../seam/session-event.ts';
import { systemErrorCode } from './errors.ts';
import { RelayEngine } from './relay-engine.ts';
import { ListenError } from './relay-listeners.ts';
import type { FromRelay, RelayStart, ToRelay } from './relay-messages.ts';

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
async function run(port: NonNullable<typeof parentPort>, start: RelayStart): Promise<void> {
  const post = (message: FromRelay): void => port.postMessage(message);
  const batcher = new EventBatcher(post);
  const engine = new RelayEngine(start, {
    onSessionEvent: (event) => batcher.add(event),
    onListenersChanged: (listeners, warnings) => post({ type: 'listeners-changed', listeners, warnings }),
    onDrained: () => {
      batcher.flush();
      post({ type: 'drained' });
    },
  });
  try {
    await engine.start();
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    post({ type: 'start-failed', url: error.url, code: systemErrorCode(error.cause), message: error.message });
    port.close();
    return;
  }
  port.on('message', (message: ToRelay) => {
    switch (message.type) {
      case 'drain':
        return post({ type: 'draining', sessions: engine.drain() });
      case 'certificate':
        return engine.setCertificate(message.tls);
      case 'end-session': {
        const existed = engine.endSession(message.session, message.client);
        batcher.flush();
        return post({ type: 'session-end-answered', request: message.request, existed });
      }
      case 'status':
        batcher.flush();
        return post({ type: 'status', request: message.request, status: engine.status });
      case 'stop':
        return void stop();
      default:
        return assertNever(message);
    }
  });
  post({ type: 'listening', status: engine.status, warnings: engine.warnings });

  async function stop(): Promise<void> {
    const sessionsEnded = await engine.stop();
    batcher.flush();
    post({ type: 'stopped', sessionsEnded });
    port.close();
  }
}

if (parentPort === null) throw new Error('relay-worker runs in a worker thread only');
await run(parentPort, workerData as RelayStart);
