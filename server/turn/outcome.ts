import type { RefusalCause } from '../seam/session-event.ts';
import type { ErrorCode } from '../stun/registry.ts';
import type { IpAddress, TransportAddress } from '../stun/transport-address.ts';
import type { Allocation } from './allocation.ts';

/** A refusal, which becomes the error response (RFC 8489 section 6.3.1) and, with a cause, an event for the operator. */
export interface Rejection {
  readonly kind: 'rejected';
  readonly code: ErrorCode;
  readonly cause: RefusalCause | undefined;
  /** The peer that a 403 is about. */
  readonly peer: IpAddress | undefined;
  /** For UNKNOWN-ATTRIBUTES of a 420. */
  readonly unknownAttributes: readonly number[];
  /** For ALTERNATE-SERVER of a 300. */
  readonly alternateServer: TransportAddress | undefined;
}

/** What a request comes to. */
export type Outcome =
  | Rejection
  | { readonly kind: 'mapped'; readonly address: TransportAddress }
  | { readonly kind: 'allocated'; readonly allocation: Allocation }
  | { readonly kind: 'refreshed'; readonly lifetimeS: number }
  /** CreatePermission and ChannelBind succeed without saying more. */
  | { readonly kind: 'done' }
  /** The plane has to open a relay first; the answer follows then. */
  | { readonly kind: 'deferred' };

/** A refusal with this error code. */
export function reject(code: ErrorCode, details: Partial<Omit<Rejection, 'kind' | 'code'>> = {}): Rejection {
  return {
    kind: 'rejected',
    code,
    cause: details.cause,
    peer: details.peer,
    unknownAttributes: details.unknownAttributes ?? [],
    alternateServer: details.alternateServer,
  };
}
