import type { Client } from '../seam/client.ts';
import { decodeMessage, unknownRequiredAttributes, type Message } from '../stun/message.ts';
import { AttributeType, ErrorCode, firstComprehensionOptionalType, Method } from '../stun/registry.ts';
import { handleAllocate, isSameTransaction, rejectBanned } from './allocate.ts';
import type { Allocation } from './allocation.ts';
import { authenticate } from './authentication.ts';
import { handleBinding } from './binding.ts';
import { handleChannelBind } from './channel-bind.ts';
import { clientKey, type ClientKey } from './client-key.ts';
import { handleCreatePermission } from './create-permission.ts';
import type { Asker, Identity } from './identity.ts';
import { reject, type Outcome } from './outcome.ts';
import { handleRefresh } from './refresh.ts';
import { replyTo, type Request } from './request.ts';
import { respond } from './respond.ts';
import type { TurnState } from './state.ts';

/** The comprehension-required attributes that are understood, be they expected in a message or not (RFC 8489 section 6.3). */
const understood: ReadonlySet<number> = new Set(
  Object.values(AttributeType).filter((type) => type < firstComprehensionOptionalType),
);

const nobody: Asker = { username: undefined, credential: undefined };

/** What comes after authentication of a method on an existing allocation. */
type AllocationHandler = (state: TurnState, request: Request, allocation: Allocation) => Outcome;

const allocationHandlers: ReadonlyMap<number, AllocationHandler> = new Map([
  [Method.refresh, handleRefresh],
  [Method.createPermission, handleCreatePermission],
  [Method.channelBind, handleChannelBind],
]);

/** One packet from a client: the basic processing of RFC 8489 section 6.3, then the method's own. */
export function handleMessage(state: TurnState, bytes: Uint8Array, client: Client, nowMs: number): void {
  const message = decodeMessage(bytes);
  // RFC 8489 section 6.3: what is no STUN message is dropped without a word; so are clients of RFC 3489.
  if (typeof message === 'string') {
    state.stats.malformed++;
    return;
  }
  if (message.messageClass !== 'request') {
    // Send indications are the plane's, which drops those it cannot relay; one that comes here has no allocation, and nobody
    // waits for an answer (RFC 8656 section 5). Binding indications only keep a NAT open; responses answer nothing we asked.
    state.stats.ignored++;
  } else if (message.method === Method.binding) {
    answerBinding(state, message, client, nowMs);
  } else if (message.method === Method.allocate || allocationHandlers.has(message.method)) {
    answerAuthenticated(state, message, client, nowMs);
  } else {
    // RFC 8489 section 6.3: a method that is not supported is dropped.
    state.stats.ignored++;
  }
}

function answerBinding(state: TurnState, message: Message, client: Client, nowMs: number): void {
  const outcome = refuseUnknownAttributes(message) ?? handleBinding(client);
  respond(state, replyTo(message, client, undefined), nobody, outcome, nowMs);
}

function answerAuthenticated(state: TurnState, message: Message, client: Client, nowMs: number): void {
  const key = clientKey(client);
  // RFC 8656 section 5: a retransmission of an Allocate that waits for its relay is absorbed; the answer is under way.
  const attempt = state.attempts.get(key);
  if (attempt !== undefined && isSameTransaction(message, attempt.to.transactionId)) return;

  // SECURITY.md 9: a banned address is told so before anything else, and by Allocate alone: what it had has ended.
  if (message.method === Method.allocate && state.access.bans.isAddressBanned(client.remote.ip, nowMs)) {
    respond(state, replyTo(message, client, undefined), nobody, rejectBanned(), nowMs);
    return;
  }
  const allocation = state.allocations.get(key);
  // RFC 8489 section 6.3: authentication comes before everything else.
  const kept = allocation?.identity ?? revokedIdentity(state, message, key);
  const result = authenticate(state, message, client, kept, nowMs);
  if (result.kind === 'unauthenticated') {
    const asker = { username: result.username, credential: undefined };
    respond(state, replyTo(message, client, undefined), asker, result.rejection, nowMs);
    return;
  }
  const { identity, seal } = result;
  const request: Request = { message, client, key, identity, seal, nowMs };
  const outcome = refuseUnknownAttributes(message) ?? handleRequest(state, request, allocation);
  respond(state, replyTo(message, client, seal), identity, outcome, nowMs);
}

/** A session that was taken from its client authenticates it to be told 437; it allocates nothing. */
function revokedIdentity(state: TurnState, message: Message, key: ClientKey): Identity | undefined {
  return message.method === Method.allocate ? undefined : state.revokedSessions.identityAt(key);
}

/** RFC 8489 section 6.3.1: attributes that we would have to understand. */
function refuseUnknownAttributes(message: Message): Outcome | undefined {
  const unknownAttributes = unknownRequiredAttributes(message, understood);
  return unknownAttributes.length === 0 ? undefined : reject(ErrorCode.unknownAttribute, { unknownAttributes });
}

function handleRequest(state: TurnState, request: Request, allocation: Allocation | undefined): Outcome {
  const handle = allocationHandlers.get(request.message.method);
  if (handle === undefined) return handleAllocate(state, request, allocation);
  // RFC 8656 section 5: every other method needs an allocation at the 5-tuple,
  if (allocation === undefined) return reject(ErrorCode.allocationMismatch);
  // and the username that it was made with (SECURITY.md 9).
  if (allocation.identity.username !== request.identity.username) return reject(ErrorCode.wrongCredentials);
  return handle(state, request, allocation);
}
