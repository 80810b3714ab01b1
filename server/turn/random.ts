import { strict as assert } from 'node:assert';

/** A source of uniform 32-bit integers; a CSPRNG wherever ports or tokens hang on it (SECURITY.md 12). */
export type RandomUint32 = () => number;

/** A uniform integer from 0 to `bound` - 1. Draws again where a plain remainder would favour small numbers. */
export function randomBelow(bound: number, randomUint32: RandomUint32): number {
  assert(bound > 0 && bound <= 0x1_0000_0000, `no integer is below ${bound}`);
  const fair = 0x1_0000_0000 - (0x1_0000_0000 % bound);
  for (;;) {
    const drawn = randomUint32() >>> 0;
    if (drawn < fair) return drawn % bound;
  }
}
