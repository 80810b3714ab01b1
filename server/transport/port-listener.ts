import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { formatIp } from '../stun/ip-text.ts';
import type { TransportAddress } from '../stun/transport-address.ts';

/** Connections that the kernel may hold for us while we are busy: everybody reconnecting at once after a restart. */
const backlog = 4096;

const keepAliveDelayMs = 60_000;

/** Who takes over the connections of a port. */
export interface ConnectionTaker {
  accept(socket: Socket): void;
  noteAcceptError(): void;
}

/** Accepts TCP connections on one local address and hands them over; with `pauseOnConnect`, before anything is read from them. */
export class PortListener {
  readonly #address: TransportAddress;
  readonly #server: Server;

  constructor(address: TransportAddress, taker: ConnectionTaker, options: { readonly pauseOnConnect: boolean }) {
    this.#address = address;
    this.#server = createServer({
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelayMs,
      pauseOnConnect: options.pauseOnConnect,
    });
    this.#server.on('connection', (socket) => {
      taker.accept(socket);
    });
    // Out of descriptors, node closes what it cannot take; only what it cannot even close arrives as an error.
    this.#server.on('error', () => {
      if (this.#server.listening) taker.noteAcceptError();
    });
  }

  /**
   * Binds and listens; port 0 takes any. Resolves to the bound address. Rejects with the system's error
   * (`code` EADDRINUSE, EADDRNOTAVAIL, EACCES).
   */
  listen(): Promise<TransportAddress> {
    const { promise, resolve, reject } = Promise.withResolvers<TransportAddress>();
    const { ip, port } = this.#address;
    this.#server.once('error', reject);
    this.#server.listen({ host: formatIp(ip), port, backlog, ipv6Only: ip.family === 6 }, () => {
      this.#server.off('error', reject);
      const bound = this.#server.address();
      resolve({ ip, port: typeof bound === 'object' && bound !== null ? bound.port : port });
    });
    return promise;
  }

  /** Stops accepting and frees the port. Streams that came through here stay. Repeatable, also on one that never listened. */
  close(): void {
    this.#server.close(() => undefined);
  }
}
