import { strict as assert } from 'node:assert';
import { crc32 } from 'node:zlib';
import * as stun from '../../../server/entries/stun.ts';
import { maxAttributes } from '../../../server/stun/message.ts';
import { decodeNonceCookie } from '../../../server/stun/nonce-cookie.ts';
import { bytesOf, hexOf } from '../../vectors/hex.ts';
import vectors from '../../vectors/published-messages.json' with { type: 'json' };
import { mutateMessage } from '../attribute-mutation.ts';
import type { FuzzTarget } from '../engine/target.ts';
import { seedMessages } from '../seed-messages.ts';

const { AttributeType, MessageWriter, attribute, decodeMessage } = stun;
type Message = stun.Message;

const key = bytesOf('000102030405060708090a0b0c0d0e0f');

/** Everything that the codec reads an attribute's value with: whatever is exported under that name. */
const readers = Object.entries(stun)
  .filter(([name]) => name.startsWith('read'))
  .map(([, reader]) => reader as (value: Uint8Array, transactionId: Uint8Array) => unknown);

interface Attribute {
  readonly type: number;
  readonly value: Uint8Array;
}

/** Whether what a value says, written again, gives the same bytes (SECURITY.md 16), but for those that are reserved. */
type RoundTrip = (value: Uint8Array, id: Uint8Array) => boolean;

/** `significant` are the bits that count of each byte, 0xff for those behind. */
function roundTrip<Value>(
  read: (value: Uint8Array, id: Uint8Array) => Value | null,
  write: (writer: stun.MessageWriter, value: Value) => unknown,
  significant: readonly number[] = [],
): RoundTrip {
  const counted = (bytes: Uint8Array): Uint8Array => bytes.map((byte, at) => byte & (significant[at] ?? 0xff));
  return (value, id) => {
    const says = read(value, id);
    if (says === null) return true;
    const writer = new MessageWriter(1, 'request', id);
    write(writer, says);
    const written = attributeList(asMessage(writer.finish()))[0]?.value ?? new Uint8Array();
    return Buffer.compare(counted(written), counted(value)) === 0;
  };
}

const roundTrips: readonly RoundTrip[] = [
  roundTrip(stun.readXorAddress, (writer, address) => writer.xorAddress(AttributeType.xorPeerAddress, address), [0]),
  roundTrip(
    stun.readAddress,
    (writer, address) => stun.writeAddress(writer, AttributeType.alternateServer, address),
    [0],
  ),
  roundTrip(stun.readErrorCode, (writer, { code, reason }) => stun.writeErrorCode(writer, code, reason), [0, 0, 7]),
  roundTrip(stun.readUnknownAttributes, (writer, types) => stun.writeUnknownAttributes(writer, types)),
  roundTrip(stun.readText, (writer, text) => writer.text(AttributeType.software, text)),
  roundTrip(
    stun.readAddressFamily,
    (writer, family) => stun.writeRequestedAddressFamily(writer, family),
    [0xff, 0, 0, 0],
  ),
  roundTrip(stun.readChannelNumber, (writer, channel) => stun.writeChannelNumber(writer, channel), [0xff, 0xff, 0, 0]),
  roundTrip(stun.readEvenPort, (writer, evenPort) => stun.writeEvenPort(writer, evenPort), [0x80]),
  roundTrip(stun.readIcmp, (writer, icmp) => stun.writeIcmp(writer, icmp), [0, 0]),
  roundTrip(stun.readLifetime, (writer, lifetimeS) => stun.writeLifetime(writer, lifetimeS)),
  roundTrip(
    stun.readRequestedTransport,
    (writer, protocol) => stun.writeRequestedTransport(writer, protocol),
    [0xff, 0, 0, 0],
  ),
  roundTrip(stun.readReservationToken, (writer, token) => stun.writeReservationToken(writer, token)),
];

/** RFC 8489 sections 5 and 14: whatever the bytes, nothing throws, and what is read can be written so that it reads the same. */
export const stunDecoder: FuzzTarget = {
  name: 'stun-decoder',
  maxBytes: 2048,
  batch: 256,
  seeds: () => [...Object.values(vectors).map(({ hex }) => bytesOf(hex.join(''))), ...seedMessages(key)],
  mutate: (input, other, draw) => mutateMessage(input, other, key, draw),
  run(input, observe) {
    readChannelData(input);
    const message = decodeMessage(input);
    const expected = plainlyDecoded(input);
    assert.equal(typeof message !== 'string', expected !== null, 'a message is what RFC 8489 says it is');
    if (typeof message === 'string') return;
    observe(['request', 'indication', 'success', 'error'].indexOf(message.messageClass));
    stun.unknownRequiredAttributes(message, new Set());
    observe(4 + Number(stun.verifyIntegrity(message, key, 'sha1')));
    observe(6 + Number(stun.verifyIntegrity(message, key, 'sha256')));
    const content = attributeList(message);
    assert.equal(contentText(content), contentText(expected ?? []), 'the attributes are those of RFC 8489');
    for (const { type, value } of content) readValue(type, value, message.transactionId);
    assertStable(message, content);
  },
};

/** RFC 8489 sections 5 and 14 said in the plainest way: the attributes that count, or null for what is no message. */
function plainlyDecoded(bytes: Uint8Array): Attribute[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 20 || bytes.length % 4 !== 0 || view.getUint16(2) !== bytes.length - 20) return null;
  if (view.getUint16(0) > 0x3fff || view.getUint32(4) !== stun.magicCookie) return null;
  const all: Attribute[] = [];
  for (let at = 20; at < bytes.length; at += 4 + Math.ceil(view.getUint16(at + 2) / 4) * 4) {
    const [type, length] = [view.getUint16(at), view.getUint16(at + 2)];
    const end = at + 4 + Math.ceil(length / 4) * 4;
    if (end > bytes.length || all.length === maxAttributes) return null;
    const isLast = end === bytes.length && length === 4;
    if (type === AttributeType.fingerprint && !(isLast && view.getUint32(at + 4) === fingerprint(bytes, at))) {
      return null;
    }
    all.push({ type, value: bytes.slice(at + 4, at + 4 + length) });
  }
  const sha1At = all.findIndex(({ type }) => type === AttributeType.messageIntegrity);
  const sha256At = all.findIndex(({ type }) => type === AttributeType.messageIntegritySha256);
  const isSealed = (at: number): boolean => (sha1At !== -1 && at > sha1At) || (sha256At !== -1 && at > sha256At);
  return all.filter(({ type }, at) => {
    // Behind MESSAGE-INTEGRITY the first MESSAGE-INTEGRITY-SHA256 counts as well.
    return !isSealed(at) || at === sha256At || type === AttributeType.fingerprint;
  });
}

/** RFC 8489 section 14.7. */
function fingerprint(bytes: Uint8Array, end: number): number {
  return (crc32(bytes.subarray(0, end)) ^ 0x5354554e) >>> 0;
}

function readChannelData(input: Uint8Array): void {
  const read = stun.readChannelData(input);
  if (read === null) return;
  const header = stun.channelDataHeader(read.channel, read.data.length);
  assert.deepEqual(header, input.slice(0, header.length));
}

function readValue(type: number, value: Uint8Array, id: Uint8Array): void {
  for (const read of readers) read(value, id);
  decodeNonceCookie(stun.readText(value) ?? '');
  for (const isStable of roundTrips) assert(isStable(value, id), `attribute ${type} reads otherwise once written`);
}

/** encode(decode(x)) says what x says, and encoding it again changes nothing. */
function assertStable(message: Message, content: readonly Attribute[]): void {
  const encoded = encode(message);
  const again = asMessage(encoded);
  assert.deepEqual(
    { method: again.method, messageClass: again.messageClass, transactionId: again.transactionId.slice() },
    { method: message.method, messageClass: message.messageClass, transactionId: message.transactionId.slice() },
  );
  assert.equal(contentText(attributeList(again)), contentText(content));
  assert(Buffer.compare(encode(again), encoded) === 0, 'encoding again changes nothing');
}

/** What the attributes say, as text: the fingerprint says nothing that the bytes do not. */
function contentText(content: readonly Attribute[]): string {
  return content
    .filter(({ type }) => type !== AttributeType.fingerprint)
    .map(({ type, value }) => `${type}:${hexOf(value)}`)
    .join();
}

function encode(message: Message): Uint8Array {
  const writer = new MessageWriter(message.method, message.messageClass, message.transactionId);
  const content = attributeList(message).filter(({ type }) => type !== AttributeType.fingerprint);
  for (const { type, value } of content) writer.attribute(type, value);
  if (attribute(message, AttributeType.fingerprint) !== undefined) writer.fingerprint();
  return writer.finish();
}

function asMessage(bytes: Uint8Array): Message {
  const message = decodeMessage(bytes);
  assert(typeof message !== 'string', `what was encoded does not decode: ${JSON.stringify(message)}`);
  return message;
}

function attributeList({ attributeIndex, bytes }: Message): Attribute[] {
  const list: Attribute[] = [];
  for (let at = 0; at < attributeIndex.length; at += 3) {
    const [type = 0, offset = 0, length = 0] = attributeIndex.slice(at, at + 3);
    list.push({ type, value: bytes.slice(offset, offset + length) });
  }
  return list;
}
