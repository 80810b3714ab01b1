import { paddedLength, readUint16, writeUint16 } from './byte-access.ts';
import type { MessageWriter } from './message.ts';
import { AttributeType } from './registry.ts';

/** An entry of PASSWORD-ALGORITHMS, or the value of PASSWORD-ALGORITHM (RFC 8489 sections 14.11 and 14.12). */
interface PasswordAlgorithmChoice {
  /** The registry's number, which may be none of ours. */
  readonly algorithm: number;
  readonly parameters: Uint8Array;
}

// `ignoreBOM` keeps a leading U+FEFF in the text: two names that differ on the wire must differ here.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads USERNAME, REALM, NONCE or SOFTWARE: strict UTF-8 (RFC 3629), null when it is not. */
export function readText(value: Uint8Array): string | null {
  try {
    return strictUtf8.decode(value);
  } catch {
    return null;
  }
}

/** Reads PASSWORD-ALGORITHMS (RFC 8489 section 14.11), parameters as views. Null when an entry is truncated. */
export function readPasswordAlgorithms(value: Uint8Array): PasswordAlgorithmChoice[] | null {
  if (value.length % 4 !== 0) return null;
  const choices: PasswordAlgorithmChoice[] = [];
  let offset = 0;
  while (offset < value.length) {
    const length = readUint16(value, offset + 2);
    const next = offset + 4 + paddedLength(length);
    if (next > value.length) return null;
    choices.push({
      algorithm: readUint16(value, offset),
      parameters: value.subarray(offset + 4, offset + 4 + length),
    });
    offset = next;
  }
  return choices;
}

/** Adds PASSWORD-ALGORITHMS with these algorithms, which take no parameters, in order of preference (RFC 8489 section 14.11). */
export function writePasswordAlgorithms(writer: MessageWriter, algorithms: readonly number[]): MessageWriter {
  const value = new Uint8Array(algorithms.length * 4);
  algorithms.forEach((algorithm, at) => {
    writeUint16(value, at * 4, algorithm);
  });
  return writer.attribute(AttributeType.passwordAlgorithms, value);
}

/** Reads PASSWORD-ALGORITHM (RFC 8489 section 14.12). Null unless it is exactly one entry. */
export function readPasswordAlgorithm(value: Uint8Array): PasswordAlgorithmChoice | null {
  const choices = readPasswordAlgorithms(value);
  return choices !== null && choices.length === 1 ? (choices[0] ?? null) : null;
}

/** Adds PASSWORD-ALGORITHM with an algorithm that takes no parameters (RFC 8489 section 14.12). */
export function writePasswordAlgorithm(writer: MessageWriter, algorithm: number): MessageWriter {
  return writer.uint32(AttributeType.passwordAlgorithm, algorithm << 16);
}
