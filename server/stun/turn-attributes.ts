import assert from 'node:assert';
import { familyNumber, familyOfNumber } from './addresses.ts';
import { readUint16, readUint32, writeUint16, writeUint32 } from './byte-access.ts';
import { errorCodeValue, readErrorCode } from './error-code.ts';
import type { MessageWriter } from './message.ts';
import { AttributeType, reasonPhrase } from './registry.ts';
import type { IpFamily } from './transport-address.ts';

/** Bytes of a reservation token (RFC 8656 section 18.10). */
export const reservationTokenLength = 8;

/** The protocol number of UDP, the only one that REQUESTED-TRANSPORT may carry (RFC 8656 section 18.8). */
export const udpProtocol = 17;

/** Reads LIFETIME: seconds (RFC 8656 section 18.2). */
export function readLifetime(value: Uint8Array): number | null {
  return value.length === 4 ? readUint32(value, 0) : null;
}

/** Adds LIFETIME: seconds (RFC 8656 section 18.2). */
export function writeLifetime(writer: MessageWriter, lifetimeS: number): MessageWriter {
  return writer.uint32(AttributeType.lifetime, lifetimeS);
}

/** Reads CHANNEL-NUMBER, in range or not (RFC 8656 section 18.1). */
export function readChannelNumber(value: Uint8Array): number | null {
  return value.length === 4 ? readUint16(value, 0) : null;
}

/** Adds CHANNEL-NUMBER (RFC 8656 section 18.1). */
export function writeChannelNumber(writer: MessageWriter, channel: number): MessageWriter {
  return writer.uint32(AttributeType.channelNumber, channel << 16);
}

/** Reads REQUESTED-TRANSPORT: an IP protocol number (RFC 8656 section 18.8). */
export function readRequestedTransport(value: Uint8Array): number | null {
  return value.length === 4 ? value[0]! : null;
}

/** Adds REQUESTED-TRANSPORT (RFC 8656 section 18.8). */
export function writeRequestedTransport(writer: MessageWriter, protocol: number): MessageWriter {
  return writer.uint32(AttributeType.requestedTransport, protocol << 24);
}

/** Reads REQUESTED-ADDRESS-FAMILY or ADDITIONAL-ADDRESS-FAMILY (RFC 8656 sections 18.6 and 18.11). Null for an unknown family too. */
export function readAddressFamily(value: Uint8Array): IpFamily | null {
  return value.length === 4 ? familyOfNumber(value[0]!) : null;
}

/** Adds REQUESTED-ADDRESS-FAMILY (RFC 8656 section 18.6). */
export function writeRequestedAddressFamily(writer: MessageWriter, family: IpFamily): MessageWriter {
  return writer.uint32(AttributeType.requestedAddressFamily, familyNumber(family) << 24);
}

/** Adds ADDITIONAL-ADDRESS-FAMILY (RFC 8656 section 18.11). */
export function writeAdditionalAddressFamily(writer: MessageWriter, family: IpFamily): MessageWriter {
  return writer.uint32(AttributeType.additionalAddressFamily, familyNumber(family) << 24);
}

/** Reads EVEN-PORT (RFC 8656 section 18.7). */
export function readEvenPort(value: Uint8Array): { readonly reserveNext: boolean } | null {
  return value.length === 1 ? { reserveNext: (value[0]! & 0x80) !== 0 } : null;
}

/** Adds EVEN-PORT (RFC 8656 section 18.7). */
export function writeEvenPort(writer: MessageWriter, evenPort: { readonly reserveNext: boolean }): MessageWriter {
  return writer.attribute(AttributeType.evenPort, Uint8Array.of(evenPort.reserveNext ? 0x80 : 0));
}

/** Reads RESERVATION-TOKEN, a view (RFC 8656 section 18.10). */
export function readReservationToken(value: Uint8Array): Uint8Array | null {
  return value.length === reservationTokenLength ? value : null;
}

/** Adds RESERVATION-TOKEN (RFC 8656 section 18.10). */
export function writeReservationToken(writer: MessageWriter, token: Uint8Array): MessageWriter {
  assert(token.length === reservationTokenLength, `a reservation token has 8 bytes, not ${token.length}`);
  return writer.attribute(AttributeType.reservationToken, token);
}

/** The value of an ADDRESS-ERROR-CODE: why a family was not allocated. */
export interface AddressErrorCode {
  readonly family: IpFamily;
  readonly code: number;
  readonly reason: string;
}

/** Reads ADDRESS-ERROR-CODE (RFC 8656 section 18.12). */
export function readAddressErrorCode(value: Uint8Array): AddressErrorCode | null {
  const error = readErrorCode(value);
  if (error === null) return null;
  const family = familyOfNumber(value[0]!);
  return family === null ? null : { family, ...error };
}

/** Adds ADDRESS-ERROR-CODE, with the registry's phrase (RFC 8656 section 18.12). */
export function writeAddressErrorCode(writer: MessageWriter, family: IpFamily, code: number): MessageWriter {
  return writer.attribute(
    AttributeType.addressErrorCode,
    errorCodeValue(familyNumber(family), code, reasonPhrase(code)),
  );
}

/** The value of an ICMP attribute. */
export interface IcmpValue {
  /** Up to 127: the types of ICMP and ICMPv6 errors are below 128, and the format has 7 bits for them. */
  readonly type: number;
  readonly code: number;
  readonly errorData: number;
}

/** Reads ICMP: after 16 reserved bits a type of 7 bits, a code of 9, and 32 bits of error data (RFC 8656 section 18.13). */
export function readIcmp(value: Uint8Array): IcmpValue | null {
  if (value.length !== 8) return null;
  const typeAndCode = readUint16(value, 2);
  return { type: typeAndCode >>> 9, code: typeAndCode & 0x1ff, errorData: readUint32(value, 4) };
}

/** Adds ICMP (RFC 8656 section 18.13). */
export function writeIcmp(writer: MessageWriter, icmp: IcmpValue): MessageWriter {
  assert(icmp.type >= 0 && icmp.type <= 0x7f, `no ICMP error has type ${icmp.type}`);
  const value = new Uint8Array(8);
  writeUint16(value, 2, (icmp.type << 9) | icmp.code);
  writeUint32(value, 4, icmp.errorData);
  return writer.attribute(AttributeType.icmp, value);
}
