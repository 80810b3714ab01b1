import { attribute, decodeMessage, type Message } from '../../server/stun/message.ts';

/** The message that these bytes are; the test fails when they are none. */
export function decoded(bytes: Uint8Array): Message {
  const message = decodeMessage(bytes);
  if (typeof message === 'string') throw new Error(`does not decode: ${message}`);
  return message;
}

/** The value of the first attribute of this type; the test fails when there is none. */
export function valueOf(message: Message, type: number): Uint8Array {
  const value = attribute(message, type);
  if (value === undefined) throw new Error(`no attribute 0x${type.toString(16)}`);
  return value;
}
