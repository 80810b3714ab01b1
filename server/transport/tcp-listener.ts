import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { formatIp } from '../stun/ip-text.ts';
import type { TransportAddress } from '../stun/transport-address.ts';
import type { StreamClients } from './stream-clients.ts';

/** Connections that the kernel may hold for us while we are busy: everybody reconnecting at once after a restart. */
const backlog = 4096;

const keepAliveDelayMs = 60_000;

/** Accepts TCP clients on one local address and hands them to `StreamClients` (RFC 8656 section 3.1). */
export class TcpListener {
  readonly #address: TransportAddress;
  readonly #server: Server;

  constructor(address: TransportAddress, clients: StreamClients) {
    this.#address = address;
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs });
    this.#server.on('connection', (socket) => {
      clients.accept(socket);
    });
    // Out of descriptors, node closes what it cannot take; only what it cannot even close arrives as an error.
    this.#server.on('error', () => {
      if (this.#server.listening) clients.noteAcceptError();
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
