/**
 * A token bucket of one second's depth. A packet passes while the bucket is not empty and is charged its payload
 * bytes, so that the last one may leave the bucket in debt: the rate is exact in the long run, and a packet larger than
 * the bucket still passes in its turn. A bucket without a rate passes everything.
 */
export class TokenBucket {
  /** How many relays are charged to it. */
  attachments = 0;
  #bytesPerSecond = 0;
  #tokens = 0;
  #filledAtMs = 0;

  /** Whether it has a rate. */
  get isLimiting(): boolean {
    return this.#bytesPerSecond > 0;
  }

  /** Whether the next packet is refused. */
  get isEmpty(): boolean {
    return this.#tokens <= 0;
  }

  /** Sets the rate; 0 lifts it. A bucket that had none starts full, another keeps what it holds, up to the new depth. */
  setRate(bitsPerSecond: number, nowMs: number): void {
    const bytesPerSecond = bitsPerSecond / 8;
    if (this.isLimiting) this.fill(nowMs);
    else this.#tokens = bytesPerSecond;
    this.#tokens = Math.min(this.#tokens, bytesPerSecond);
    this.#bytesPerSecond = bytesPerSecond;
    this.#filledAtMs = nowMs;
  }

  /** Adds what has come in since the last call. */
  fill(nowMs: number): void {
    const added = ((nowMs - this.#filledAtMs) * this.#bytesPerSecond) / 1000;
    this.#tokens = Math.min(this.#tokens + added, this.#bytesPerSecond);
    this.#filledAtMs = nowMs;
  }

  /** Takes a packet's payload bytes out. */
  charge(bytes: number): void {
    this.#tokens -= bytes;
  }
}

/**
 * Charges a packet to all of a relay's buckets, or to none when one of them is empty: false then. Reads the clock only
 * when a bucket has a rate.
 */
export function chargeAll(buckets: readonly TokenBucket[], bytes: number, nowMs: () => number): boolean {
  let now = -1;
  for (const bucket of buckets) {
    if (!bucket.isLimiting) continue;
    if (now < 0) now = nowMs();
    bucket.fill(now);
    if (bucket.isEmpty) return false;
  }
  if (now >= 0) for (const bucket of buckets) if (bucket.isLimiting) bucket.charge(bytes);
  return true;
}
