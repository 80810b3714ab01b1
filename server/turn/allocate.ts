import { holderOf } from '../credentials/credential.ts';
import { attribute, type Message } from '../stun/message.ts';
import { AttributeType, ErrorCode } from '../stun/registry.ts';
import { readEvenPort, readRequestedTransport, readReservationToken, udpProtocol } from '../stun/turn-attributes.ts';
import { beginAttempt } from './relay-opening.ts';
import type { Allocation, Reservation } from './allocation.ts';
import { rejectForCapacity } from './capacity.ts';
import { grantedLifetimeS, requestedLifetimeS } from './lifetime.ts';
import { reject, type Outcome, type Rejection } from './outcome.ts';
import type { QuotaClaim } from './quotas.ts';
import { chooseFamilies } from './relay-families.ts';
import type { PortRule } from './relay-ports.ts';
import { keptReplyTo, type Request } from './request.ts';
import { startSession } from './sessions.ts';
import type { TurnState } from './state.ts';

/** Allocate, step by step (RFC 8656 section 7.2). Step 1, authentication, is behind us. */
export function handleAllocate(state: TurnState, request: Request, existing: Allocation | undefined): Outcome {
  const { message, client, identity, nowMs } = request;
  // Step 2: the 5-tuple is in use. The same transaction again is a retransmission, answered again (RFC 8656 section 5).
  if (existing !== undefined && isRetransmission(request, existing)) return { kind: 'allocated', allocation: existing };
  if (existing !== undefined || state.attempts.has(request.key)) return reject(ErrorCode.allocationMismatch);
  const inadmissible = refuseInadmissible(state, request);
  if (inadmissible !== null) return inadmissible;

  // Step 3: REQUESTED-TRANSPORT.
  const transport = attribute(message, AttributeType.requestedTransport);
  const protocol = transport === undefined ? null : readRequestedTransport(transport);
  if (protocol === null) return reject(ErrorCode.badRequest);
  if (protocol !== udpProtocol) return reject(ErrorCode.unsupportedTransportProtocol);

  // Step 4: DONT-FRAGMENT, which is unknown to a plane that cannot set the DF bit.
  if (attribute(message, AttributeType.dontFragment) !== undefined && !state.options.capabilities.dontFragment) {
    return reject(ErrorCode.unknownAttribute, { unknownAttributes: [AttributeType.dontFragment] });
  }

  const lifetimeS = requestedLifetimeS(message);
  const evenPort = attribute(message, AttributeType.evenPort);
  const rule = evenPort === undefined ? 'any' : portRule(evenPort);
  if (lifetimeS === null || rule === null) return reject(ErrorCode.badRequest);
  const granted = grantedLifetimeS(state, { credential: identity.credential, startedAtMs: nowMs }, lifetimeS, nowMs);

  // Step 5: RESERVATION-TOKEN.
  const token = attribute(message, AttributeType.reservationToken);
  if (token !== undefined) {
    const reservation = findReservation(state, request, token);
    return reservation.kind === 'rejected' ? reservation : redeem(state, request, reservation, granted);
  }

  // Steps 6 to 9: address families and the even port.
  const families = chooseFamilies(state.plan, state.options.defaultAddressFamily, message, client, rule);
  if (families.kind === 'rejected') return families;

  // Steps 10 and 11: quotas, and other servers.
  if (state.isDraining) return rejectForCapacity(state, client, 'draining');
  const claim = claimQuota(state, request);
  if (isRejection(claim)) return claim;
  const reservationClaim = rule === 'even-pair' ? claimQuota(state, request) : null;
  if (reservationClaim !== null && isRejection(reservationClaim)) {
    claim.release();
    return reservationClaim;
  }

  const attempt = {
    to: keptReplyTo(request),
    identity,
    claim,
    reservationClaim,
    lifetimeS: granted,
    addressError: families.addressError,
    openings: [],
    abandoned: undefined,
  };
  const wanted = families.localIps.map((localIp) => ({ localIp, rule }));
  beginAttempt(state, attempt, wanted, nowMs);
  return { kind: 'deferred' };
}

/**
 * What a credential that verifies may still be refused for, here and only here (SECURITY.md 9): 401 where it is as good as none, 403 for a ban, 486 for the bytes of the month
 * (RFC 8656 section 7.2 step 10).
 */
function refuseInadmissible(state: TurnState, { identity, nowMs }: Request): Rejection | null {
  const { credential } = identity;
  const cause = state.access.book.inadmissible(credential, nowMs);
  if (cause === 'quota-bytes') return reject(ErrorCode.allocationQuotaReached, { cause });
  if (cause !== null) return reject(ErrorCode.unauthenticated, { cause });
  if (state.access.bans.isHolderBanned(holderOf(credential), nowMs)) return rejectBanned();
  return null;
}

/** RFC 8656 section 7.2: a valid request that is not to be served for administrative reasons. */
export function rejectBanned(): Rejection {
  return reject(ErrorCode.forbidden, { cause: 'banned' });
}

function isRetransmission({ message, identity }: Request, existing: Allocation): boolean {
  return isSameTransaction(message, existing.transactionId) && existing.identity.username === identity.username;
}

/** Whether a message bears this transaction id. */
export function isSameTransaction(message: Message, transactionId: Uint8Array): boolean {
  return message.transactionId.every((byte, at) => byte === transactionId[at]);
}

function portRule(evenPort: Uint8Array): PortRule | null {
  const read = readEvenPort(evenPort);
  if (read === null) return null;
  return read.reserveNext ? 'even-pair' : 'even';
}

/** RFC 8656 section 7.2 step 5. A token of another user is as good as none. */
function findReservation(state: TurnState, { message, identity }: Request, value: Uint8Array): Reservation | Rejection {
  const excluded = [
    AttributeType.evenPort,
    AttributeType.requestedAddressFamily,
    AttributeType.additionalAddressFamily,
  ];
  if (excluded.some((type) => attribute(message, type) !== undefined)) return reject(ErrorCode.badRequest);
  const token = readReservationToken(value);
  if (token === null) return reject(ErrorCode.badRequest);
  return state.reservations.find(token, identity) ?? reject(ErrorCode.insufficientCapacity);
}

/** The reserved relay is open already: the answer is immediate. Its claim was charged when the port was reserved. */
function redeem(state: TurnState, request: Request, reservation: Reservation, lifetimeS: number): Outcome {
  const { client, identity, message, nowMs } = request;
  // Steps 10 and 11.
  if (state.isDraining) return rejectForCapacity(state, client, 'draining');
  if (!reservation.claim.moveTo(client.remote.ip)) {
    return reject(ErrorCode.allocationQuotaReached, { cause: 'quota-address' });
  }
  const { relay, claim } = state.reservations.redeem(reservation);
  const transactionId = message.transactionId.slice();
  const parts = { client, identity, transactionId, claim, relays: [relay], addressError: null, lifetimeS };
  return { kind: 'allocated', allocation: startSession(state, parts, nowMs) };
}

/** RFC 8656 section 7.2 step 10: 486 for what the client has too many of; when the server has, that is its capacity. */
function claimQuota(state: TurnState, { client, identity }: Request): QuotaClaim | Rejection {
  const { credential } = identity;
  // Static users are not limited by `turn.limits` (DESIGN.md section 5).
  const byConfiguration = credential.kind === 'rest' ? state.options.limits.allocationsPerUser : 0;
  const ofHolder = state.access.book.limitsOf(credential).allocations ?? byConfiguration;
  const claim = state.quotas.claim(holderOf(credential), ofHolder, client.remote.ip);
  if (claim === 'quota-total') return rejectForCapacity(state, client, claim);
  if (typeof claim === 'string') return reject(ErrorCode.allocationQuotaReached, { cause: claim });
  return claim;
}

function isRejection(claim: QuotaClaim | Rejection): claim is Rejection {
  return 'code' in claim;
}
