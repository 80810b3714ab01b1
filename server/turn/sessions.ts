import type { Client } from '../seam/client.ts';
import type { SessionEnd, SessionPrincipal } from '../seam/session-event.ts';
import { holderOf, type Credential } from '../credentials/credential.ts';
import { Allocation, type AddressError, type AllocatedRelay } from './allocation.ts';
import { forgetChannel } from './channels.ts';
import { clientKey } from './client-key.ts';
import { principalOf, type Identity } from './identity.ts';
import { expiryMs } from './lifetime.ts';
import { forgetPermission } from './permissions.ts';
import type { QuotaClaim } from './quotas.ts';
import type { BucketLease } from './rate-buckets.ts';
import type { Relay } from './relay.ts';
import type { TurnState } from './state.ts';

/** What a session begins with. The claim and the relays, which are open, become its own. */
export interface SessionParts {
  readonly client: Client;
  readonly identity: Identity;
  /** Kept: the caller must not write to it again. */
  readonly transactionId: Uint8Array;
  readonly claim: QuotaClaim;
  readonly relays: readonly Relay[];
  readonly addressError: AddressError | null;
  readonly lifetimeS: number;
}

/** Makes an allocation of relays that are open: they are attached, then the session is announced (RFC 8656 section 7.2). */
export function startSession(state: TurnState, parts: SessionParts, nowMs: number): Allocation {
  const { client, identity, transactionId, claim, addressError } = parts;
  const allocation = new Allocation({
    session: state.newSessionId(),
    client,
    identity,
    transactionId,
    claim,
    addressError,
    buckets: leaseBuckets(state, identity),
    startedAtMs: nowMs,
  });
  for (const relay of parts.relays) {
    const { ip, port } = relay.local;
    const attached: AllocatedRelay = {
      kind: 'allocated-relay',
      relay,
      allocation,
      relayedTransportAddress: { ip: state.plan.translator.toPublic(ip), port },
      expiresAtMs: expiryMs(state, allocation, parts.lifetimeS, nowMs),
      deadlineIndex: -1,
    };
    allocation.relays.push(attached);
    state.attached.set(relay.id, attached);
    state.deadlines.add(attached);
    state.actions.push({ kind: 'attach-relay', relay: relay.id, client, buckets: allocation.buckets.buckets });
  }
  state.revokedSessions.forget(clientKey(client));
  state.allocations.set(clientKey(client), allocation);
  const relays = allocation.relays.map(({ relay, relayedTransportAddress }) => {
    return { relay: relay.id, relayedTransportAddress };
  });
  state.actions.push({
    kind: 'session-event',
    event: { type: 'session-started', session: allocation.session, ...whoseOf(allocation), relays },
  });
  return allocation;
}

/** Ends one relay with its permissions and channels; with the last one goes the allocation (RFC 8656 section 8.1). */
export function endRelay(state: TurnState, ended: AllocatedRelay, cause: SessionEnd): void {
  const { allocation, relay } = ended;
  for (const permission of allocation.permissions.values()) {
    if (permission.relay === ended) forgetPermission(state, permission);
  }
  for (const channel of allocation.channels.values()) {
    if (channel.relay === ended) forgetChannel(state, channel);
  }
  if (ended.deadlineIndex !== -1) state.deadlines.remove(ended);
  state.attached.delete(relay.id);
  allocation.relays.splice(allocation.relays.indexOf(ended), 1);
  relay.close(state.actions);
  if (allocation.relays.length === 0) endAllocation(state, allocation, cause);
}

/** Ends a session whatever it holds. */
export function endSession(state: TurnState, allocation: Allocation, cause: SessionEnd): void {
  for (const relay of [...allocation.relays]) endRelay(state, relay, cause);
}

/** The last step of every end: claim and buckets are given back here and nowhere else (SECURITY.md 8). */
function endAllocation(state: TurnState, allocation: Allocation, cause: SessionEnd): void {
  const { client, session } = allocation;
  state.allocations.delete(clientKey(client));
  allocation.claim.release();
  allocation.buckets.release();
  state.actions.push({
    kind: 'session-event',
    event: { type: 'session-ended', session, ...whoseOf(allocation), cause },
  });
  if (client.transport !== 'udp' && closesStream(cause)) state.actions.push({ kind: 'close-client', client });
}

function whoseOf({ client, identity }: Allocation): {
  readonly client: Client;
  readonly username: string;
  readonly principal: SessionPrincipal;
} {
  return { client, username: identity.username, principal: principalOf(identity.credential) };
}

function leaseBuckets(state: TurnState, { credential }: Identity): BucketLease {
  return state.buckets.lease(holderOf(credential), bitsPerSecondOf(state, credential));
}

/** The rate of all allocations of a credential's holder together; 0 is no limit. Static users are not limited by `turn.limits`. */
export function bitsPerSecondOf(state: TurnState, credential: Credential): number {
  const own = state.access.book.limitsOf(credential).bitsPerSecond;
  return own ?? (credential.kind === 'rest' ? state.options.limits.bitsPerSecondPerUser : 0);
}

/** A client whose session was taken from it learns so at once where it can; one whose session ran out or was released may allocate anew. */
function closesStream(cause: SessionEnd): boolean {
  switch (cause) {
    case 'credential-revoked':
    case 'banned':
    case 'quota-exhausted':
    case 'session-too-long':
    case 'ended-by-operator':
    case 'drained':
    case 'relay-failed':
    case 'relay-died':
      return true;
    case 'expired':
    case 'released':
    case 'disconnected':
      return false;
  }
}
