import assert from 'node:assert/strict';
import type { TurnListener } from '../config/resolved-config.ts';
import { assertNever } from '../contract/assert-never.ts';
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
import type { PortListener } from '../transport/port-listener.ts';
import { TcpListener } from '../transport/tcp-listener.ts';
import { TlsAcceptor } from '../transport/tls-acceptor.ts';
import { TlsListener } from '../transport/tls-listener.ts';
import type { TlsMaterial } from '../transport/tls-material.ts';
import { isMissingAddress, systemErrorCode } from './errors.ts';
import type { BoundListener } from './relay-messages.ts';

const anyIpv4 = ipv4(0);
const anyIpv6 = ipv6(0, 0, 0, 0);

type StreamTransport = Exclude<BoundListener['transport'], 'udp'>;

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
  /** What `tls://` listeners serve with; null when there are none. */
  readonly tls: TlsMaterial | null;
}

/**
 * The client-facing listeners. A UDP `*` is one socket for each address of this host, since a wildcard dgram socket
 * cannot tell which address was called and answers from the wrong one; a TCP or TLS `*` is one listener for each family.
 */
export class RelayListeners {
  readonly #options: RelayListenersOptions;
  /** By the address that each is bound to: entries with port 0 are told apart by the ports that they were given. */
  readonly #udp = new Map<TransportAddressKey, { readonly id: ListenerId; readonly bound: BoundListener }>();
  readonly #streamListeners: { readonly listener: PortListener; readonly bound: BoundListener }[] = [];
  readonly #tls: TlsAcceptor | null;
  /** The port that all sockets of a `*` entry share when it asked for any. */
  readonly #portOfWildcard = new Map<TurnListener, number>();
  #lastListenerId = 0;

  constructor(options: RelayListenersOptions) {
    this.#options = options;
    const { streams, tls } = options;
    this.#tls = tls === null ? null : new TlsAcceptor({ streams, material: tls });
  }

  /** Everything that is bound now. */
  get bound(): BoundListener[] {
    return [...this.#udp.values(), ...this.#streamListeners].map((entry) => entry.bound);
  }

  /**
   * Binds all that is asked for.
   * @throws ListenError for the first that fails; what was bound stays for the caller to close
   */
  async listen(interfaces: readonly IpAddress[]): Promise<void> {
    for (const [index, request] of this.#options.requests.entries()) {
      if (request.transport === 'udp') await this.#listenUdp(request, index, interfaces);
      else await this.#listenStream(request, index, request.transport);
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
    for (const [index, request] of this.#options.requests.entries()) {
      if (request.transport !== 'udp' || request.host !== '*') continue;
      try {
        await this.#listenUdp(request, index, interfaces);
      } catch (error) {
        if (!(error instanceof ListenError)) throw error;
        failed.push(error);
      }
    }
    return failed;
  }

  /** Connections before their TLS handshake, and in it. */
  get handshakes(): { readonly tlsWaiting: number; readonly tlsHandshaking: number } {
    return { tlsWaiting: this.#tls?.waiting ?? 0, tlsHandshaking: this.#tls?.handshaking ?? 0 };
  }

  /** Serves new TLS clients with another certificate. */
  setCertificate(tls: TlsMaterial): void {
    this.#tls?.setCertificate(tls);
  }

  /** Accepts no more streams. Open streams and the plane's sockets are their owners' to close. */
  close(): void {
    for (const { listener } of this.#streamListeners) listener.close();
  }

  async #listenUdp(request: TurnListener, index: number, interfaces: readonly IpAddress[]): Promise<void> {
    const wildcard = request.host === '*';
    for (const ip of request.host === '*' ? interfaces : [request.host]) {
      const wanted = { ip, port: this.#portOfWildcard.get(request) ?? request.port };
      if (this.#udp.has(transportAddressKey(wanted))) continue;
      this.#lastListenerId += 1;
      const id = this.#lastListenerId as ListenerId;
      try {
        const address = await bind('udp', wanted, () => this.#options.plane.listen(id, wanted));
        if (wildcard) this.#portOfWildcard.set(request, address.port);
        this.#udp.set(transportAddressKey(address), {
          id,
          bound: { transport: 'udp', address, wildcard, request: index },
        });
      } catch (error) {
        if (!(wildcard && lacksAddress(error))) throw error;
      }
    }
  }

  async #listenStream({ host, port }: TurnListener, request: number, transport: StreamTransport): Promise<void> {
    if (host !== '*') {
      await this.#bindStream({ transport, address: { ip: host, port }, wildcard: false, request });
      return;
    }
    const first = await this.#bindStream({ transport, address: { ip: anyIpv4, port }, wildcard: true, request });
    try {
      await this.#bindStream({ transport, address: { ip: anyIpv6, port: first.port }, wildcard: true, request });
    } catch (error) {
      if (!lacksAddress(error)) throw error;
    }
  }

  async #bindStream(wanted: BoundListener & { readonly transport: StreamTransport }): Promise<TransportAddress> {
    const listener = this.#createListener(wanted);
    const address = await bind(wanted.transport, wanted.address, () => listener.listen());
    this.#streamListeners.push({ listener, bound: { ...wanted, address } });
    return address;
  }

  #createListener({ transport, address }: BoundListener & { readonly transport: StreamTransport }): PortListener {
    switch (transport) {
      case 'tcp':
        return new TcpListener(address, this.#options.streams);
      case 'tls':
        assert.ok(this.#tls !== null, 'a tls:// listener is configured with a certificate only');
        return new TlsListener(address, this.#tls);
      default:
        return assertNever(transport);
    }
  }
}

async function bind(
  transport: BoundListener['transport'],
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
