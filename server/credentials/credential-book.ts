import { defaultAppId } from '../contract/default-app.ts';
import { strict as assert } from 'node:assert';
import { timingSafeEqual } from 'node:crypto';
import type { AppEntry } from './app-entry.ts';
import { type CredentialDelta, type RestSecret } from './credential-set.ts';
import { CredentialTables } from './credential-tables.ts';
import type { Credential } from './credential.ts';
import { longTermKey, type KeyAlgorithm } from './long-term-key.ts';
import { parseNamedApp, parseRestUsername, restPassword, type NamedApp, type RestUsername } from './rest-username.ts';

/** A key that a message may be signed with. */
export interface Candidate {
  readonly key: Uint8Array;
  readonly credential: Credential;
  /** True for the candidate that only costs the time of a real one: whatever its key verifies, it never authenticates. */
  readonly decoy: boolean;
}

/** What becomes of a change: it is in force, it belongs to a whole set that is not complete yet, or one before it is missing. */
export type Applied = 'in-force' | 'aside' | 'gap';

/** Why live sessions of a credential have to end. */
export type Outlawed = 'credential-revoked' | 'quota-exhausted';

/** Why a credential that verifies makes no new session. */
export type Inadmissible = 'expired-credential' | 'revoked-key' | 'disabled-app' | 'quota-bytes';

/** What a holder may have; null: as `turn.limits` says. */
export interface HolderLimits {
  /** 0 is no limit. */
  readonly allocations: number | null;
  /** 0 is no limit. */
  readonly bitsPerSecond: number | null;
}

const nobody: Credential = { kind: 'static', name: '' };
const unlimited: HolderLimits = { allocations: null, bitsPerSecond: null };

/**
 * The relay's own copy of all credentials. Names are data: they are looked up in maps only, and any string is a name
 * (SECURITY.md 7).
 */
export class CredentialBook {
  #inForce = new CredentialTables('', new Uint8Array(0));
  #next: CredentialTables | undefined;
  /** Of the last change that was applied; undefined while a change is missing. */
  #sequence: number | undefined;

  /** The realm of all keys (RFC 8489 section 9.2). */
  get realm(): string {
    return this.#inForce.realm;
  }

  /** How many static users there are. */
  get userCount(): number {
    return this.#inForce.users.size;
  }

  /** An app by its id. */
  app(id: string): AppEntry | undefined {
    return this.#inForce.app(id);
  }

  /**
   * Applies a change. From `reset` to `complete` a whole set is made aside, and what is in force stays so. After a gap everything is
   * refused up to the next `reset`. An app with too many live secrets, or with another value under a known secret's id, is a
   * caller's bug.
   */
  apply({ sequence, change }: CredentialDelta): Applied {
    if (change.kind === 'reset') this.#next = new CredentialTables(change.realm, this.#inForce.decoySeed);
    else if (this.#sequence === undefined || sequence !== this.#sequence + 1) return this.#lose();
    this.#sequence = sequence;
    if (change.kind === 'complete') {
      assert(this.#next !== undefined, 'a set that is complete has begun');
      this.#inForce = this.#next;
      this.#next = undefined;
      return 'in-force';
    }
    (this.#next ?? this.#inForce).apply(change, this.#inForce);
    return this.#next === undefined ? 'in-force' : 'aside';
  }

  /**
   * Every key that the username may be signed with: a static user's, then, if the name is a time-limited one, one for each live secret of the
   * app that it names and of the default app. What an unknown user or an unknown app has less, decoys have more, so that it costs as many
   * hash operations as a wrong password (SECURITY.md 5); the candidates are to be tried until one verifies. They are derived one by one,
   * as they are asked for. Whether a credential that verifies is admitted is the caller's to ask.
   */
  *candidates(username: string, algorithm: KeyAlgorithm): Generator<Candidate, void, undefined> {
    const { users, mostNamedSecrets } = this.#inForce;
    const key = users.key(username, algorithm);
    const own = this.app(defaultAppId)?.liveSecrets ?? [];
    const rest = mostNamedSecrets + own.length === 0 ? null : parseRestUsername(username);
    if (key !== undefined) yield { key, credential: { kind: 'static', name: username }, decoy: false };
    else if (rest === null || users.hasTimeLimitedName) yield this.#staticDecoy(algorithm);
    if (rest === null) return;

    const named = parseNamedApp(rest.subject);
    const ofNamed = named === null ? [] : (this.app(named.app)?.liveSecrets ?? []);
    if (named !== null) for (const secret of ofNamed) yield this.#signedBy(secret, username, rest, named, algorithm);
    // Where the default app is named, its secrets have been tried.
    const isDefault = named?.app === defaultAppId;
    const whole = { app: defaultAppId, keyId: null, subject: rest.subject };
    if (!isDefault) for (const secret of own) yield this.#signedBy(secret, username, rest, whole, algorithm);
    const missing = mostNamedSecrets - (isDefault ? 0 : ofNamed.length);
    for (let count = 0; count < missing; count++) yield this.#restDecoy(username, algorithm);
  }

  /** The app that failures under this username are counted for: the one that it names, the default one, or null if it is no time-limited name. */
  appOf(username: string): string | null {
    if (this.#inForce.users.limits(username) !== undefined) return null;
    const rest = parseRestUsername(username);
    if (rest === null) return null;
    const named = parseNamedApp(rest.subject)?.app ?? defaultAppId;
    return this.app(named) === undefined ? defaultAppId : named;
  }

  /** The static user whose USERHASH this is (RFC 8489 section 9.2.4). The hash of a time-limited name cannot be inverted. */
  usernameOfHash(hash: Uint8Array): string | undefined {
    return this.#inForce.users.nameOfUserhash(hash);
  }

  /**
   * Why live sessions of this credential have to end; null while they stand: its secret, its API key and its app are live, or its user is there
   * with the same key. A time-limited credential that has expired stands, and so does one whose secret is retiring (SECURITY.md 9).
   */
  outlawed(credential: Credential, key: Uint8Array, algorithm: KeyAlgorithm, nowMs: number): Outlawed | null {
    if (credential.kind === 'static') {
      const limits = this.#inForce.users.limits(credential.name);
      const known = this.#inForce.users.key(credential.name, algorithm);
      if (limits === undefined || known === undefined || !sameKey(known, key)) return 'credential-revoked';
      if (isOver(limits.expiresAtS, nowMs)) return 'credential-revoked';
      return limits.isExhausted ? 'quota-exhausted' : null;
    }
    const entry = this.app(credential.app);
    if (entry === undefined || entry.app.state === 'disabled') return 'credential-revoked';
    if (!entry.hasStandingSecret(credential.secretId) || !entry.hasLiveKey(credential.keyId)) {
      return 'credential-revoked';
    }
    return entry.app.state === 'exhausted' ? 'quota-exhausted' : null;
  }

  /** Why this credential makes no new session; null when it may. It has just verified. */
  inadmissible(credential: Credential, nowMs: number): Inadmissible | null {
    if (credential.kind === 'static') {
      const limits = this.#inForce.users.limits(credential.name);
      if (isOver(limits?.expiresAtS ?? null, nowMs)) return 'expired-credential';
      return limits?.isExhausted === true ? 'quota-bytes' : null;
    }
    const entry = this.app(credential.app);
    if (isOver(credential.expiresAtS, nowMs)) return 'expired-credential';
    if (entry === undefined || entry.app.state === 'disabled') return 'disabled-app';
    if (!entry.hasLiveKey(credential.keyId)) return 'revoked-key';
    return entry.app.state === 'exhausted' ? 'quota-bytes' : null;
  }

  /** What the holder of this credential may have. */
  limitsOf(credential: Credential): HolderLimits {
    if (credential.kind === 'static') return this.#inForce.users.limits(credential.name) ?? unlimited;
    const app = this.app(credential.app)?.app;
    if (app === undefined) return unlimited;
    return { allocations: app.allocationsPerSubject, bitsPerSecond: app.bitsPerSecondPerSubject };
  }

  /** When a static user's sessions end, whatever is refreshed; Infinity for never, and for everybody else. */
  userExpiresAtMs(credential: Credential): number {
    if (credential.kind !== 'static') return Infinity;
    return (this.#inForce.users.limits(credential.name)?.expiresAtS ?? Infinity) * 1000;
  }

  /** How long a session of this credential may be; null for as long as it is refreshed. */
  longestSessionS(credential: Credential): number | null {
    return credential.kind === 'rest' ? (this.app(credential.app)?.app.longestSessionS ?? null) : null;
  }

  #lose(): 'gap' {
    this.#sequence = undefined;
    this.#next = undefined;
    return 'gap';
  }

  #signedBy(
    secret: RestSecret,
    username: string,
    { expiresAtS }: RestUsername,
    { app, subject, keyId }: NamedApp,
    algorithm: KeyAlgorithm,
  ): Candidate {
    const key = longTermKey(algorithm, username, this.realm, restPassword(secret.secret, username));
    const endsAtS = Math.min(expiresAtS, secret.acceptedUntilS ?? expiresAtS);
    const credential: Credential = { kind: 'rest', app, subject, secretId: secret.id, keyId, expiresAtS: endsAtS };
    return { key, credential, decoy: false };
  }

  #staticDecoy(algorithm: KeyAlgorithm): Candidate {
    const seed = this.#inForce.decoySeed;
    return { key: algorithm === 'md5' ? seed.subarray(0, 16) : seed, credential: nobody, decoy: true };
  }

  #restDecoy(username: string, algorithm: KeyAlgorithm): Candidate {
    const key = longTermKey(algorithm, username, this.realm, restPassword(this.#inForce.decoySeed, username));
    return { key, credential: nobody, decoy: true };
  }
}

function isOver(atS: number | null, nowMs: number): boolean {
  return atS !== null && atS * 1000 <= nowMs;
}

function sameKey(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
