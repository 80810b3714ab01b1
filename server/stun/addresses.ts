import { readUint16, readUint32, writeUint16, writeUint32 } from './byte-access.ts';
import type { MessageWriter } from './message.ts';
import { magicCookie } from './registry.ts';
import { ipv4, ipv6, type IpFamily, type TransportAddress } from './transport-address.ts';

/** The wire's number of an address family (RFC 8489 section 14.1). */
export function familyNumber(family: IpFamily): 1 | 2 {
  return family === 4 ? 1 : 2;
}

/** The address family with this number on the wire (RFC 8489 section 14.1); null for any other. */
export function familyOfNumber(number: number): IpFamily | null {
  if (number === 1) return 4;
  return number === 2 ? 6 : null;
}

/** Reads XOR-MAPPED-ADDRESS, XOR-PEER-ADDRESS or XOR-RELAYED-ADDRESS (RFC 8489 section 14.2). Null unless family and length agree. */
export function readXorAddress(value: Uint8Array, transactionId: Uint8Array): TransportAddress | null {
  const family = familyOfValue(value);
  if (family === null) return null;
  const port = readUint16(value, 2) ^ (magicCookie >>> 16);
  const w0 = readUint32(value, 4) ^ magicCookie;
  if (family === 4) return { ip: ipv4(w0), port };
  const w1 = readUint32(value, 8) ^ readUint32(transactionId, 0);
  const w2 = readUint32(value, 12) ^ readUint32(transactionId, 4);
  const w3 = readUint32(value, 16) ^ readUint32(transactionId, 8);
  return { ip: ipv6(w0, w1, w2, w3), port };
}

/** Reads MAPPED-ADDRESS or ALTERNATE-SERVER (RFC 8489 sections 14.1 and 14.15). Null unless family and length agree. */
export function readAddress(value: Uint8Array): TransportAddress | null {
  const family = familyOfValue(value);
  if (family === null) return null;
  const port = readUint16(value, 2);
  const w0 = readUint32(value, 4);
  if (family === 4) return { ip: ipv4(w0), port };
  return { ip: ipv6(w0, readUint32(value, 8), readUint32(value, 12), readUint32(value, 16)), port };
}

/** Adds MAPPED-ADDRESS or ALTERNATE-SERVER (RFC 8489 sections 14.1 and 14.15). */
export function writeAddress(writer: MessageWriter, type: number, address: TransportAddress): MessageWriter {
  const { ip, port } = address;
  const value = new Uint8Array(ip.family === 4 ? 8 : 20);
  writeUint16(value, 0, familyNumber(ip.family));
  writeUint16(value, 2, port);
  writeUint32(value, 4, ip.w0);
  if (ip.family === 6) {
    writeUint32(value, 8, ip.w1);
    writeUint32(value, 12, ip.w2);
    writeUint32(value, 16, ip.w3);
  }
  return writer.attribute(type, value);
}

/** The first byte is ignored (RFC 8489 section 14.1). */
function familyOfValue(value: Uint8Array): IpFamily | null {
  if (value.length < 2) return null;
  const family = familyOfNumber(value[1]!);
  return family !== null && value.length === (family === 4 ? 8 : 20) ? family : null;
}
