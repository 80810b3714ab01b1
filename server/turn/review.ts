import type { Client } from '../seam/client.ts';
import type { SessionEnd } from '../seam/session-event.ts';
import { ErrorCode } from '../stun/registry.ts';
import { ipKey, sameIp } from '../stun/transport-address.ts';
import { abandonAttempt } from './relay-opening.ts';
import type { AllocatedRelay } from './allocation.ts';
import { reject } from './outcome.ts';
import { reviewPermissions } from './permissions.ts';
import { endRelay, endSession } from './sessions.ts';
import type { TurnState } from './state.ts';

/** After a change of addresses: relays on addresses that are gone end, and every permission is judged anew. */
export function reviewPlan(state: TurnState): void {
  for (const allocation of state.allocations.values()) {
    if (!hasItsListener(state, allocation.client)) {
      endSession(state, allocation, 'relay-failed');
      continue;
    }
    for (const relay of [...allocation.relays]) {
      if (!hasItsAddress(state, relay)) endRelay(state, relay, 'relay-failed');
    }
    reviewPermissions(state, allocation);
  }
  for (const reservation of state.reservations.all()) {
    if (!state.plan.isRelayAddress(ipKey(reservation.relay.local.ip))) state.reservations.drop(reservation);
  }
  for (const attempt of state.attempts.values()) {
    if (!hasItsListener(state, attempt.to.client)) abandonAttempt(attempt, null);
  }
  state.ports.prune((key) => state.plan.isRelayAddress(key));
}

/** Ends all there is. Attempts are answered as by a server without room. */
export function endEverything(state: TurnState, cause: SessionEnd): void {
  for (const allocation of state.allocations.values()) endSession(state, allocation, cause);
  for (const reservation of state.reservations.all()) state.reservations.drop(reservation);
  for (const attempt of state.attempts.values()) abandonAttempt(attempt, reject(ErrorCode.insufficientCapacity));
}

/** A stream tells by itself when its local address has gone; a UDP client would go on unheard. */
function hasItsListener(state: TurnState, client: Client): boolean {
  return client.transport !== 'udp' || state.plan.isListener(client.local.ip);
}

/** Whether the relay can still be reached at the address that its client was told. */
function hasItsAddress(state: TurnState, { relay, relayedTransportAddress }: AllocatedRelay): boolean {
  const { ip } = relay.local;
  return state.plan.isRelayAddress(ipKey(ip)) && sameIp(state.plan.translator.toPublic(ip), relayedTransportAddress.ip);
}
