import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { MessageWriter } from '../../../server/stun/message.ts';
import { Method } from '../../../server/stun/registry.ts';

/** Nothing answered on loopback in this time is lost. */
const patienceMs = 10_000;
const askEveryMs = 40;

/** Round trips of Binding requests over some seconds; null where nothing was answered. */
export interface RoundTrips {
  readonly answered: number;
  readonly p50Us: number | null;
  readonly p99Us: number | null;
  readonly maxUs: number | null;
}

/** Asks a server for Binding responses all the time: how long they take is what its event loop looks like from outside. */
export class BindingProber {
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  /** When each request under way was sent, by transaction. */
  readonly #sentMs = new Map<string, number>();
  #roundTripsUs: number[] = [];
  #lost = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes) => this.#hear(bytes));
    // While the server is away its port answers with an error; the request is lost all the same.
    socket.on('error', () => undefined);
    this.#timer = setInterval(() => this.#ask(), askEveryMs);
  }

  /** Begins to ask the server at this port of 127.0.0.1. */
  static async start(port: number): Promise<BindingProber> {
    const socket = createSocket('udp4');
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new BindingProber(socket);
  }

  /** Requests without an answer since the start. */
  get lost(): number {
    return this.#lost;
  }

  /** The round trips since the last call. */
  take(): RoundTrips {
    const sorted = this.#roundTripsUs.toSorted((a, b) => a - b);
    this.#roundTripsUs = [];
    const percentile = (share: number): number | null => sorted[Math.floor(share * (sorted.length - 1))] ?? null;
    return { answered: sorted.length, p50Us: percentile(0.5), p99Us: percentile(0.99), maxUs: percentile(1) };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #ask(): void {
    const transactionId = randomBytes(12);
    const nowMs = performance.now();
    for (const [id, sentMs] of this.#sentMs) {
      if (nowMs - sentMs < patienceMs) break;
      this.#sentMs.delete(id);
      this.#lost += 1;
    }
    this.#sentMs.set(transactionId.toString('hex'), nowMs);
    this.#socket.send(new MessageWriter(Method.binding, 'request', transactionId).finish());
  }

  #hear(bytes: Uint8Array): void {
    const id = Buffer.from(bytes.subarray(8, 20)).toString('hex');
    const sentMs = this.#sentMs.get(id);
    if (sentMs === undefined) return;
    this.#sentMs.delete(id);
    this.#roundTripsUs.push((performance.now() - sentMs) * 1000);
  }
}
