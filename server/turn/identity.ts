import { holderOf, type Credential } from '../credentials/credential.ts';
import type { KeyAlgorithm } from '../credentials/long-term-key.ts';
import type { SessionPrincipal } from '../seam/session-event.ts';

/** Who a request was authenticated as, and with which key: what an allocation keeps of its maker (RFC 8656 section 6). */
export interface Identity {
  readonly username: string;
  readonly credential: Credential;
  readonly key: Uint8Array;
  readonly keyAlgorithm: KeyAlgorithm;
}

/** Whoever sent a request, as far as it is known: the name that was given, and the credential where it verified. */
export interface Asker {
  /** Undefined before a username was read. */
  readonly username: string | undefined;
  readonly credential: Credential | undefined;
}

/**
 * Whether two identities are one user, though the username of a time-limited credential differs with every issue: whoever
 * made a reservation may redeem it with a newer credential.
 */
export function isSameUser(a: Credential, b: Credential): boolean {
  return holderOf(a) === holderOf(b);
}

/** The credential as the events name it. */
export function principalOf(credential: Credential): SessionPrincipal {
  if (credential.kind === 'static') return { kind: 'static', name: credential.name };
  const { app, subject, secretId, keyId } = credential;
  return { kind: 'rest', app, subject, secretId, keyId };
}
