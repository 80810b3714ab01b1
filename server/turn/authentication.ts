import type { Client } from '../seam/client.ts';
import { readText } from '../stun/credentials-attributes.ts';
import { verifyIntegrity } from '../stun/integrity.ts';
import { attribute, type Message } from '../stun/message.ts';
import { AttributeType, ErrorCode } from '../stun/registry.ts';
import type { Identity } from './identity.ts';
import { reject, type Rejection } from './outcome.ts';
import { negotiateAlgorithms, type NegotiatedAlgorithms } from './password-algorithms.ts';
import type { Seal } from './request.ts';
import type { TurnState } from './state.ts';

/** Who asks, and how to sign the answer. */
export interface Authenticated {
  readonly kind: 'authenticated';
  readonly identity: Identity;
  readonly seal: Seal;
}

/** A refusal, and the name that was given, for the operator. */
export interface Unauthenticated {
  readonly kind: 'unauthenticated';
  readonly rejection: Rejection;
  readonly username: string | undefined;
}

/** What the long-term credential mechanism needs of a request. */
interface Claims {
  /** Null for a name that nobody can have: a hash that is unknown, or bytes that are no text. */
  readonly username: string | null;
  readonly nonce: Uint8Array;
  readonly algorithms: NegotiatedAlgorithms;
}

/** The longest USERNAME that has to be understood, in bytes (RFC 8489 section 14.3). Nobody has a longer name. */
const longestUsername = 763;

/**
 * The long-term credential mechanism (RFC 8489 section 9.2.4). `kept` is whose session the client's 5-tuple has: its key is
 * tried first, so that a live session outlasts the expiry of its credential and costs one hash operation. Whether a
 * credential has expired is Allocate's to ask.
 *
 * The checks have the order of the RFC but for the nonce, which it checks last. After the integrity it would tell a right password
 * (438) from a wrong one (401) to whoever has no nonce, and so to whoever the back-off cannot count.
 */
export function authenticate(
  state: TurnState,
  message: Message,
  client: Client,
  kept: Identity | undefined,
  nowMs: number,
): Authenticated | Unauthenticated {
  // RFC 8489 section 9.2.4, first check: no integrity, so this is the opening request.
  const hasSha256 = attribute(message, AttributeType.messageIntegritySha256) !== undefined;
  if (!hasSha256 && attribute(message, AttributeType.messageIntegrity) === undefined) {
    return { kind: 'unauthenticated', rejection: reject(ErrorCode.unauthenticated), username: undefined };
  }
  // Second and third check: all attributes are there, and the algorithms untouched.
  const claims = readClaims(state, message);
  if (claims === null) {
    return { kind: 'unauthenticated', rejection: reject(ErrorCode.badRequest), username: undefined };
  }
  const { username, nonce, algorithms } = claims;
  const refuse = (rejection: Rejection): Unauthenticated => {
    return { kind: 'unauthenticated', rejection, username: username ?? undefined };
  };
  // Last check: the nonce.
  if (state.nonces.check(nonce, client.remote, nowMs) !== 'valid') {
    return refuse(reject(ErrorCode.staleNonce, { cause: 'stale-nonce' }));
  }

  // SECURITY.md 5: who has failed too often waits, and is told no more than anyone else. Not so a live session.
  const address = client.remote.ip;
  const isLiveSession = kept?.username === username;
  if (!isLiveSession && username !== null && state.backoff.isBackedOff(address, username, nowMs)) {
    return refuse(reject(ErrorCode.unauthenticated, { cause: 'backed-off' }));
  }

  // Fourth and fifth check: the user, and the integrity, of which SHA-256 is the one to verify when both are there.
  const integrity = hasSha256 ? 'sha256' : 'sha1';
  const verified = findKey(state, username, algorithms, kept, (key) => verifyIntegrity(message, key, integrity));
  if (typeof verified === 'string') {
    if (username !== null) state.backoff.recordFailure(address, username, nowMs);
    return refuse(reject(ErrorCode.unauthenticated, { cause: verified }));
  }
  if (!isLiveSession) state.backoff.recordSuccess(address, verified.username, nowMs);
  return { kind: 'authenticated', identity: verified, seal: { key: verified.key, algorithm: algorithms.answer } };
}

/** The attributes that must come with integrity (RFC 8489 section 9.2.4); null when one is missing or the algorithms were tampered with. */
function readClaims(state: TurnState, message: Message): Claims | null {
  const nonce = attribute(message, AttributeType.nonce);
  const username = readUsername(state, message);
  if (nonce === undefined || username === undefined) return null;
  if (attribute(message, AttributeType.realm) === undefined) return null;
  const algorithms = negotiateAlgorithms(message, nonce);
  return algorithms === null ? null : { username, nonce, algorithms };
}

function readUsername(state: TurnState, message: Message): string | null | undefined {
  const username = attribute(message, AttributeType.username);
  if (username !== undefined) return username.length > longestUsername ? null : readText(username);
  const userhash = attribute(message, AttributeType.userhash);
  return userhash === undefined ? undefined : (state.access.book.usernameOfHash(userhash) ?? null);
}

/** The identity whose key verifies. All candidates are tried, and for an unknown name as many as for a known one (SECURITY.md 5). */
function findKey(
  state: TurnState,
  username: string | null,
  algorithms: NegotiatedAlgorithms,
  kept: Identity | undefined,
  verifies: (key: Uint8Array) => boolean,
): Identity | 'unknown-user' | 'wrong-password' {
  if (kept?.username === username && kept.keyAlgorithm === algorithms.key && verifies(kept.key)) return kept;
  let isKnown = false;
  for (const { key, credential, decoy } of state.access.book.candidates(username ?? '', algorithms.key)) {
    const isVerified = verifies(key);
    if (decoy || username === null) continue;
    if (isVerified) return { username, credential, key, keyAlgorithm: algorithms.key };
    isKnown = true;
  }
  return isKnown ? 'wrong-password' : 'unknown-user';
}
