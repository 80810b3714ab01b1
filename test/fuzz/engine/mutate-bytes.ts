import type { Draw } from './draw.ts';

const telling = [0, 1, 2, 3, 4, 7, 8, 16, 20, 31, 32, 63, 64, 79, 80, 127, 128, 254, 255];

/** Several byte strings as one. */
export function concatenated(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** The bytes with a part of them replaced. */
function spliced(bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  return concatenated(bytes.subarray(0, at), inserted, bytes.subarray(at + removed));
}

/** A part of the bytes, at most `longest` of them. */
function slice(bytes: Uint8Array, draw: Draw, longest: number): Uint8Array {
  const start = draw.below(bytes.length);
  return bytes.slice(start, start + 1 + draw.below(Math.min(longest, bytes.length - start)));
}

type Mutation = (bytes: Uint8Array, other: Uint8Array, draw: Draw, words: readonly Uint8Array[]) => Uint8Array;

const mutations: readonly Mutation[] = [
  (bytes, _, draw) => changed(bytes, draw, (value) => value ^ (1 << draw.below(8))),
  (bytes, _, draw) => changed(bytes, draw, () => draw.pick(telling)),
  (bytes, _, draw) => changed(bytes, draw, () => draw.below(256)),
  (bytes, _, draw) => changed(bytes, draw, (value) => value + draw.pick([-1, 1, -4, 4])),
  (bytes, _, draw) => spliced(bytes, draw.below(bytes.length + 1), 0, draw.bytes(1 + draw.below(4))),
  (bytes, _, draw) => spliced(bytes, draw.below(bytes.length), 1 + draw.below(8), new Uint8Array()),
  (bytes, _, draw) => spliced(bytes, draw.below(bytes.length), 1 + draw.below(bytes.length), new Uint8Array()),
  (bytes, _, draw) => spliced(bytes, draw.below(bytes.length + 1), 0, slice(bytes, draw, 64)),
  (bytes, other, draw) => spliced(bytes, draw.below(bytes.length + 1), 0, slice(other, draw, 64)),
  (bytes, other, draw) => spliced(bytes, draw.below(bytes.length + 1), bytes.length, slice(other, draw, other.length)),
  (bytes, _, draw, words) => {
    return words.length === 0 ? bytes : spliced(bytes, draw.below(bytes.length + 1), 0, draw.pick(words));
  },
  (bytes, _, draw, words) => {
    if (words.length === 0) return bytes;
    const word = draw.pick(words);
    return spliced(bytes, draw.below(bytes.length + 1), word.length, word);
  },
  (bytes, _, draw) => {
    const part = slice(bytes, draw, 8);
    const times = draw.oneIn(20) ? 20_000 : 2 + draw.below(40);
    return spliced(bytes, draw.below(bytes.length + 1), 0, repeated(part, times));
  },
];

/** Changes bytes without knowing what they mean. `words` are byte strings that mean something where these bytes are read. */
export function mutateBytes(
  input: Uint8Array,
  other: Uint8Array,
  draw: Draw,
  words: readonly Uint8Array[] = [],
): Uint8Array {
  let bytes = input;
  do bytes = draw.pick(mutations)(bytes, other, draw, words);
  while (!draw.oneIn(3));
  return bytes;
}

function changed(bytes: Uint8Array, draw: Draw, change: (value: number) => number): Uint8Array {
  if (bytes.length === 0) return draw.bytes(1);
  const copy = bytes.slice();
  const at = draw.below(bytes.length);
  copy[at] = change(copy[at] ?? 0);
  return copy;
}

function repeated(part: Uint8Array, times: number): Uint8Array {
  const bytes = new Uint8Array(part.length * times);
  for (let at = 0; at < times; at++) bytes.set(part, at * part.length);
  return bytes;
}
