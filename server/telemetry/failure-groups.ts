import { judgeExpiry } from '../contract/expiry-verdict.ts';
import { groupOfCause, type FailureCause, type FailureGroup } from '../contract/failure-groups.ts';

const dayS = 86_400;

/** A refusal's group, and what its username tells of the reason; null for nothing more than the group says. */
export interface Classification {
  readonly group: FailureGroup;
  readonly hint: string | null;
}

/**
 * The group of one refusal. A clock that is wrong shows in the expiry of the username.
 * @param expiresAtS the Unix time in seconds that the username begins with; null where it begins with none
 */
export function classifyFailure(cause: FailureCause, expiresAtS: number | null, nowMs: number): Classification {
  const group = groupOfCause(cause);
  const depends = group === 'expired' || group === 'wrong-secret' || group === 'unknown-user';
  const hint = depends && expiresAtS !== null ? skewHint(cause, expiresAtS, nowMs / 1000) : null;
  return hint === null ? { group, hint } : { group: 'clock-skew', hint };
}

function skewHint(cause: FailureCause, expiresAtS: number, nowS: number): string | null {
  switch (judgeExpiry(expiresAtS, nowS)) {
    case 'milliseconds':
      return 'the expiry in the username is in milliseconds: the back end has to write seconds';
    case 'clock-ahead':
      return `the expiry in the username is ${Math.round((expiresAtS - nowS) / dayS)} days away: the clock of the back end is ahead`;
    case 'just-over':
      return cause === 'expired-credential'
        ? `the credential expired ${Math.round(nowS - expiresAtS)} seconds ago: compare the clocks of the back end and of this host, or issue with a longer TTL`
        : null;
    case 'good':
    case 'over':
      return null;
  }
}
