import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { sourceKey } from '../stun/transport-address.ts';
import { HandshakeQueue } from './handshake-queue.ts';
import type { StreamClients } from './stream-clients.ts';
import { TlsHandshake } from './tls-handshake.ts';
import { tlsLimits } from './tls-limits.ts';
import type { TlsLimits } from './tls-limits.ts';
import { createTlsContext } from './tls-material.ts';
import type { TlsMaterial } from './tls-material.ts';

/** How TLS is spoken. */
export interface TlsAcceptorOptions {
  readonly streams: StreamClients;
  readonly material: TlsMaterial;
  /** What differs from the default (`tlsLimits`), whatever key is served with. */
  readonly limits?: Partial<TlsLimits>;
}

/**
 * Turns connections of every TLS listener of a relay into streams: they are admitted first, wait unread for their turn,
 * and shake hands (SECURITY.md 10). One certificate and one set of limits for all listeners.
 */
export class TlsAcceptor {
  readonly #streams: StreamClients;
  readonly #differences: Partial<TlsLimits>;
  readonly #queue: HandshakeQueue<TlsHandshake>;
  /** Under way, oldest first. */
  readonly #handshaking = new Set<TlsHandshake>();
  #context: SecureContext;
  #limits: TlsLimits;
  #turn: NodeJS.Timeout | undefined;

  /** @throws what `createTlsContext` throws */
  constructor(options: TlsAcceptorOptions) {
    this.#streams = options.streams;
    this.#differences = options.limits ?? {};
    this.#context = createTlsContext(options.material);
    this.#limits = tlsLimits(options.material.key, this.#differences);
    this.#queue = new HandshakeQueue(this.#limits);
  }

  /** Connections that wait for their turn. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  /** Handshakes under way. */
  get handshaking(): number {
    return this.#handshaking.size;
  }

  /**
   * Handshakes that begin from now on show this certificate, as fast as its key allows. Streams and handshakes under way
   * are left alone.
   * @throws what `createTlsContext` throws; the former certificate then stays
   */
  setCertificate(material: TlsMaterial): void {
    const context = createTlsContext(material);
    this.#limits = tlsLimits(material.key, this.#differences);
    this.#queue.setRate(this.#limits);
    this.#context = context;
  }

  /** Takes over a connection that a listener accepted and nobody has read from, or turns it away by a reset. */
  accept(tcp: Socket): void {
    const client = this.#streams.admit(tcp);
    if (client === undefined) return;
    const handshake = new TlsHandshake(tcp, {
      onSecure: (socket) => {
        this.#handshaking.delete(handshake);
        this.#streams.open(client, { socket, tcp });
      },
      onFailed: (failure) => {
        this.#handshaking.delete(handshake);
        this.#queue.leave(handshake);
        this.#streams.leave(client, failure);
      },
    });
    this.#queue.enter(sourceKey(client.remote.ip), handshake, performance.now())?.end('wait-crowded-out');
    this.#serve();
  }

  /** A listener could not take a connection over from the system. */
  noteAcceptError(): void {
    this.#streams.noteAcceptError();
  }

  #serve(): void {
    clearTimeout(this.#turn);
    const nowMs = performance.now();
    for (let late = this.#queue.nextOverdue(nowMs); late !== undefined; late = this.#queue.nextOverdue(nowMs)) {
      late.end('wait-timed-out');
    }
    for (let next = this.#queue.next(nowMs); next !== undefined; next = this.#queue.next(nowMs)) this.#begin(next);
    const delayMs = this.#queue.untilNextMs(nowMs);
    if (delayMs === undefined) return;
    this.#turn = setTimeout(() => {
      this.#serve();
    }, Math.ceil(delayMs));
  }

  /**
   * Of a client that left while it waited nothing is known before it is read from, so that it costs a turn: a socket that is
   * not read tells of neither FIN nor RST. The turn is not given back either, or a flood of such clients would
   * have us make TLS sockets at any rate.
   */
  #begin(handshake: TlsHandshake): void {
    if (this.#handshaking.size >= this.#limits.maxHandshaking) {
      const [oldest] = this.#handshaking;
      oldest?.end('crowded-out');
    }
    this.#handshaking.add(handshake);
    handshake.begin(this.#context, this.#limits.handshakeTimeoutMs);
  }
}
