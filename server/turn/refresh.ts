import { attribute } from '../stun/message.ts';
import { AttributeType, ErrorCode } from '../stun/registry.ts';
import { readAddressFamily } from '../stun/turn-attributes.ts';
import type { AllocatedRelay, Allocation } from './allocation.ts';
import { expiryMs, grantedLifetimeS, requestedLifetimeS } from './lifetime.ts';
import { reject, type Outcome, type Rejection } from './outcome.ts';
import type { Request } from './request.ts';
import { endRelay } from './sessions.ts';
import type { TurnState } from './state.ts';

/** Refresh (RFC 8656 section 8.2): of all relays, or of the one whose family it names. */
export function handleRefresh(state: TurnState, request: Request, allocation: Allocation): Outcome {
  const { message, nowMs } = request;
  // RFC 8656 section 8.2: a family that the allocation does not have is answered 443.
  const relays = relaysToRefresh(request, allocation);
  if ('kind' in relays) return relays;

  const requestedS = requestedLifetimeS(message);
  if (requestedS === null) return reject(ErrorCode.badRequest);
  // RFC 8656 section 8.2: a desired lifetime of zero deletes.
  if (requestedS === 0) {
    for (const relay of relays) endRelay(state, relay, 'released');
    return { kind: 'refreshed', lifetimeS: 0 };
  }
  const lifetimeS = grantedLifetimeS(state, allocation, requestedS, nowMs);
  for (const relay of relays) state.deadlines.move(relay, expiryMs(state, allocation, lifetimeS, nowMs));
  return { kind: 'refreshed', lifetimeS };
}

function relaysToRefresh({ message }: Request, allocation: Allocation): readonly AllocatedRelay[] | Rejection {
  const requested = attribute(message, AttributeType.requestedAddressFamily);
  // RFC 8656 section 8.1: without the attribute the request is for all current relays.
  if (requested === undefined) return [...allocation.relays];
  if (requested.length !== 4) return reject(ErrorCode.badRequest);
  const family = readAddressFamily(requested);
  const relay = family === null ? undefined : allocation.relayOf(family);
  return relay === undefined ? reject(ErrorCode.peerAddressFamilyMismatch) : [relay];
}
