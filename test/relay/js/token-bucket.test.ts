import { describe, expect, test } from 'vitest';
import { BucketBook } from '../../../server/relay/js/bucket-book.ts';
import { chargeAll, TokenBucket } from '../../../server/relay/js/token-bucket.ts';
import type { BucketId } from '../../../server/seam/relay.ts';

function limited(bitsPerSecond: number, nowMs = 0): TokenBucket {
  const bucket = new TokenBucket();
  bucket.setRate(bitsPerSecond, nowMs);
  return bucket;
}

describe('token buckets', () => {
  test('over ten seconds as many bytes pass as the rate says, in packets of any size', () => {
    for (const size of [20, 100, 1200, 5000]) {
      const bucket = limited(80_000);
      let passed = 0;
      for (let nowMs = 0; nowMs < 10_000; nowMs++) if (chargeAll([bucket], size, () => nowMs)) passed += size;
      expect(passed, `packets of ${size}`).toBeGreaterThan(10_000 * 10);
      expect(passed, `packets of ${size}`).toBeLessThan(10_000 * 11 + size);
    }
  });

  test('the clock is read only where a rate is set', () => {
    const clock = (): number => {
      throw new Error('the clock was read');
    };
    expect(chargeAll([], 100, clock)).toBe(true);
    expect(chargeAll([new TokenBucket()], 100, clock)).toBe(true);
    expect(() => chargeAll([limited(8)], 100, clock)).toThrow('the clock was read');
  });

  test('a packet that one bucket refuses is charged to none', () => {
    const [empty, full] = [limited(8), limited(8_000)];
    expect(chargeAll([empty], 1, () => 0)).toBe(true);
    for (let attempt = 0; attempt < 100; attempt++) expect(chargeAll([full, empty], 100, () => 0)).toBe(false);
    let passed = 0;
    while (chargeAll([full], 100, () => 0)) passed++;
    expect(passed).toBe(10);
  });

  test('a lower rate takes effect on what the bucket holds; a higher one gives nothing away', () => {
    const bucket = limited(8_000);
    bucket.setRate(800, 0);
    expect(chargeAll([bucket], 100, () => 0)).toBe(true);
    expect(chargeAll([bucket], 1, () => 0)).toBe(false);
    bucket.setRate(8_000_000, 0);
    expect(chargeAll([bucket], 1, () => 0)).toBe(false);
    expect(chargeAll([bucket], 1, () => 1)).toBe(true);
  });

  test('a bucket is forgotten with its rate and its last relay, in whichever order', () => {
    const id = 1 as BucketId;
    const book = new BucketBook();
    book.setRate(id, 8_000, 0);
    const [first] = book.attach([id]);
    expect(book.attach([id])[0]).toBe(first);
    book.setRate(id, 0, 0);
    book.detach([id]);
    expect(book.attach([id])[0], 'a relay is still attached').toBe(first);
    book.detach([id]);
    book.detach([id]);
    expect(book.attach([id])[0], 'neither relay nor rate').not.toBe(first);
  });
});
