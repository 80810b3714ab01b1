import { randomBytes } from 'node:crypto';
import { attribute, decodeMessage, MessageWriter } from '../../server/stun/message.ts';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { udpProtocol, writeRequestedTransport } from '../../server/stun/turn-attributes.ts';
import { ipv4, ipv6, type IpAddress } from '../../server/stun/transport-address.ts';

/** A flood of strangers (SECURITY.md 2): this many sources, each with four packets. */
export const flood = { sources: 50_000, packetsPerSource: 4 } as const;

/** What a challenge tells. */
export interface Challenge {
  readonly realm: Uint8Array;
  readonly nonce: Uint8Array;
}

/** An Allocate as every client opens: without integrity (RFC 8489 section 9.2.3). */
export function openingAllocate(): Uint8Array {
  return request(Method.allocate, (writer) => writeRequestedTransport(writer, udpProtocol));
}

export function bindingRequest(): Uint8Array {
  return request(Method.binding, () => undefined);
}

/** A Refresh in the name of somebody, with a nonce that nobody issued and an integrity that no key made. */
export function forgedRefresh(): Uint8Array {
  return forgedIntegrity(Method.refresh, { realm: Buffer.from('turnpike.local'), nonce: randomBytes(30) });
}

/** An Allocate with the nonce of the challenge, of a user whom nobody has heard of: a failure that is counted (SECURITY.md 5). */
export function unknownUsersAllocate(challenge: Challenge): Uint8Array {
  return forgedIntegrity(Method.allocate, challenge);
}

/** Bytes that mean nothing: zero of them, one, or as many as a request has. */
export function noise(source: number): Uint8Array {
  return new Uint8Array(randomBytes([0, 1, 20, 120][source & 3] ?? 0));
}

/** What a 401 tells; null for every other message. */
export function readChallenge(bytes: Uint8Array): Challenge | null {
  const message = decodeMessage(bytes);
  if (typeof message === 'string') return null;
  const realm = attribute(message, AttributeType.realm);
  const nonce = attribute(message, AttributeType.nonce);
  return realm === undefined || nonce === undefined ? null : { realm: realm.slice(), nonce: nonce.slice() };
}

/** An address of its own for each source, half of them IPv6 with a /64 each. */
export function anySource(source: number): IpAddress {
  return source % 2 === 0 ? ipv4(0x0b000000 + source) : ipv6(0x26200000, source, 0, 1);
}

/** An address of its own for each source, on loopback. */
export function loopbackSource(source: number): string {
  return `127.${64 + (source >> 16)}.${(source >> 8) & 0xff}.${source & 0xff}`;
}

function request(method: number, fill: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter(method, 'request', randomBytes(12));
  fill(writer);
  return writer.finish();
}

function forgedIntegrity(method: number, { realm, nonce }: Challenge): Uint8Array {
  return request(method, (writer) => {
    if (method === Method.allocate) writeRequestedTransport(writer, udpProtocol);
    writer.text(AttributeType.username, `stranger-${randomBytes(8).toString('hex')}`);
    writer.attribute(AttributeType.realm, realm).attribute(AttributeType.nonce, nonce).integritySha1(randomBytes(16));
  });
}
