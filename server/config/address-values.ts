import { minRelayPort } from '../contract/limits.ts';
import { formatCidr, networkAddress, parseCidr, parseCidrWithHostBits, type Cidr } from '../stun/cidr.ts';
import { formatIp, parseIp } from '../stun/ip-text.ts';
import { isLinkLocal, sameIp, type IpAddress, type TransportAddress } from '../stun/transport-address.ts';
import { duplicate, impossible, malformed, parsed, type Parsed } from './refusal.ts';
import type { ListenAddress, PublicAddress, TurnListener } from './resolved-config.ts';

/** The port of STUN and TURN over UDP and TCP (RFC 8656 section 6). */
const turnPort = 3478;
/** The port of STUN and TURN over TLS. */
const turnTlsPort = 5349;
/** The port of the public HTTP listener when nothing is configured. */
const httpPort = 8080;

/** Where TLS clients are served when there is a certificate and `turn.listen` is not set (RFC 8656 section 6). */
export const defaultTlsListener: TurnListener = { transport: 'tls', host: '*', port: turnTlsPort };

/** Reads an entry of `turn.listen`: `udp://*:3478`, `tcp://192.0.2.1:3478`, `tls://[2001:db8::1]:5349`. */
export function parseTurnListener(text: string): Parsed<TurnListener> {
  const [, scheme, rest] = /^([a-z]+):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) {
    return malformed(`has no transport. Write udp://${text}, tcp://${text} or tls://${text}.`);
  }
  const transport = scheme.toLowerCase();
  if (transport !== 'udp' && transport !== 'tcp' && transport !== 'tls') {
    return impossible(
      `asks for the transport ${transport}, which this version does not serve. Write udp://, tcp:// or tls://.`,
    );
  }
  const address = parseListenAddress(rest, `${transport}://`, transport === 'tls' ? turnTlsPort : turnPort);
  if ('refusal' in address) return address;
  const { host, port } = address.value;
  if (host !== '*' && isUnspecified(host)) {
    return impossible(
      `is bound to every address at once, which answers from the wrong one of several. Write ${transport}://*:${port}: a socket for each.`,
    );
  }
  return parsed({ transport, host, port });
}

/** What `http.public` and the other HTTP listeners say. */
export interface HttpListenerText {
  readonly scheme: 'http' | 'https';
  readonly address: ListenAddress;
}

/** Reads `http.public`, `http.admin` and `http.metrics`: `http://*:8080`, `https://192.0.2.1:443`. */
export function parseHttpListener(text: string): Parsed<HttpListenerText> {
  const [, scheme, rest] = /^([a-z]+):\/\/(.*?)\/?$/i.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) {
    return malformed(`is no URL. Write http://*:${httpPort}, http://127.0.0.1:${httpPort} or null.`);
  }
  const spoken = scheme.toLowerCase();
  if (spoken !== 'http' && spoken !== 'https') return impossible(`asks for ${scheme}. Write http:// or https://.`);
  const address = parseListenAddress(rest, `${spoken}://`, httpPort);
  return 'refusal' in address ? address : parsed({ scheme: spoken, address: address.value });
}

/** Reads `http.publicUrl` and `http.adminUrl`: without a slash at its end, or null for `auto`. */
export function parseHttpUrl(text: string): Parsed<string | null> {
  if (text === 'auto') return parsed(null);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return malformed('is no http:// or https:// URL. Write e.g. https://turn.example.org.');
  }
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    return malformed('has more than a host and a path. Write e.g. https://turn.example.org/turnpike.');
  }
  return parsed(url.href.replace(/\/$/, ''));
}

/** Reads `turn.alternateServer`: an address with a port, 3478 when it has none (RFC 8489 section 14.15). */
export function parseAlternateServer(text: string): Parsed<TransportAddress> {
  const split = splitHostPort(text);
  const ip = parseIp(split?.host ?? text);
  if (ip === null) {
    return malformed(
      'is not an IP address with a port; a name cannot be sent. Write e.g. 192.0.2.7:3478 or [2001:db8::7]:3478.',
    );
  }
  const port = split === null ? turnPort : parsePort(split.port);
  if (port === null || port === 0) return impossible('has no port from 1 to 65535. Write e.g. 192.0.2.7:3478.');
  return parsed({ ip, port });
}

/** Reads an address of this host, for `turn.relayAddress`. */
export function parseLocalAddress(text: string): Parsed<IpAddress> {
  const ip = parseIp(text);
  if (ip === null) {
    return malformed('is not an IP address. Write e.g. 192.0.2.1 or 2001:db8::1, without brackets or a port.');
  }
  if (isUnspecified(ip)) {
    return impossible('is every address, and relays need one. Write auto, or the address of an interface.');
  }
  if (isLinkLocal(ip)) {
    return impossible(
      'is a link-local address, which peers cannot reach. Write auto, or another address of this host.',
    );
  }
  return parsed(ip);
}

/** Reads `turn.publicAddress`. A refusal names the element it is about. */
export function parsePublicAddress(value: string | readonly string[]): Parsed<PublicAddress> {
  const texts = typeof value === 'string' ? [value] : value;
  if (texts.length === 1 && (texts[0] === 'auto' || texts[0] === 'none')) return parsed({ kind: texts[0] });
  if (texts.length === 0) return malformed('names no address. Write auto, none, or an address.');
  const paired = texts.filter((text) => text.includes('='));
  if (paired.length === 0) return publicAddresses(texts);
  return paired.length === texts.length
    ? addressPairs(texts)
    : malformed('mixes addresses and local=public pairs. Write a pair for each address.');
}

function publicAddresses(texts: readonly string[]): Parsed<PublicAddress> {
  const addresses: IpAddress[] = [];
  for (const text of texts) {
    const ip = parseIp(text);
    if (ip === null) {
      return malformed(`names "${text}", which is no IP address. Write e.g. 203.0.113.5, auto, or none.`);
    }
    addresses.push(ip);
  }
  const twice = repeatedFamily(addresses);
  if (twice === undefined) return parsed({ kind: 'addresses', addresses });
  return impossible(`names several ${twice} addresses. Write local=public pairs to say which stands for which.`);
}

function addressPairs(texts: readonly string[]): Parsed<PublicAddress> {
  const pairs: { local: IpAddress; public: IpAddress }[] = [];
  for (const text of texts) {
    const [localText = '', publicText = ''] = text.split('=', 2).map((side) => side.trim());
    const pair = { local: parseIp(localText), public: parseIp(publicText) };
    if (pair.local === null || pair.public === null) {
      return malformed(`names "${text}", which is no pair of IP addresses. Write e.g. 10.0.0.5=203.0.113.5.`);
    }
    const { local, public: outside } = pair as { local: IpAddress; public: IpAddress };
    if (local.family !== outside.family) {
      return impossible(`pairs two families in "${text}". Both sides are IPv4 or both are IPv6.`);
    }
    if (pairs.some((other) => sameIp(other.local, local) || sameIp(other.public, outside))) {
      return duplicate(`names an address of "${text}" in two pairs. Each local and each public address stands in one.`);
    }
    pairs.push({ local, public: outside });
  }
  return parsed({ kind: 'pairs', pairs });
}

/** Reads an address range of `turn.peers`. */
export function parsePeerRange(text: string): Parsed<Cidr> {
  const cidr = parseCidr(text);
  if (cidr !== null) return parsed(cidr);
  const loose = parseCidrWithHostBits(text);
  if (loose !== null) {
    const network = { ip: networkAddress(loose.ip, loose.prefixLength), prefixLength: loose.prefixLength };
    return malformed(
      `has bits set after its prefix. The network is ${formatCidr(network)}; the address alone is ${alone(loose.ip)}.`,
    );
  }
  const ip = parseIp(text);
  if (ip !== null) return malformed(`has no prefix length. For this address alone write ${alone(ip)}.`);
  return malformed('is no address range. Write e.g. 10.1.2.0/24 or fd12:3456:789a::/48.');
}

/** Reads `publicHost`: a DNS name or an IP address, or null for `auto`. */
export function parsePublicHost(text: string): Parsed<string | null> {
  if (text === 'auto') return parsed(null);
  const ip = parseIp(text);
  if (ip !== null) return parsed(formatIp(ip));
  if (text.includes('/')) return malformed('is a URL. Write the name or address alone, e.g. turn.example.org.');
  if (text.includes(':') || text.startsWith('[')) {
    return malformed('has a port or brackets. Write the name or address alone; ports are those of turn.listen.');
  }
  const labels = text.split('.');
  const isName =
    labels.every((label) => /^(?!-)[a-z0-9-]{1,63}(?<!-)$/i.test(label)) && !/^[0-9]+$/.test(labels.at(-1) ?? '');
  if (!isName || text.length > 253) {
    return malformed('is neither a DNS name nor an IP address. Write e.g. turn.example.org.');
  }
  return parsed(text);
}

/** Reads `tls.certificate` and `tls.key`: the path of a file, not what is in it. */
export function parsePemPath(text: string): Parsed<string> {
  return text.includes('-----BEGIN')
    ? malformed('is the text of a PEM file. Write the path of the file.')
    : parsed(text);
}

/** Reads `turn.relayPorts`. */
export function parsePortRange(text: string): Parsed<{ first: number; last: number }> {
  const [, firstText, lastText] = /^([0-9]{1,5}) ?- ?([0-9]{1,5})$/.exec(text) ?? [];
  if (firstText === undefined || lastText === undefined) {
    return malformed('is no range of ports. Write e.g. 49152-65535.');
  }
  const first = Number(firstText);
  const last = Number(lastText);
  if (last > 65_535) return impossible('goes beyond port 65535. Write e.g. 49152-65535.');
  if (first > last) return impossible(`ends before it begins. Write the lower port first: ${last}-${first}.`);
  if (first < minRelayPort) {
    return impossible(`begins below ${minRelayPort}, among ports of other services. Write e.g. 49152-65535.`);
  }
  return parsed({ first, last });
}

/** The family of which a list has more than one address, or undefined. */
export function repeatedFamily(addresses: readonly IpAddress[]): 'IPv4' | 'IPv6' | undefined {
  const count = (family: 4 | 6) => addresses.filter((ip) => ip.family === family).length;
  if (count(4) > 1) return 'IPv4';
  return count(6) > 1 ? 'IPv6' : undefined;
}

function parseListenAddress(text: string, prefix: string, usualPort: number): Parsed<ListenAddress> {
  const split = splitHostPort(text);
  if (split === null) {
    return malformed(`has no port. Write e.g. ${prefix}*:${usualPort}; an IPv6 address stands in brackets.`);
  }
  const host = split.host === '*' ? '*' : parseIp(split.host);
  if (host === null) {
    return malformed(`names the host "${split.host}", which is no IP address. Write *, 192.0.2.1 or [2001:db8::1].`);
  }
  if (host !== '*' && isLinkLocal(host)) {
    return impossible(
      'names a link-local address, which means nothing without its interface. Write *, or another address of this host.',
    );
  }
  const port = parsePort(split.port);
  if (port === null) return malformed(`has the port "${split.port}". Write a port from 0 (any that is free) to 65535.`);
  return parsed({ host, port });
}

function splitHostPort(text: string): { host: string; port: string } | null {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host === undefined || port === undefined ? null : { host, port };
}

function parsePort(text: string): number | null {
  if (!/^(?:0|[1-9][0-9]{0,4})$/.test(text)) return null;
  const port = Number(text);
  return port <= 65_535 ? port : null;
}

function isUnspecified(ip: IpAddress): boolean {
  return (ip.w0 | ip.w1 | ip.w2 | ip.w3) === 0;
}

function alone(ip: IpAddress): string {
  return formatCidr({ ip, prefixLength: ip.family === 4 ? 32 : 128 });
}
