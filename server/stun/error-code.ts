import assert from 'node:assert';
import { readUint16, writeUint16 } from './byte-access.ts';
import { readText } from './credentials-attributes.ts';
import type { MessageWriter } from './message.ts';
import { AttributeType, reasonPhrase } from './registry.ts';

/** The value of an ERROR-CODE. */
interface ErrorCodeValue {
  /** 300 to 699. */
  readonly code: number;
  readonly reason: string;
}

/** Reads ERROR-CODE (RFC 8489 section 14.8). Null when it is truncated, out of range or no UTF-8. */
export function readErrorCode(value: Uint8Array): ErrorCodeValue | null {
  if (value.length < 4) return null;
  const errorClass = value[2]! & 0x07;
  const number = value[3]!;
  const reason = readText(value.subarray(4));
  if (errorClass < 3 || errorClass > 6 || number > 99 || reason === null) return null;
  return { code: errorClass * 100 + number, reason };
}

/** Adds ERROR-CODE, with the registry's phrase unless another is given (RFC 8489 section 14.8). */
export function writeErrorCode(writer: MessageWriter, code: number, reason = reasonPhrase(code)): MessageWriter {
  return writer.attribute(AttributeType.errorCode, errorCodeValue(0, code, reason));
}

/** The layout that ERROR-CODE and ADDRESS-ERROR-CODE share but for their first byte (RFC 8489 section 14.8, RFC 8656 section 18.12). */
export function errorCodeValue(firstByte: number, code: number, reason: string): Uint8Array {
  assert(code >= 300 && code <= 699, `an error code lies between 300 and 699, not at ${code}`);
  const phrase = new TextEncoder().encode(reason);
  const value = new Uint8Array(4 + phrase.length);
  value[0] = firstByte;
  value[2] = Math.floor(code / 100);
  value[3] = code % 100;
  value.set(phrase, 4);
  return value;
}

/** Reads UNKNOWN-ATTRIBUTES (RFC 8489 section 14.13). Null when it ends within a type. */
export function readUnknownAttributes(value: Uint8Array): number[] | null {
  if (value.length % 2 !== 0) return null;
  const types: number[] = [];
  for (let offset = 0; offset < value.length; offset += 2) types.push(readUint16(value, offset));
  return types;
}

/** Adds UNKNOWN-ATTRIBUTES (RFC 8489 section 14.13). */
export function writeUnknownAttributes(writer: MessageWriter, types: readonly number[]): MessageWriter {
  const value = new Uint8Array(types.length * 2);
  types.forEach((type, at) => {
    writeUint16(value, at * 2, type);
  });
  return writer.attribute(AttributeType.unknownAttributes, value);
}
