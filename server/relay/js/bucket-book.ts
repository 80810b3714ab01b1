import type { BucketId } from '../../seam/relay.ts';
import { TokenBucket } from './token-bucket.ts';

const noBuckets: readonly TokenBucket[] = [];

/** The token buckets by id. A bucket is remembered while it has a rate or a relay is attached to it, so rate and relays may come in any order. */
export class BucketBook {
  readonly #buckets = new Map<BucketId, TokenBucket>();

  /** Sets a bucket's rate; 0 lifts it. */
  setRate(id: BucketId, bitsPerSecond: number, nowMs: number): void {
    const bucket = this.#bucketOf(id);
    bucket.setRate(bitsPerSecond, nowMs);
    this.#forget(id, bucket);
  }

  /** The buckets with these ids, for one relay more. */
  attach(ids: readonly BucketId[]): readonly TokenBucket[] {
    if (ids.length === 0) return noBuckets;
    return ids.map((id) => {
      const bucket = this.#bucketOf(id);
      bucket.attachments++;
      return bucket;
    });
  }

  /** The relay that was attached to these is gone. */
  detach(ids: readonly BucketId[]): void {
    for (const id of ids) {
      const bucket = this.#bucketOf(id);
      bucket.attachments--;
      this.#forget(id, bucket);
    }
  }

  #bucketOf(id: BucketId): TokenBucket {
    const known = this.#buckets.get(id);
    if (known !== undefined) return known;
    const bucket = new TokenBucket();
    this.#buckets.set(id, bucket);
    return bucket;
  }

  #forget(id: BucketId, bucket: TokenBucket): void {
    if (!bucket.isLimiting && bucket.attachments === 0) this.#buckets.delete(id);
  }
}
