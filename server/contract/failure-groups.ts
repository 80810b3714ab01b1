/** Why the relay refuses requests. The seam's `RefusalCause`, whose names these are. */
export const failureCauses = [
  'unknown-user',
  'wrong-password',
  'expired-credential',
  'revoked-key',
  'disabled-app',
  'banned',
  'backed-off',
  'quota-user',
  'quota-address',
  'quota-total',
  'quota-bytes',
  'peer-denied',
  'out-of-ports',
  'out-of-descriptors',
  'draining',
  'stale-nonce',
] as const;

/** Why a request was refused. */
export type FailureCause = (typeof failureCauses)[number];

/** What an administrator looks for: causes that have one remedy. */
export const failureGroups = [
  'expired',
  'unknown-user',
  'wrong-secret',
  'clock-skew',
  'stale-nonce',
  'quota',
  'peer-denied',
  'banned',
  'backed-off',
  'revoked',
  'draining',
  'capacity',
] as const;

/** A group of causes that have one remedy. */
export type FailureGroup = (typeof failureGroups)[number];

const groupOf: Readonly<Record<FailureCause, FailureGroup>> = {
  'unknown-user': 'unknown-user',
  'wrong-password': 'wrong-secret',
  'expired-credential': 'expired',
  'revoked-key': 'revoked',
  'disabled-app': 'revoked',
  banned: 'banned',
  'backed-off': 'backed-off',
  'quota-user': 'quota',
  'quota-address': 'quota',
  'quota-total': 'quota',
  'quota-bytes': 'quota',
  'peer-denied': 'peer-denied',
  'out-of-ports': 'capacity',
  'out-of-descriptors': 'capacity',
  draining: 'draining',
  'stale-nonce': 'stale-nonce',
};

/** The group of a cause, where nothing is known but the cause. */
export function groupOfCause(cause: FailureCause): FailureGroup {
  return groupOf[cause];
}

/** Whether a text is one of the causes. */
export function isFailureCause(text: string): text is FailureCause {
  return failureCauses.some((cause) => cause === text);
}
