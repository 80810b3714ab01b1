import type { Credential } from '../credentials/credential-book.ts';
import type { KeyAlgorithm } from '../credentials/long-term-key.ts';

/** Who a request was authenticated as, and with which key: what an allocation keeps of its maker (RFC 8656 section 6). */
export interface Identity {
  readonly username: string;
  readonly credential: Credential;
  readonly key: Uint8Array;
  readonly keyAlgorithm: KeyAlgorithm;
}

/**
 * Whether two identities are one user, though the username of a time-limited credential differs with every issue: whoever
 * made a reservation may redeem it with a newer credential.
 */
export function isSameUser(a: Credential, b: Credential): boolean {
  if (a.kind === 'static') return b.kind === 'static' && a.name === b.name;
  return b.kind === 'rest' && a.subject === b.subject;
}

/** Whether a time-limited credential has run out (SECURITY.md 9: refused to new Allocates, not to live sessions). */
export function isExpired(credential: Credential, nowMs: number): boolean {
  return credential.kind === 'rest' && credential.expiresAtS * 1000 <= nowMs;
}
