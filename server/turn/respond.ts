import { assertNever } from '../contract/assert-never.ts';
import type { Credential } from '../credentials/credential.ts';
import type { Client } from '../seam/client.ts';
import type { FailureCount } from '../seam/session-event.ts';
import { writeAddress } from '../stun/addresses.ts';
import { writePasswordAlgorithms } from '../stun/credentials-attributes.ts';
import { writeErrorCode, writeUnknownAttributes } from '../stun/error-code.ts';
import { MessageWriter } from '../stun/message.ts';
import { AttributeType, ErrorCode } from '../stun/registry.ts';
import { writeAddressErrorCode, writeLifetime, writeReservationToken } from '../stun/turn-attributes.ts';
import type { Allocation } from './allocation.ts';
import { principalOf, type Asker } from './identity.ts';
import { passwordAlgorithms } from './password-algorithms.ts';
import type { Outcome, Rejection } from './outcome.ts';
import type { ReplyTo } from './request.ts';
import type { TurnState } from './state.ts';

/** Sends the answer to a request, unless it is deferred, and counts and tells the operator of a refusal that has a cause. */
export function respond(state: TurnState, to: ReplyTo, asker: Asker, outcome: Outcome, nowMs: number): void {
  if (outcome.kind === 'deferred') return;
  if (outcome.kind !== 'rejected') {
    const writer = new MessageWriter(to.method, 'success', to.transactionId);
    writeSuccess(writer, to, outcome, nowMs);
    send(state, to, writer, to.seal);
    return;
  }
  const { code } = outcome;
  noteRefusal(state, to.client, asker, outcome);
  // RFC 8489 section 9.2.4: these two should not be signed. It also keeps all 401 alike (SECURITY.md 5).
  const isChallenge = code === ErrorCode.unauthenticated || code === ErrorCode.staleNonce;
  const seal = isChallenge ? undefined : to.seal;
  if (seal === undefined) sendUnauthenticated(state, to, outcome, nowMs);
  else send(state, to, errorResponse(state, to, outcome, nowMs), seal);
}

function noteRefusal(
  state: TurnState,
  client: Client,
  { username, credential }: Asker,
  { cause, peer }: Rejection,
): void {
  if (cause === undefined) return;
  if (cause === 'peer-denied') state.stats.peersDenied++;
  state.failures.count({ cause, transport: client.transport, ...countedUnder(state, username, credential) });
  // Every client meets one each hour.
  if (cause === 'stale-nonce') return;
  const principal = credential === undefined ? undefined : principalOf(credential);
  const event = { type: 'refused', client, username, principal, cause, peer } as const;
  state.actions.push({ kind: 'session-event', event });
}

/** Where the credential did not verify, the name is a stranger's: it decides between apps that there are, and is kept nowhere. */
function countedUnder(
  state: TurnState,
  username: string | undefined,
  credential: Credential | undefined,
): Pick<FailureCount, 'app' | 'subject'> {
  if (credential?.kind === 'rest') return { app: credential.app, subject: credential.subject };
  if (credential?.kind === 'static') return { app: null, subject: credential.name };
  return { app: username === undefined ? null : state.access.book.appOf(username), subject: null };
}

/** An answer that a forged source may have provoked: at most so many go to one source (SECURITY.md 3). A stream's source is no forgery. */
function sendUnauthenticated(state: TurnState, to: ReplyTo, rejection: Rejection, nowMs: number): void {
  const { client } = to;
  if (client.transport === 'udp' && !state.challengeLimiter.allow(client.remote.ip, nowMs)) {
    state.stats.challengesWithheld++;
    return;
  }
  send(state, to, errorResponse(state, to, rejection, nowMs), undefined);
}

function send(state: TurnState, to: ReplyTo, writer: MessageWriter, seal: ReplyTo['seal']): void {
  if (seal?.algorithm === 'sha1') writer.integritySha1(seal.key);
  if (seal?.algorithm === 'sha256') writer.integritySha256(seal.key);
  if (to.hasFingerprint) writer.fingerprint();
  state.actions.push({ kind: 'send', client: to.client, bytes: writer.finish() });
}

function errorResponse(state: TurnState, to: ReplyTo, rejection: Rejection, nowMs: number): MessageWriter {
  const { code, unknownAttributes, alternateServer } = rejection;
  const writer = new MessageWriter(to.method, 'error', to.transactionId);
  writeErrorCode(writer, code);
  if (code === ErrorCode.unknownAttribute) writeUnknownAttributes(writer, unknownAttributes);
  if (code === ErrorCode.unauthenticated || code === ErrorCode.staleNonce) {
    writer.attribute(AttributeType.realm, state.realm);
    writer.attribute(AttributeType.nonce, state.nonces.issue(to.client.remote, nowMs));
    writePasswordAlgorithms(writer, passwordAlgorithms);
  }
  if (alternateServer !== undefined) writeAddress(writer, AttributeType.alternateServer, alternateServer);
  return writer;
}

function writeSuccess(
  writer: MessageWriter,
  to: ReplyTo,
  outcome: Exclude<Outcome, { kind: 'rejected' | 'deferred' }>,
  nowMs: number,
): void {
  switch (outcome.kind) {
    case 'mapped':
      writer.xorAddress(AttributeType.xorMappedAddress, outcome.address);
      return;
    case 'allocated':
      writeAllocation(writer, to, outcome.allocation, nowMs);
      return;
    case 'refreshed':
      writeLifetime(writer, outcome.lifetimeS);
      return;
    case 'done':
      return;
    default:
      assertNever(outcome);
  }
}

/** RFC 8656 section 7.2: what a success response to Allocate contains; to a retransmission the time that is left. */
function writeAllocation(writer: MessageWriter, to: ReplyTo, allocation: Allocation, nowMs: number): void {
  let expiresAtMs = Infinity;
  for (const relay of allocation.relays) {
    writer.xorAddress(AttributeType.xorRelayedAddress, relay.relayedTransportAddress);
    expiresAtMs = Math.min(expiresAtMs, relay.expiresAtMs);
  }
  writeLifetime(writer, Math.ceil((expiresAtMs - nowMs) / 1000));
  if (allocation.reservation !== null) writeReservationToken(writer, allocation.reservation.token);
  if (allocation.addressError !== null) {
    writeAddressErrorCode(writer, allocation.addressError.family, allocation.addressError.code);
  }
  writer.xorAddress(AttributeType.xorMappedAddress, to.client.remote);
}
