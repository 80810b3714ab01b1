import type { Client } from '../seam/client.ts';
import type { IntegrityAlgorithm } from '../stun/integrity-hmac.ts';
import { attribute, type Message } from '../stun/message.ts';
import { AttributeType } from '../stun/registry.ts';
import type { ClientKey } from './client-key.ts';
import type { Identity } from './identity.ts';

/** How an answer is signed (RFC 8489 section 9.2.4). */
export interface Seal {
  readonly key: Uint8Array;
  readonly algorithm: IntegrityAlgorithm;
}

/** What an answer needs of its request; unlike the message it may be kept. */
export interface ReplyTo {
  readonly client: Client;
  readonly method: number;
  readonly transactionId: Uint8Array;
  /** Whether the request bore FINGERPRINT: then so does the answer. */
  readonly hasFingerprint: boolean;
  /** Undefined for a request that is not authenticated. */
  readonly seal: Seal | undefined;
}

/** An authenticated request. */
export interface Request {
  readonly message: Message;
  readonly client: Client;
  readonly key: ClientKey;
  readonly identity: Identity;
  readonly seal: Seal;
  readonly nowMs: number;
}

/** How to answer a message. Views its bytes: `keptReplyTo` is for later. */
export function replyTo(message: Message, client: Client, seal: Seal | undefined): ReplyTo {
  return {
    client,
    method: message.method,
    transactionId: message.transactionId,
    hasFingerprint: attribute(message, AttributeType.fingerprint) !== undefined,
    seal,
  };
}

/** How to answer a request after its bytes are gone. */
export function keptReplyTo({ message, client, seal }: Request): ReplyTo {
  return { ...replyTo(message, client, seal), transactionId: message.transactionId.slice() };
}
