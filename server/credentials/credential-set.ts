import { createHash } from 'node:crypto';
import { longTermKey } from './long-term-key.ts';

/** A user with a fixed password. Only the keys are kept, derived where the password was read. */
export interface StaticUser {
  /** As `opaqueString` returns it. */
  readonly name: string;
  readonly md5Key: Uint8Array;
  readonly sha256Key: Uint8Array;
}

/** A secret that time-limited credentials are derived from. */
export interface RestSecret {
  /** Stands for one value of `secret` for ever: sessions are matched to their secret by it. See `secretId`. */
  readonly id: string;
  readonly secret: Uint8Array;
  /** `active`: issued and accepted. `retiring`: accepted until `acceptedUntilS`. `revoked`: its live sessions end. */
  readonly state: 'active' | 'retiring' | 'revoked';
  /** Unix time in seconds after which no new session is accepted with this secret; null for no such time. */
  readonly acceptedUntilS: number | null;
}

/** Everything that usernames are checked against. Plain data, so that it can be posted to a worker. */
export interface CredentialSet {
  /** As `opaqueString` returns it. */
  readonly realm: string;
  readonly users: readonly StaticUser[];
  readonly secrets: readonly RestSecret[];
}

/** A change of the credential set. */
export interface CredentialDelta {
  readonly kind: 'replace';
  readonly set: CredentialSet;
}

/** Derives the keys of a static user; all three strings as `opaqueString` returns them. */
export function staticUser(name: string, realm: string, password: string): StaticUser {
  return {
    name,
    md5Key: longTermKey('md5', name, realm, password),
    sha256Key: longTermKey('sha256', name, realm, password),
  };
}

/** An identifier for a secret that depends on its value alone and tells nothing of it: 16 hexadecimal digits. */
export function secretId(secret: Uint8Array): string {
  return createHash('sha256').update('turnpike secret id\0').update(secret).digest('hex').slice(0, 16);
}
