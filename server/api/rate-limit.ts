/** So many in a second, and of them so many at once after a quiet time. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * A token bucket as the one number that it comes to: when all that passed would have, had it come at the rate. What is in the past is a
 * full bucket. Times are of any one clock that does not go back.
 */
export type PaidUntilMs = number;

/** The bucket of who has taken nothing. */
export const nothingTaken: PaidUntilMs = Number.NEGATIVE_INFINITY;

/** How long one more has to wait, in milliseconds; 0 when it may pass now. */
export function waitMs({ perSecond, burst }: RateLimit, paidUntilMs: PaidUntilMs, nowMs: number): number {
  return Math.max(0, paidUntilMs - ((burst - 1) * 1000) / perSecond - nowMs);
}

/** The bucket after one that has passed. */
export function charged({ perSecond }: RateLimit, paidUntilMs: PaidUntilMs, nowMs: number): PaidUntilMs {
  return Math.max(paidUntilMs, nowMs) + 1000 / perSecond;
}
