import { strict as assert } from 'node:assert';
import { createHash, timingSafeEqual } from 'node:crypto';
import { maxLiveSecrets } from '../contract/limits.ts';
import type { CredentialDelta, CredentialSet, RestSecret, StaticUser } from './credential-set.ts';
import { longTermKey, userhash, type KeyAlgorithm } from './long-term-key.ts';
import { parseRestUsername, restPassword, type RestUsername } from './rest-username.ts';

/** Which credential a key belongs to. */
export type Credential =
  | { readonly kind: 'static'; readonly name: string }
  | {
      readonly kind: 'rest';
      readonly secretId: string;
      readonly subject: string;
      /** Unix time in seconds: the username's expiry, or the end of a retiring secret where that comes first. */
      readonly expiresAtS: number;
    };

/** A key that a message may be signed with. */
export interface Candidate {
  readonly key: Uint8Array;
  readonly credential: Credential;
  /** True for the candidate that only costs the time of a real one: whatever its key verifies, it never authenticates. */
  readonly decoy: boolean;
}

interface StaticEntry {
  readonly md5: Candidate;
  readonly sha256: Candidate;
}

/**
 * The relay's own copy of all credentials. Names are data: they are looked up in maps only, and any string is a name
 * (SECURITY.md 7).
 */
export class CredentialBook {
  #realm = '';
  #users = new Map<string, StaticEntry>();
  #namesByUserhash = new Map<string, string>();
  #secrets = new Map<string, RestSecret>();
  #liveSecrets: readonly RestSecret[] = [];
  #decoys: Record<KeyAlgorithm, Candidate> = decoysOf(emptySet);
  /** Whether some static name looks like a time-limited one. Only then could time tell such names apart. */
  #ambiguousNames = false;

  /** The realm of all keys (RFC 8489 section 9.2). */
  get realm(): string {
    return this.#realm;
  }

  /** Applies a change. A set with more than `maxLiveSecrets`, or another value under a known secret's id, is a caller's bug. */
  apply(delta: CredentialDelta): void {
    const { set } = delta;
    for (const secret of set.secrets) {
      const known = this.#secrets.get(secret.id);
      assert(
        known === undefined || sameKey(known.secret, secret.secret),
        `secret id ${secret.id} has changed its value`,
      );
    }
    const live = set.secrets.filter((secret) => secret.state !== 'revoked');
    assert(live.length <= maxLiveSecrets, `${live.length} live secrets, at most ${maxLiveSecrets} are allowed`);
    this.#realm = set.realm;
    this.#users = new Map(set.users.map((user) => [user.name, staticEntry(user)]));
    this.#namesByUserhash = new Map(set.users.map((user) => [bytesKey(userhash(user.name, set.realm)), user.name]));
    this.#secrets = new Map(set.secrets.map((secret) => [secret.id, secret]));
    // The issuing secrets first: nearly every credential in use was signed with one of them.
    this.#liveSecrets = live.toSorted((a, b) => stateOrder(a) - stateOrder(b));
    this.#decoys = decoysOf(set);
    this.#ambiguousNames = set.users.some((user) => parseRestUsername(user.name) !== null);
  }

  /**
   * Every key that the username may be signed with: a static user's, then one for each live secret if the name is a
   * time-limited one. For a name nobody has there is one decoy instead, so that an unknown user costs as many hash operations as a
   * wrong password (SECURITY.md 5); all candidates are to be tried until one verifies. Expiry is the caller's to check.
   */
  candidates(username: string, algorithm: KeyAlgorithm): readonly Candidate[] {
    const known = this.#users.get(username)?.[algorithm];
    const rest = this.#liveSecrets.length === 0 ? null : parseRestUsername(username);
    if (rest === null) return [known ?? this.#decoys[algorithm]];
    const candidates = this.#liveSecrets.map((secret) => this.#restCandidate(secret, username, rest, algorithm));
    if (known !== undefined) candidates.unshift(known);
    else if (this.#ambiguousNames) candidates.unshift(this.#decoys[algorithm]);
    return candidates;
  }

  /** The static user whose USERHASH this is (RFC 8489 section 9.2.4). The hash of a time-limited name cannot be inverted. */
  usernameOfHash(hash: Uint8Array): string | undefined {
    return hash.length === 32 ? this.#namesByUserhash.get(bytesKey(hash)) : undefined;
  }

  /**
   * Whether live sessions of this credential still stand: its secret is not revoked, or its user is there with the same key.
   * A time-limited credential that has expired stands, and so does one whose secret is retiring (SECURITY.md 9).
   */
  stands(credential: Credential, key: Uint8Array, algorithm: KeyAlgorithm): boolean {
    if (credential.kind === 'static') {
      const entry = this.#users.get(credential.name);
      return entry !== undefined && sameKey(entry[algorithm].key, key);
    }
    const secret = this.#secrets.get(credential.secretId);
    return secret !== undefined && secret.state !== 'revoked';
  }

  #restCandidate(secret: RestSecret, username: string, rest: RestUsername, algorithm: KeyAlgorithm): Candidate {
    const key = longTermKey(algorithm, username, this.#realm, restPassword(secret.secret, username));
    const acceptedUntilS = secret.acceptedUntilS ?? rest.expiresAtS;
    const expiresAtS = Math.min(rest.expiresAtS, acceptedUntilS);
    return { key, credential: { kind: 'rest', secretId: secret.id, subject: rest.subject, expiresAtS }, decoy: false };
  }
}

/** The subject that a credential's sessions are counted under, or null: static users are not limited (DESIGN.md section 5). */
export function subjectOf(credential: Credential): string | null {
  return credential.kind === 'rest' ? credential.subject : null;
}

const emptySet: CredentialSet = { realm: '', users: [], secrets: [] };

function staticEntry(user: StaticUser): StaticEntry {
  const credential: Credential = { kind: 'static', name: user.name };
  return {
    md5: { key: user.md5Key, credential, decoy: false },
    sha256: { key: user.sha256Key, credential, decoy: false },
  };
}

function stateOrder(secret: RestSecret): number {
  return secret.state === 'active' ? 0 : 1;
}

/** Keys that nobody can guess who does not know the whole set, were a caller ever to forget the mark. */
function decoysOf(set: CredentialSet): Record<KeyAlgorithm, Candidate> {
  const hash = createHash('sha256').update('turnpike decoy\0').update(set.realm);
  for (const user of set.users) hash.update(user.sha256Key);
  for (const secret of set.secrets) hash.update(secret.secret);
  const sha256 = hash.digest();
  const credential: Credential = { kind: 'static', name: '' };
  return {
    md5: { key: sha256.subarray(0, 16), credential, decoy: true },
    sha256: { key: sha256, credential, decoy: true },
  };
}

/** Bytes as a `Map` key, one character each. */
function bytesKey(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function sameKey(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
