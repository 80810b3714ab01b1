import type { IceUrls } from '../credentials/ice-servers.ts';
import { AddressTranslator } from '../stun/address-translation.ts';
import { formatIp, parseIp } from '../stun/ip-text.ts';
import type { IpAddress } from '../stun/transport-address.ts';
import type { AddressTranslation } from '../seam/relay.ts';
import { outwardAddress } from './address-plan.ts';
import type { BoundListener } from './relay-messages.ts';

/** What the URLs are built from: what listens, and how this host is called from outside. */
export interface IceUrlsInput {
  readonly listeners: readonly BoundListener[];
  /** `publicHost`, or the name of the certificate: a DNS name or an address. Null: the addresses themselves. */
  readonly publicHost: string | null;
  readonly interfaces: readonly IpAddress[];
  readonly translations: readonly AddressTranslation[];
}

/** The URLs that clients are given, in the order browsers should try them: UDP, TCP, TLS (RFC 7064, RFC 7065). */
export function iceUrls(input: IceUrlsInput): IceUrls {
  const hostPorts = (transport: BoundListener['transport']): string[] => [
    ...new Set(
      input.listeners
        .filter((listener) => listener.transport === transport)
        .map((listener) => `${hostOf(listener, input)}:${listener.address.port}`),
    ),
  ];
  const udp = hostPorts('udp');
  return {
    stun: udp.map((hostPort) => `stun:${hostPort}`),
    turn: [
      ...udp.map((hostPort) => `turn:${hostPort}?transport=udp`),
      ...hostPorts('tcp').map((hostPort) => `turn:${hostPort}?transport=tcp`),
      ...hostPorts('tls').map((hostPort) => `turns:${hostPort}?transport=tcp`),
    ],
  };
}

/** An address as the host of a URL: IPv6 in brackets. */
export function urlHost(ip: IpAddress): string {
  return ip.family === 4 ? formatIp(ip) : `[${formatIp(ip)}]`;
}

function hostOf(listener: BoundListener, input: IceUrlsInput): string {
  if (input.publicHost !== null) {
    const ip = parseIp(input.publicHost);
    return ip === null ? input.publicHost : urlHost(ip);
  }
  const translator = new AddressTranslator(input.translations);
  if (!listener.wildcard) return urlHost(translator.toPublic(listener.address.ip));
  const known = input.interfaces.map((ip) => translator.toPublic(ip));
  return urlHost(outwardAddress(known) ?? listener.address.ip);
}
