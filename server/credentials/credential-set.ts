import { createHash } from 'node:crypto';
import { longTermKey } from './long-term-key.ts';

/** A secret that time-limited credentials are derived from. */
export interface RestSecret {
  /** Stands for one value of `secret` for ever: sessions are matched to their secret by it. See `secretId`. */
  readonly id: string;
  readonly secret: Uint8Array;
  /**
   * `active`: issued and accepted. `retiring`: accepted until `acceptedUntilS`. `retired`: that time is over, so it is not even tried,
   * but the sessions that began with it stand. `revoked`: its live sessions end.
   */
  readonly state: 'active' | 'retiring' | 'retired' | 'revoked';
  /** Unix time in seconds after which no new session is accepted with this secret; null for no such time. */
  readonly acceptedUntilS: number | null;
}

/** What the relay knows of an app. */
export interface AppCredentials {
  /** `^[a-z][a-z0-9-]{0,31}$`: it is written into usernames, and holds no `/`, `.` or `:`. */
  readonly id: string;
  readonly secrets: readonly RestSecret[];
  /** The ids of its live API keys. A credential that names another one is as good as none. */
  readonly keyIds: readonly string[];
  /** `exhausted`: it has relayed as many bytes this month as it may. Either of the last two ends its live sessions. */
  readonly state: 'serving' | 'disabled' | 'exhausted';
  /** 0 is no limit; null: as `turn.limits` says. */
  readonly allocationsPerSubject: number | null;
  /** 0 is no limit; null: as `turn.limits` says. */
  readonly bitsPerSecondPerSubject: number | null;
  /** Null: as long as it is refreshed. */
  readonly longestSessionS: number | null;
  /** Networks as `parseCidr` reads them, added to `turn.peers`; `deny` wins. */
  readonly peers: { readonly allow: readonly string[]; readonly deny: readonly string[] };
}

/** A user with a fixed password. Only the keys are kept, derived where the password was read. */
export interface StaticUser {
  /** As `opaqueString` returns it. */
  readonly name: string;
  readonly md5Key: Uint8Array;
  readonly sha256Key: Uint8Array;
  /** Unix time in seconds from which the user is none; null for no such time. */
  readonly expiresAtS: number | null;
  /** At a time; 0 is no limit. */
  readonly allocations: number;
  /** Of all the user's allocations together; 0 is no limit. */
  readonly bitsPerSecond: number;
  /** Whether the user has relayed as many bytes this month as it may. */
  readonly isExhausted: boolean;
}

/** What a static user may do, beside its name and keys. */
export type StaticUserLimits = Pick<StaticUser, 'expiresAtS' | 'allocations' | 'bitsPerSecond' | 'isExhausted'>;

/** At most `maxUsersPerChunk` static users, packed so that a hundred thousand cost little and no chunk takes the relay a millisecond. */
export interface StaticUserChunk {
  readonly names: readonly string[];
  /** 48 for each name (`staticKeyBytes`): the MD5 key, then the SHA-256 key. */
  readonly keys: Uint8Array;
  /** The limits of those who have any, by their place in `names`. */
  readonly limits: readonly (readonly [at: number, limits: StaticUserLimits])[];
}

/** Who a ban is for. */
export type BanTarget =
  /** A network as `parseCidr` reads it; one IPv6 address is banned as its /64. */
  | { readonly kind: 'address'; readonly range: string }
  | { readonly kind: 'subject'; readonly app: string; readonly subject: string }
  | { readonly kind: 'user'; readonly name: string };

/** An administrator's ban: live sessions end, and new Allocates are answered 403 (SECURITY.md 9). */
export interface Ban {
  readonly id: string;
  readonly target: BanTarget;
  /** Unix time in seconds from which it counts for nothing; null for no such time. */
  readonly expiresAtS: number | null;
}

/** One change of what usernames are checked against. Plain data, so that it can be posted to a worker. */
export type CredentialChange =
  /** A whole set follows; the present one stays in force until `complete`. The realm is as `opaqueString` returns it. */
  | { readonly kind: 'reset'; readonly realm: string }
  /** These three add, or replace what has the same id or name. */
  | { readonly kind: 'apps'; readonly apps: readonly AppCredentials[] }
  | { readonly kind: 'users'; readonly users: StaticUserChunk }
  | { readonly kind: 'bans'; readonly bans: readonly Ban[] }
  | { readonly kind: 'remove-app'; readonly id: string }
  | { readonly kind: 'remove-user'; readonly name: string }
  | { readonly kind: 'remove-ban'; readonly id: string }
  /** The set that began with `reset` takes the place of the one before it. */
  | { readonly kind: 'complete' };

/** A change with its number: 1, 2, and so on. A number that is left out asks for the whole set anew; a `reset` may have any. */
export interface CredentialDelta {
  readonly sequence: number;
  readonly change: CredentialChange;
}

/** Everything that usernames are checked against, in one piece. */
export interface CredentialSet {
  /** As `opaqueString` returns it. */
  readonly realm: string;
  readonly apps: readonly AppCredentials[];
  readonly users: readonly StaticUser[];
  readonly bans: readonly Ban[];
}

/** What a static user has who was given nothing else. */
export const unlimitedUser: StaticUserLimits = {
  expiresAtS: null,
  allocations: 0,
  bitsPerSecond: 0,
  isExhausted: false,
};

/** Derives the keys of a static user; all three strings as `opaqueString` returns them. */
export function staticUser(name: string, realm: string, password: string): StaticUser {
  return {
    name,
    md5Key: longTermKey('md5', name, realm, password),
    sha256Key: longTermKey('sha256', name, realm, password),
    ...unlimitedUser,
  };
}

/** An app that has these secrets and nothing else: no API keys, no limits and no peer rules of its own. */
export function plainApp(id: string, secrets: readonly RestSecret[]): AppCredentials {
  return {
    id,
    secrets,
    keyIds: [],
    state: 'serving',
    allocationsPerSubject: null,
    bitsPerSecondPerSubject: null,
    longestSessionS: null,
    peers: { allow: [], deny: [] },
  };
}

/** An identifier for a secret that depends on its value alone and tells nothing of it: 16 hexadecimal digits. */
export function secretId(secret: Uint8Array): string {
  return createHash('sha256').update('turnpike secret id\0').update(secret).digest('hex').slice(0, 16);
}
