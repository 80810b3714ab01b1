import { strict as assert } from 'node:assert';
import type { HolderKey } from '../credentials/credential.ts';
import type { BucketId } from '../seam/relay.ts';
import type { ActionQueue } from './actions.ts';

/** Rates of relayed traffic; 0 is no limit (DESIGN.md section 5). */
export interface RateLimits {
  readonly bitsPerSecondPerAllocation: number;
  /** Shared by all allocations of one subject of time-limited credentials, where its app has no limit of its own. */
  readonly bitsPerSecondPerUser: number;
}

/** A bucket that all allocations of a subject or static user are charged to. Without a rate it passes everything. */
interface SharedBucket {
  readonly bucket: BucketId;
  bitsPerSecond: number;
  holders: number;
}

/**
 * The plane's token buckets: one for each allocation where that has a rate, and one for each subject or static user from its first allocation
 * to its last, with a rate or without: it may be given one while its relays are attached.
 */
export class RateBuckets {
  readonly #bitsPerSecondPerAllocation: number;
  readonly #actions: ActionQueue;
  readonly #shared = new Map<HolderKey, SharedBucket>();
  #lastBucket = 0;
  #count = 0;

  constructor({ bitsPerSecondPerAllocation }: RateLimits, actions: ActionQueue) {
    this.#bitsPerSecondPerAllocation = bitsPerSecondPerAllocation;
    this.#actions = actions;
  }

  /** How many buckets have a rate. */
  get count(): number {
    return this.#count;
  }

  /** The buckets of a new allocation, made before they are answered. `ofHolder` is the rate of all the holder's allocations; 0 is no limit. */
  lease(holder: HolderKey, ofHolder: number): BucketLease {
    const own = this.#bitsPerSecondPerAllocation === 0 ? null : this.#newBucket();
    if (own !== null) this.#changeRate(own, 0, this.#bitsPerSecondPerAllocation);
    const shared = this.#shared.get(holder) ?? { bucket: this.#newBucket(), bitsPerSecond: 0, holders: 0 };
    shared.holders++;
    this.#shared.set(holder, shared);
    this.setRate(holder, ofHolder);
    return new BucketLease(this, holder, own, shared.bucket);
  }

  /** Gives all allocations of a holder together another rate; nothing happens where they have it or there are none. */
  setRate(holder: HolderKey, bitsPerSecond: number): void {
    const shared = this.#shared.get(holder);
    if (shared === undefined) return;
    this.#changeRate(shared.bucket, shared.bitsPerSecond, bitsPerSecond);
    shared.bitsPerSecond = bitsPerSecond;
  }

  /** Only for `BucketLease`: removes the allocation's own bucket, and the holder's after its last allocation. */
  payBack(holder: HolderKey, own: BucketId | null): void {
    if (own !== null) this.#changeRate(own, this.#bitsPerSecondPerAllocation, 0);
    const shared = this.#shared.get(holder);
    assert(shared !== undefined, 'nobody holds this bucket');
    if (--shared.holders > 0) return;
    this.#shared.delete(holder);
    this.#changeRate(shared.bucket, shared.bitsPerSecond, 0);
  }

  #newBucket(): BucketId {
    return ++this.#lastBucket as BucketId;
  }

  #changeRate(bucket: BucketId, from: number, to: number): void {
    if (from === to) return;
    this.#count += Number(to !== 0) - Number(from !== 0);
    this.#actions.push({ kind: 'set-rate', bucket, bitsPerSecond: to });
  }
}

/** An allocation's share in the buckets. Released exactly once, after its relays are closed. */
export class BucketLease {
  readonly buckets: readonly BucketId[];
  readonly #owner: RateBuckets;
  readonly #holder: HolderKey;
  readonly #own: BucketId | null;
  #held = true;

  constructor(owner: RateBuckets, holder: HolderKey, own: BucketId | null, shared: BucketId) {
    this.#owner = owner;
    this.#holder = holder;
    this.#own = own;
    this.buckets = own === null ? [shared] : [own, shared];
  }

  /** Removes the allocation's own bucket and leaves its holder's. A second time is a bug. */
  release(): void {
    assert(this.#held, 'a bucket lease was released twice');
    this.#held = false;
    this.#owner.payBack(this.#holder, this.#own);
  }
}
