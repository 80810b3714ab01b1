import type { Server, Socket } from 'node:net';
import type { ConnectionRate } from './connection-rate.ts';

/** Who may be connected to a server. */
export interface ConnectionGateOptions {
  /** Connections of one source at a time. */
  readonly maxPerSource: number;
  /** How fast connections may come; null when they cost nothing worth it. */
  readonly rate: ConnectionRate | null;
  /** Whoever uses this address, which is one that a socket shows. */
  readonly sourceOf: (address: string) => string;
}

/**
 * Stands before what a server does with a connection, so that one source cannot take the places or the time of all
 * others (SECURITY.md 2). Whoever is turned away is reset before anything is read from them.
 */
export class ConnectionGate {
  readonly #options: ConnectionGateOptions;
  readonly #open = new Set<Socket>();
  readonly #counts = new Map<string, number>();
  #closed = false;

  /** Takes the place of those that listen for the server's connections, and hands on to them whom it lets in. */
  constructor(server: Server, options: ConnectionGateOptions) {
    this.#options = options;
    const takers = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (this.#admits(socket)) {
        for (const take of takers) Reflect.apply(take, server, [socket]);
        return;
      }
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
    });
  }

  /** Lets nobody in any more, and ends every connection: the server's own list begins after the TLS handshake. Repeatable. */
  close(): void {
    this.#closed = true;
    for (const socket of this.#open) socket.destroy();
  }

  #admits(socket: Socket): boolean {
    const { maxPerSource, rate, sourceOf } = this.#options;
    const source = sourceOf(socket.remoteAddress ?? '');
    const count = this.#counts.get(source) ?? 0;
    if (this.#closed || count >= maxPerSource) return false;
    if (rate?.passes(source, performance.now()) === false) return false;
    this.#open.add(socket);
    this.#counts.set(source, count + 1);
    socket.once('close', () => {
      this.#open.delete(socket);
      const left = (this.#counts.get(source) ?? 1) - 1;
      if (left === 0) this.#counts.delete(source);
      else this.#counts.set(source, left);
    });
    return true;
  }
}
