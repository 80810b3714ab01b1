import { readXorAddress } from '../../../server/stun/addresses.ts';
import { attribute, decodeMessage, MessageWriter, type Message } from '../../../server/stun/message.ts';
import { AttributeType, Method } from '../../../server/stun/registry.ts';
import type { TransportAddress } from '../../../server/stun/transport-address.ts';

const transactionId = Uint8Array.from({ length: 12 }, (_, index) => index + 1);

/** Text as a payload. */
export function payload(text: string): Buffer {
  return Buffer.from(text);
}

/** A payload of this many bytes, no two neighbours alike. */
export function payloadOf(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7 + 1) & 0xff));
}

/** A ChannelData message (RFC 8656 section 12.4); `length` says how long it claims to be. */
export function channelData(channel: number, data: Uint8Array, length = data.length): Buffer {
  return Buffer.concat([Uint8Array.of(channel >> 8, channel & 0xff, length >> 8, length & 0xff), data]);
}

/** A Send indication (RFC 8656 section 11.1). */
export function sendIndication(peer: TransportAddress, data: Uint8Array): Uint8Array {
  return sendWith((writer) =>
    writer.xorAddress(AttributeType.xorPeerAddress, peer).attribute(AttributeType.data, data),
  );
}

/** A Send indication with whatever attributes. */
export function sendWith(fill: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter(Method.send, 'indication', transactionId);
  fill(writer);
  return writer.finish();
}

/** A Binding request (RFC 8489 section 3). */
export function bindingRequest(): Uint8Array {
  return new MessageWriter(Method.binding, 'request', transactionId).finish();
}

/** What a client reads out of a Data indication (RFC 8656 section 11.4). */
export interface DataIndication {
  readonly peer: TransportAddress;
  readonly data: Buffer;
  readonly transactionId: Buffer;
}

/** Reads a Data indication; fails for anything else. */
export function readDataIndication(bytes: Uint8Array): DataIndication {
  const message = decodeMessage(bytes);
  if (typeof message === 'string') throw new Error(`not a STUN message: ${message}`);
  if (message.method !== Method.data || message.messageClass !== 'indication') throw new Error('not a Data indication');
  const peer = readXorAddress(required(message, AttributeType.xorPeerAddress), message.transactionId);
  if (peer === null) throw new Error('XOR-PEER-ADDRESS is malformed');
  return {
    peer,
    data: Buffer.from(required(message, AttributeType.data)),
    transactionId: Buffer.from(message.transactionId),
  };
}

function required(message: Message, type: number): Uint8Array {
  const value = attribute(message, type);
  if (value === undefined) throw new Error(`the message has no attribute ${type}`);
  return value;
}
