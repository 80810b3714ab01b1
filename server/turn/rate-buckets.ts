import { strict as assert } from 'node:assert';
import type { BucketId } from '../seam/relay.ts';
import type { ActionQueue } from './actions.ts';

/** Rates of relayed traffic; 0 is no limit (DESIGN.md section 5). */
export interface RateLimits {
  readonly bitsPerSecondPerAllocation: number;
  /** Shared by all allocations of one subject of time-limited credentials. Static users are not limited. */
  readonly bitsPerSecondPerUser: number;
}

/** The plane's token buckets: one for each allocation, and one for each subject from its first allocation to its last. */
export class RateBuckets {
  readonly #limits: RateLimits;
  readonly #actions: ActionQueue;
  readonly #bySubject = new Map<string, { readonly bucket: BucketId; holders: number }>();
  #lastBucket = 0;
  #count = 0;

  constructor(limits: RateLimits, actions: ActionQueue) {
    this.#limits = limits;
    this.#actions = actions;
  }

  /** How many buckets there are. */
  get count(): number {
    return this.#count;
  }

  /** The buckets of a new allocation, made before they are answered. */
  lease(subject: string | null): BucketLease {
    const { bitsPerSecondPerAllocation, bitsPerSecondPerUser } = this.#limits;
    const buckets: BucketId[] = [];
    if (bitsPerSecondPerAllocation !== 0) buckets.push(this.#create(bitsPerSecondPerAllocation));
    const own = buckets.length;
    if (bitsPerSecondPerUser !== 0 && subject !== null) buckets.push(this.#join(subject, bitsPerSecondPerUser));
    return new BucketLease(this, buckets, own, subject);
  }

  /** Only for `BucketLease`: removes a bucket. */
  remove(bucket: BucketId): void {
    this.#count--;
    this.#actions.push({ kind: 'set-rate', bucket, bitsPerSecond: 0 });
  }

  /** Only for `BucketLease`: removes the subject's bucket after its last allocation. */
  leave(subject: string): void {
    const shared = this.#bySubject.get(subject);
    assert(shared !== undefined, 'nobody holds this bucket');
    if (--shared.holders > 0) return;
    this.#bySubject.delete(subject);
    this.remove(shared.bucket);
  }

  #join(subject: string, bitsPerSecond: number): BucketId {
    const shared = this.#bySubject.get(subject);
    if (shared !== undefined) {
      shared.holders++;
      return shared.bucket;
    }
    const bucket = this.#create(bitsPerSecond);
    this.#bySubject.set(subject, { bucket, holders: 1 });
    return bucket;
  }

  #create(bitsPerSecond: number): BucketId {
    const bucket = ++this.#lastBucket as BucketId;
    this.#count++;
    this.#actions.push({ kind: 'set-rate', bucket, bitsPerSecond });
    return bucket;
  }
}

/** An allocation's share in the buckets. Released exactly once, after its relays are closed. */
export class BucketLease {
  readonly buckets: readonly BucketId[];
  readonly #owner: RateBuckets;
  /** How many of `buckets` are the allocation's own; one more is its subject's. */
  readonly #own: number;
  readonly #subject: string | null;
  #held = true;

  constructor(owner: RateBuckets, buckets: readonly BucketId[], own: number, subject: string | null) {
    this.#owner = owner;
    this.buckets = buckets;
    this.#own = own;
    this.#subject = subject;
  }

  /** Removes the allocation's own bucket and leaves its subject's. A second time is a bug. */
  release(): void {
    assert(this.#held, 'a bucket lease was released twice');
    this.#held = false;
    for (const bucket of this.buckets.slice(0, this.#own)) this.#owner.remove(bucket);
    if (this.buckets.length > this.#own && this.#subject !== null) this.#owner.leave(this.#subject);
  }
}
