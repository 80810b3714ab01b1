import { readUint16, readUint32, writeUint16, writeUint32 } from '../../server/stun/byte-access.ts';
import { fingerprintValue } from '../../server/stun/fingerprint.ts';
import { integrityHmac, integrityLength } from '../../server/stun/integrity-hmac.ts';
import { AttributeType, headerLength, magicCookie } from '../../server/stun/registry.ts';
import type { Draw } from './engine/draw.ts';
import { concatenated, mutateBytes } from './engine/mutate-bytes.ts';

/** One attribute as bytes: type, length, value, padding; or what is left where none begins. */
type Part = Uint8Array;

const types: readonly number[] = Object.values(AttributeType);

/** Values that mean something in some attribute. */
const values: readonly Uint8Array[] = [
  [],
  [0],
  [0x80],
  [17, 0, 0, 0],
  [0, 1, 0, 0],
  [1, 0, 0, 0],
  [2, 0, 0, 0],
  [0, 2, 0, 0],
  [0x40, 0, 0, 0],
  [0x4f, 0xff, 0, 0],
  [0x7f, 0xfe, 0, 0],
  [0, 0, 0, 0],
  [0, 0, 0x0e, 0x10],
  [0xff, 0xff, 0xff, 0xff],
  [0, 1, 0x21, 0x1b, 0x29, 0x1a, 0xac, 0x4a],
  [0, 1, 0x21, 0x1b, 0x2b, 0x12, 0xa4, 0x43],
  [0, 2, 0x21, 0x1b, ...new Array<number>(16).fill(0)],
  [0, 0, 4, 1, 85, 110],
  [0, 2, 0, 0, 0, 1, 0, 0],
  [0, 1, 0, 3, 1, 2, 3, 0],
  new Array<number>(8).fill(0xff),
  new Array<number>(20).fill(7),
  new Array<number>(32).fill(7),
  [0xc3, 0xa4, 0xff],
].map((bytes) => Uint8Array.from(bytes));

/** The attributes of a message's body, as far as they can be told apart. */
export function splitAttributes(body: Uint8Array): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < body.length;) {
    const end = at + 4 <= body.length ? at + 4 + ((readUint16(body, at + 2) + 3) & ~3) : body.length;
    parts.push(body.subarray(at, end));
    at = end;
  }
  return parts;
}

/** An attribute as bytes. */
function attributePart(type: number, value: Uint8Array): Part {
  const part = new Uint8Array(4 + ((value.length + 3) & ~3));
  writeUint16(part, 0, type);
  writeUint16(part, 2, value.length);
  part.set(value, 4);
  return part;
}

/** Changes attributes as attributes: takes away, doubles, swaps, adds and resizes them, or changes their values. */
export function mutateAttributes(body: Uint8Array, other: Uint8Array, draw: Draw): Uint8Array {
  const parts = splitAttributes(body);
  do mutateParts(parts, splitAttributes(other), draw);
  while (!draw.oneIn(3));
  return concatenated(...parts);
}

function mutateParts(parts: Part[], others: readonly Part[], draw: Draw): void {
  const at = draw.below(parts.length);
  const part = parts[at];
  switch (draw.below(part === undefined ? 2 : 9)) {
    case 0:
      return void parts.splice(at, 0, attributePart(draw.pick(types), draw.pick(values)));
    case 1:
      if (others.length > 0) parts.splice(at, 0, draw.pick(others));
      return;
    case 2:
      return void parts.splice(at, 1);
    case 3:
      return void parts.splice(draw.below(parts.length), 0, part ?? new Uint8Array());
    case 4:
      parts[at] = parts[draw.below(parts.length)] ?? new Uint8Array();
      return void parts.push(part ?? new Uint8Array());
    case 5:
      return replaceValue(parts, at, (_, value) => resized(value, draw));
    case 6:
      return replaceValue(parts, at, (_, value) => mutateBytes(value, value, draw).slice(0, 2000));
    case 7:
      return replaceValue(parts, at, () => draw.pick(values));
    default: {
      const changed = (part ?? new Uint8Array()).slice();
      if (changed.length >= 4) {
        writeUint16(changed, draw.pick([0, 2]), draw.oneIn(2) ? draw.pick(types) : draw.below(80));
      }
      parts[at] = changed;
    }
  }
}

function replaceValue(parts: Part[], at: number, change: (type: number, value: Uint8Array) => Uint8Array): void {
  const part = parts[at];
  if (part === undefined || part.length < 4) return;
  const type = readUint16(part, 0);
  parts[at] = attributePart(type, change(type, part.subarray(4, 4 + readUint16(part, 2))));
}

function resized(value: Uint8Array, draw: Draw): Uint8Array {
  const length = draw.pick([0, 1, 2, 3, 4, 5, 8, 12, 20, 24, 32, 64, value.length + 1, Math.max(0, value.length - 1)]);
  const other = new Uint8Array(length);
  other.set(value.subarray(0, length));
  return other;
}

/**
 * Makes a message of bytes that may be none: its length, its cookie, every integrity attribute and the fingerprint are set
 * to what they should be, so that what lies behind those checks is reached.
 */
function repairMessage(input: Uint8Array, key: Uint8Array): Uint8Array {
  const bytes = input.slice(0, Math.min(input.length & ~3, 65_532));
  if (bytes.length < headerLength) return input;
  bytes[0] = (bytes[0] ?? 0) & 0x3f;
  writeUint32(bytes, 4, magicCookie);
  writeUint16(bytes, 2, bytes.length - headerLength);
  for (let at = headerLength; at + 4 <= bytes.length; at += 4 + ((readUint16(bytes, at + 2) + 3) & ~3)) {
    const type = readUint16(bytes, at);
    const length = readUint16(bytes, at + 2);
    const algorithm = type === AttributeType.messageIntegrity ? 'sha1' : 'sha256';
    const isIntegrity = type === AttributeType.messageIntegrity || type === AttributeType.messageIntegritySha256;
    if (isIntegrity && length === integrityLength(algorithm) && at + 4 + length <= bytes.length) {
      bytes.set(integrityHmac(bytes, at, key, algorithm), at + 4);
    } else if (type === AttributeType.fingerprint && length === 4 && at + 8 === bytes.length) {
      writeUint32(bytes, at + 4, fingerprintValue(bytes, at));
    }
  }
  return bytes;
}

/** Changes a message: now and then without regard to its format, mostly so that it is one afterwards. */
export function mutateMessage(input: Uint8Array, other: Uint8Array, key: Uint8Array, draw: Draw): Uint8Array {
  if (input.length < headerLength || draw.oneIn(6)) {
    const bytes = mutateBytes(input, other, draw);
    return draw.oneIn(2) ? repairMessage(bytes, key) : bytes;
  }
  const header = draw.oneIn(4) ? mutateBytes(input.subarray(0, headerLength), other, draw) : input;
  const body = mutateAttributes(input.subarray(headerLength), other.subarray(headerLength), draw);
  const message = concatenated(fitted(header), body);
  if (readUint32(message, 4) !== magicCookie && draw.oneIn(2)) return message;
  return draw.oneIn(8) ? message : repairMessage(message, key);
}

function fitted(header: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerLength);
  bytes.set(header.subarray(0, headerLength));
  return bytes;
}
