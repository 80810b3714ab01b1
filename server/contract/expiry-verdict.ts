import { maxCredentialTtlS } from './limits.ts';

/**
 * What the expiry in a username tells of the clock of whoever wrote it. `milliseconds`: it counts those, not seconds. `clock-ahead`: no
 * credential lives so long. `good`: it is still to come. `just-over`: nobody issues credentials for minutes, so one of the clocks is wrong,
 * or the TTL short. `over`: it is.
 */
export type ExpiryVerdict = 'milliseconds' | 'clock-ahead' | 'good' | 'just-over' | 'over';

const justOverS = 15 * 60;
/** No credential lives longer: what expires a day later still was made by another clock. */
const furthestS = maxCredentialTtlS + 86_400;
/** Later than this no clock in seconds is for three thousand years, and each in milliseconds has been since 1973. */
const millisecondsFromS = 100_000_000_000;

/** Judges an expiry by the clock of this host; both are Unix times in seconds. */
export function judgeExpiry(expiresAtS: number, nowS: number): ExpiryVerdict {
  if (expiresAtS >= millisecondsFromS) return 'milliseconds';
  const leftS = expiresAtS - nowS;
  if (leftS > furthestS) return 'clock-ahead';
  if (leftS > 0) return 'good';
  return -leftS < justOverS ? 'just-over' : 'over';
}
