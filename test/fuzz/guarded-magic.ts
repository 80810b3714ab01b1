import type { FuzzTarget } from './engine/target.ts';
import { mutateBytes } from './engine/mutate-bytes.ts';

/** A planted defect: three bytes that chance alone finds once in 16 million inputs, each guarded by the one before it. */
export const guardedMagic: FuzzTarget = {
  name: 'guarded-magic',
  maxBytes: 16,
  batch: 64,
  seeds: () => [Uint8Array.of(0, 0, 0, 0)],
  mutate: (input, other, draw) => mutateBytes(input, other, draw),
  run(input) {
    if (input[0] === 0xb7) {
      if (input[1] === 0x5e) {
        if (input[2] === 0x91) {
          throw new Error('the planted defect');
        }
      }
    }
  },
};
