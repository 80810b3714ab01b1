import type { Credential } from '../credentials/credential.ts';
import type { SessionEnd } from '../seam/session-event.ts';
import { attribute, type Message } from '../stun/message.ts';
import { AttributeType } from '../stun/registry.ts';
import { readLifetime } from '../stun/turn-attributes.ts';
import { lifetimes } from './options.ts';
import type { TurnState } from './state.ts';

/** What bounds the life of a session, begun or about to begin. */
export interface Lived {
  readonly credential: Credential;
  readonly startedAtMs: number;
}

/** The time that no lifetime goes beyond, however often it is refreshed, and what ends the session then. */
export interface LatestEnd {
  /** Infinity for none. */
  readonly atMs: number;
  readonly cause: SessionEnd;
}

/** The seconds that LIFETIME asks for; undefined without one, null when it is malformed. */
export function requestedLifetimeS(message: Message): number | null | undefined {
  const value = attribute(message, AttributeType.lifetime);
  return value === undefined ? undefined : readLifetime(value);
}

/**
 * The seconds that an allocation gets (RFC 8656 sections 7.2 and 8.2): what was asked for, but no less than the default and no
 * more than the maximum; nothing beyond its latest end.
 */
export function grantedLifetimeS(
  state: TurnState,
  lived: Lived,
  requestedS: number | undefined,
  nowMs: number,
): number {
  const wantedS = Math.min(requestedS ?? lifetimes.defaultAllocationS, lifetimes.longestAllocationS);
  const lifetimeS = Math.max(wantedS, lifetimes.defaultAllocationS);
  const leftS = Math.ceil((latestEnd(state, lived).atMs - nowMs) / 1000);
  return Math.min(lifetimeS, leftS);
}

/**
 * When a relay that is granted this lifetime now ends. The seconds of LIFETIME are whole and rounded up; the latest end is
 * exact, so that no number of refreshes goes beyond it (SECURITY.md 9).
 */
export function expiryMs(state: TurnState, lived: Lived, lifetimeS: number, nowMs: number): number {
  return Math.min(nowMs + lifetimeS * 1000, latestEnd(state, lived).atMs);
}

/** The first of: the app's longest session, the static user's expiry and, with `strictExpiry`, the credential's. */
export function latestEnd(state: TurnState, { credential, startedAtMs }: Lived): LatestEnd {
  const { book } = state.access;
  const longestS = book.longestSessionS(credential);
  const ends: LatestEnd[] = [
    { atMs: book.userExpiresAtMs(credential), cause: 'credential-revoked' },
    { atMs: longestS === null ? Infinity : startedAtMs + longestS * 1000, cause: 'session-too-long' },
  ];
  if (state.options.strictExpiry && credential.kind === 'rest') {
    ends.push({ atMs: credential.expiresAtS * 1000, cause: 'expired' });
  }
  return ends.reduce((first, end) => (end.atMs < first.atMs ? end : first));
}
