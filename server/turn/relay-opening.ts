import { strict as assert } from 'node:assert';
import type { RelayFailure, RelayId } from '../seam/relay.ts';
import { ErrorCode } from '../stun/registry.ts';
import { ipKey, sameTransportAddress, type IpAddress, type TransportAddress } from '../stun/transport-address.ts';
import type { AllocateAttempt, Opening, WaitingForPlane } from './allocate-attempt.ts';
import { rejectForCapacity } from './capacity.ts';
import { clientKey } from './client-key.ts';
import { reject, type Outcome, type Rejection } from './outcome.ts';
import type { PortRule } from './relay-ports.ts';
import { Relay } from './relay.ts';
import { respond } from './respond.ts';
import { startSession } from './sessions.ts';
import type { TurnState } from './state.ts';

/** Ports that are tried before 508: all others may be taken by other programs, but hardly so many in a row. */
const portTries = 16;

/** Has the plane open what the attempt asks for. The answer follows when the last relay is open or has failed, which may be at once. */
export function beginAttempt(
  state: TurnState,
  attempt: AllocateAttempt,
  wanted: readonly { readonly localIp: IpAddress; readonly rule: PortRule }[],
  nowMs: number,
): void {
  state.attempts.set(clientKey(attempt.to.client), attempt);
  for (const { localIp, rule } of wanted) {
    attempt.openings.push({ attempt, localIp, rule, taken: [], state: { kind: 'failed', reason: 'out-of-ports' } });
  }
  for (const opening of attempt.openings) openNextPort(state, opening);
  finishWhenDone(state, attempt, nowMs);
}

/** The plane has opened a relay, or both of a pair. */
export function relayOpened(state: TurnState, relay: RelayId, address: TransportAddress, nowMs: number): void {
  const { opening, waiting } = takeWaiting(state, relay);
  assert(sameTransportAddress(address, waiting.lease), 'the plane opened another address than it was asked to');
  const { upperRelay, lease } = waiting;
  const upper = upperRelay === null ? null : new Relay(upperRelay, lease.splitUpper());
  opening.state = { kind: 'open', relay: new Relay(relay, lease), upper };
  finishWhenDone(state, opening.attempt, nowMs);
}

/** The plane could not open a relay: another port is tried, or the opening has failed. */
export function relayFailed(state: TurnState, relay: RelayId, reason: RelayFailure, nowMs: number): void {
  const { opening, waiting } = takeWaiting(state, relay);
  if (reason === 'port-taken') {
    opening.taken.push(waiting.lease);
    if (opening.attempt.abandoned === undefined && opening.taken.length < portTries) openNextPort(state, opening);
    else opening.state = { kind: 'failed', reason: 'out-of-ports' };
  } else {
    waiting.lease.release();
    opening.state = { kind: 'failed', reason };
  }
  finishWhenDone(state, opening.attempt, nowMs);
}

/** Lets an attempt come to nothing as soon as the plane has answered; `answer` is null when nobody waits for one any more. */
export function abandonAttempt(attempt: AllocateAttempt, answer: Rejection | null): void {
  if (attempt.abandoned === undefined || answer === null) attempt.abandoned = { answer };
}

function takeWaiting(
  state: TurnState,
  relay: RelayId,
): { readonly opening: Opening; readonly waiting: WaitingForPlane } {
  const opening = state.openings.get(relay);
  assert(opening?.state.kind === 'waiting', `relay ${relay} is not being opened`);
  state.openings.delete(relay);
  return { opening, waiting: opening.state };
}

function openNextPort(state: TurnState, opening: Opening): void {
  const { localIp, rule } = opening;
  const lease = state.ports.lease(localIp, rule);
  if (lease === null) {
    const reason = state.ports.hasDescriptors(rule) ? 'out-of-ports' : 'no-descriptors';
    opening.state = { kind: 'failed', reason };
    return;
  }
  const relay = state.newRelayId();
  const upperRelay = rule === 'even-pair' ? state.newRelayId() : null;
  opening.state = { kind: 'waiting', relay, upperRelay, lease };
  state.openings.set(relay, opening);
  const { port } = lease;
  if (upperRelay === null) state.actions.push({ kind: 'open-relay', relay, localAddress: localIp, port });
  else state.actions.push({ kind: 'open-relay-pair', relay, upperRelay, localAddress: localIp, port });
}

/** The one exit of every attempt: here the claims go to a session, or back (SECURITY.md 8). */
function finishWhenDone(state: TurnState, attempt: AllocateAttempt, nowMs: number): void {
  const { to, openings, abandoned, identity } = attempt;
  if (openings.some((opening) => opening.state.kind === 'waiting')) return;
  state.attempts.delete(clientKey(to.client));
  for (const opening of openings) {
    for (const lease of opening.taken) lease.release();
    // The address may have gone while the plane was at work.
    if (!state.plan.isRelayAddress(ipKey(opening.localIp))) failOpening(state, opening);
  }

  const isOpen = openings.some((opening) => opening.state.kind === 'open');
  if (abandoned === undefined && isOpen) {
    respond(state, to, identity, succeed(state, attempt, nowMs), nowMs);
    return;
  }
  for (const opening of openings) failOpening(state, opening);
  attempt.claim.release();
  attempt.reservationClaim?.release();
  const answer = abandoned === undefined ? failure(state, attempt) : abandoned.answer;
  if (answer !== null) respond(state, to, identity, answer, nowMs);
}

function succeed(state: TurnState, attempt: AllocateAttempt, nowMs: number): Outcome {
  const { to, identity, claim, reservationClaim, lifetimeS, openings } = attempt;
  const relays: Relay[] = [];
  let upper: Relay | null = null;
  let addressError = attempt.addressError;
  for (const { state: opening, localIp } of openings) {
    if (opening.kind === 'open') {
      relays.push(opening.relay);
      upper ??= opening.upper;
    } else {
      // RFC 8656 section 7.2 step 9: one family is better than none, and the client is told why the other is missing.
      addressError = { family: localIp.family, code: ErrorCode.insufficientCapacity };
    }
  }
  const { client, transactionId } = to;
  const parts = { client, identity, transactionId, claim, relays, addressError, lifetimeS };
  const allocation = startSession(state, parts, nowMs);
  if (upper !== null && reservationClaim !== null) state.reservations.hold(upper, reservationClaim, allocation, nowMs);
  return { kind: 'allocated', allocation };
}

/** Too few ports or descriptors are a matter of capacity; an address that cannot be bound is our own fault: 500. */
function failure(state: TurnState, attempt: AllocateAttempt): Rejection {
  const isOurFault = attempt.openings.every(({ state: opening }) => {
    return opening.kind === 'failed' && opening.reason === 'address-unavailable';
  });
  if (isOurFault) return reject(ErrorCode.serverError);
  const lacksDescriptors = attempt.openings.some(({ state: opening }) => {
    return opening.kind === 'failed' && opening.reason === 'no-descriptors';
  });
  return rejectForCapacity(state, attempt.to.client, lacksDescriptors ? 'out-of-descriptors' : 'out-of-ports');
}

/** Closes what is open; what has failed for another reason keeps that one. */
function failOpening(state: TurnState, opening: Opening): void {
  if (opening.state.kind !== 'open') return;
  opening.state.relay.close(state.actions);
  opening.state.upper?.close(state.actions);
  opening.state = { kind: 'failed', reason: 'address-unavailable' };
}
