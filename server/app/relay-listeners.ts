import type { TurnListener } from '../config/resolved-config.ts';
import type { ListenerId } from '../seam/client.ts';
import type { ForwardingPlane } from '../seam/plane.ts';
import { formatTransportAddress } from '../stun/ip-text.ts';
import {
  ipv4,
  ipv6,
  transportAddressKey,
  type IpAddress,
  type TransportAddress,
  type TransportAddressKey,
} from '../stun/transport-address.ts';
import type { StreamClients } from '../transport/stream-clients.ts';
import { TcpListener } from '../transport/tcp-listener.ts';
import { isMissingAddress, systemErrorCode } from './errors.ts';
import type { BoundListener } from './relay-messages.ts';

const anyIpv4 = ipv4(0);
const anyIpv6 = ipv6(0, 0, 0, 0);

/** A listener could not be bound at the start. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** What was to be bound, e.g. `udp://127.0.0.1:3478`. */
  readonly url: string;

  constructor(url: string, cause: unknown) {
    super(`cannot listen on ${url}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.url = url;
  }
}

/** What the listeners are made with. */
export interface RelayListenersOptions {
  readonly plane: ForwardingPlane;
  readonly requests: readonly TurnListener[];
  readonly streams: StreamClients;
}

/**
 * The client-facing listeners. A UDP `*` is one socket for each address of this host, since a wildcard dgram socket
 * cannot tell which address was called and answers from the wrong one; a TCP `*` is one listener for each family.
 */
export class RelayListeners {
  readonly #options: RelayListenersOptions;
  readonly #udp = new Map<TransportAddressKey, { readonly id: ListenerId; readonly bound: BoundListener }>();
  readonly #tcp: { readonly listener: TcpListener; readonly bound: BoundListener }[] = [];
  /** The port that all sockets of a `*` entry share when it asked for any. */
  readonly #portOfWildcard = new Map<TurnListener, number>();
  #lastListenerId = 0;

  constructor(options: RelayListenersOptions) {
    this.#options = options;
  }

  /** Everything that is bound now. */
  get bound(): BoundListener[] {
    return [...this.#udp.values(), ...this.#tcp].map((entry) => entry.bound);
  }

  /**
   * Binds all that is asked for.
   * @throws ListenError for the first that fails; what was bound stays for the caller to close
   */
  async listen(interfaces: readonly IpAddress[]): Promise<void> {
    for (const request of this.#options.requests) {
      if (request.transport === 'udp') await this.#listenUdp(request, interfaces);
      else await this.#listenTcp(request);
    }
  }

  /**
   * Follows the host's addresses: UDP `*` sockets come and go with them. An address that cannot be bound yet (an IPv6
   * address still being checked by the system) is tried again at the next call.
   * @returns what could not be bound although the address is there
   */
  async follow(interfaces: readonly IpAddress[]): Promise<readonly ListenError[]> {
    const failed: ListenError[] = [];
    const present = new Set(interfaces.map((ip) => transportAddressKey({ ip, port: 0 })));
    for (const [key, { id, bound }] of this.#udp) {
      if (!bound.wildcard || present.has(transportAddressKey({ ip: bound.address.ip, port: 0 }))) continue;
      this.#options.plane.unlisten(id);
      this.#udp.delete(key);
    }
    for (const request of this.#options.requests) {
      if (request.transport !== 'udp' || request.host !== '*') continue;
      try {
        await this.#listenUdp(request, interfaces);
      } catch (error) {
        if (!(error instanceof ListenError)) throw error;
        failed.push(error);
      }
    }
    return failed;
  }

  /** Accepts no more streams. Open streams and the plane's sockets are their owners' to close. */
  close(): void {
    for (const { listener } of this.#tcp) listener.close();
  }

  async #listenUdp(request: TurnListener, interfaces: readonly IpAddress[]): Promise<void> {
    const wildcard = request.host === '*';
    for (const ip of request.host === '*' ? interfaces : [request.host]) {
      const key = transportAddressKey({ ip, port: request.port });
      if (this.#udp.has(key)) continue;
      this.#lastListenerId += 1;
      const id = this.#lastListenerId as ListenerId;
      const wanted = { ip, port: this.#portOfWildcard.get(request) ?? request.port };
      try {
        const address = await bind('udp', wanted, () => this.#options.plane.listen(id, wanted));
        if (wildcard) this.#portOfWildcard.set(request, address.port);
        this.#udp.set(key, { id, bound: { transport: 'udp', address, wildcard } });
      } catch (error) {
        if (!(wildcard && lacksAddress(error))) throw error;
      }
    }
  }

  async #listenTcp(request: TurnListener): Promise<void> {
    if (request.host !== '*') {
      await this.#bindTcp({ ip: request.host, port: request.port }, false);
      return;
    }
    const first = await this.#bindTcp({ ip: anyIpv4, port: request.port }, true);
    try {
      await this.#bindTcp({ ip: anyIpv6, port: first.port }, true);
    } catch (error) {
      if (!lacksAddress(error)) throw error;
    }
  }

  async #bindTcp(address: TransportAddress, wildcard: boolean): Promise<TransportAddress> {
    const listener = new TcpListener(address, this.#options.streams);
    const bound = await bind('tcp', address, () => listener.listen());
    this.#tcp.push({ listener, bound: { transport: 'tcp', address: bound, wildcard } });
    return bound;
  }
}

async function bind(
  transport: 'udp' | 'tcp',
  address: TransportAddress,
  listen: () => Promise<TransportAddress>,
): Promise<TransportAddress> {
  try {
    return await listen();
  } catch (error) {
    throw new ListenError(`${transport}://${formatTransportAddress(address)}`, error);
  }
}

function lacksAddress(error: unknown): boolean {
  return error instanceof ListenError && isMissingAddress(systemErrorCode(error.cause));
}
