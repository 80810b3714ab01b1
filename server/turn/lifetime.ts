import { attribute, type Message } from '../stun/message.ts';
import { AttributeType } from '../stun/registry.ts';
import { readLifetime } from '../stun/turn-attributes.ts';
import type { Identity } from './identity.ts';
import { lifetimes } from './options.ts';
import type { TurnState } from './state.ts';

/** The seconds that LIFETIME asks for; undefined without one, null when it is malformed. */
export function requestedLifetimeS(message: Message): number | null | undefined {
  const value = attribute(message, AttributeType.lifetime);
  return value === undefined ? undefined : readLifetime(value);
}

/**
 * The seconds that an allocation gets (RFC 8656 sections 7.2 and 8.2): what was asked for, but no less than the default and no
 * more than the maximum; with `strictExpiry` nothing beyond the credential's expiry.
 */
export function grantedLifetimeS(
  state: TurnState,
  identity: Identity,
  requestedS: number | undefined,
  nowMs: number,
): number {
  const wantedS = Math.min(requestedS ?? lifetimes.defaultAllocationS, lifetimes.longestAllocationS);
  const lifetimeS = Math.max(wantedS, lifetimes.defaultAllocationS);
  const leftS = Math.ceil((latestEndMs(state, identity) - nowMs) / 1000);
  return Math.min(lifetimeS, leftS);
}

/**
 * When a relay that is granted this lifetime now ends. The seconds of LIFETIME are whole and rounded up; the credential's expiry, with
 * `strictExpiry`, is exact, so that no number of refreshes goes beyond it (SECURITY.md 9).
 */
export function expiryMs(state: TurnState, identity: Identity, lifetimeS: number, nowMs: number): number {
  return Math.min(nowMs + lifetimeS * 1000, latestEndMs(state, identity));
}

/** The time that no lifetime goes beyond. */
function latestEndMs(state: TurnState, { credential }: Identity): number {
  return state.options.strictExpiry && credential.kind === 'rest' ? credential.expiresAtS * 1000 : Infinity;
}
