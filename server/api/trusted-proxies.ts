import type { IncomingMessage } from 'node:http';
import { cidrContains, type Cidr } from '../stun/cidr.ts';
import { formatIp, parseIp } from '../stun/ip-text.ts';
import type { IpAddress } from '../stun/transport-address.ts';

/** What of a request tells where it comes from. */
export interface RequestPath {
  /** The socket's other end, as it tells it. */
  readonly peer: string;
  /** Whether the socket speaks TLS. */
  readonly isTls: boolean;
  /** `X-Forwarded-For`; several of them joined by commas. */
  readonly forwardedFor: string | undefined;
  /** `X-Forwarded-Proto`, likewise. */
  readonly forwardedProto: string | undefined;
}

/** Who asks, as far as it can be believed. */
export interface RequestClient {
  /** An address in canonical form; empty when the connection has ended before it was looked at. */
  readonly address: string;
  /** Whether nobody between the client and us could read along: TLS on the client's own connection, or none but this host. */
  readonly isConfidential: boolean;
}

/**
 * Tells who stands behind the proxies that the operator trusts (`http.trustedProxies`). What others say of themselves is not read.
 *
 * Of the two headers that are in use `X-Forwarded-For` alone is believed. A proxy writes one of them and passes the other on as its
 * client wrote it: whoever believes both believes the client.
 */
export class TrustedProxies {
  readonly #ranges: readonly Cidr[];

  constructor(ranges: readonly Cidr[]) {
    this.#ranges = ranges;
  }

  /** Who has sent a request. */
  clientOf({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): RequestClient {
    return this.clientOnPath({
      peer: socket.remoteAddress ?? '',
      isTls: 'encrypted' in socket && socket.encrypted === true,
      forwardedFor: joined(headers['x-forwarded-for']),
      forwardedProto: joined(headers['x-forwarded-proto']),
    });
  }

  /** The nearest address that is none of the trusted proxies, or the farthest of them that is known. */
  clientOnPath({ peer, isTls, forwardedFor, forwardedProto }: RequestPath): RequestClient {
    let client = parseSocketAddress(peer);
    if (client === null) return { address: '', isConfidential: false };
    const isProxied = this.#trusts(client);
    const hops = isProxied ? entriesOf(forwardedFor) : [];
    let depth = 0;
    for (const hop of hops.reverse()) {
      const ip = parseHop(hop);
      // What a proxy could not name, or what no proxy of ours has written, hides all that is behind it.
      if (ip === null) break;
      client = ip;
      depth += 1;
      if (!this.#trusts(ip)) break;
    }
    const protocol = isProxied ? protocolAt(entriesOf(forwardedProto), depth) : undefined;
    const isHttps = protocol === undefined ? isTls : protocol === 'https';
    return { address: formatIp(client), isConfidential: isHttps || isLoopback(client) };
  }

  #trusts(ip: IpAddress): boolean {
    return this.#ranges.some((range) => cidrContains(range, ip));
  }
}

/** What was said by the proxy that the client called. One entry alone is the word of whichever proxy wrote it last. */
function protocolAt(entries: readonly string[], depth: number): string | undefined {
  return entries.at(-Math.min(Math.max(depth, 1), entries.length))?.toLowerCase();
}

function joined(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(',') : header;
}

function entriesOf(header: string | undefined): string[] {
  return header === undefined ? [] : header.split(',').map((entry) => entry.trim());
}

/** A socket of both families shows IPv4 addresses in IPv6 ones, and one of a link-local address names its interface as well. */
function parseSocketAddress(text: string): IpAddress | null {
  return parseIp(text.replace(/^::ffff:(?=.*[.])/i, '').replace(/%.*$/, ''));
}

/** `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443`: some proxies add the port. */
function parseHop(text: string): IpAddress | null {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([0-9.]+))(?::[0-9]{1,5})?$/.exec(text) ?? [];
  return parseSocketAddress(bracketed ?? plain ?? text);
}

function isLoopback(ip: IpAddress): boolean {
  return ip.family === 4 ? ip.w0 >>> 24 === 127 : ip.w0 === 0 && ip.w1 === 0 && ip.w2 === 0 && ip.w3 === 1;
}
