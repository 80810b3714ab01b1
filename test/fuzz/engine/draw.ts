import { strict as assert } from 'node:assert';
import { seededUint32 } from '../../turn/seeded-random.ts';

/** Random choices from one seed: the same seed makes the same choices. */
export class Draw {
  readonly uint32: () => number;

  constructor(seed: number) {
    this.uint32 = seededUint32(seed);
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return limit <= 1 ? 0 : this.uint32() % limit;
  }

  /** True once in `times` on average. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of these, of which there is at least one. */
  pick<Value>(values: readonly Value[]): Value {
    const at = this.below(values.length);
    assert(at in values, 'there is something to pick from');
    return values[at] as Value;
  }

  /** Bytes of any value. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.uint32() & 0xff);
  }
}
