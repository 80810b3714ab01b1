import type { IpAddress, TransportAddress } from '../stun/transport-address.ts';
import type { Client } from './client.ts';
import type { RelayId } from './relay.ts';

/** An allocation's identity within one life of the machine. */
export type SessionId = number & { readonly brand: 'SessionId' };

/** Why an allocation ended. */
export type SessionEnd =
  | 'expired'
  | 'released'
  | 'disconnected'
  /** Its secret, API key, app or user is gone or disabled, or its static user has expired. */
  | 'credential-revoked'
  | 'banned'
  /** Its app or user has relayed as many bytes this month as it may. */
  | 'quota-exhausted'
  /** The app's longest session is over. */
  | 'session-too-long'
  | 'ended-by-operator'
  | 'drained'
  | 'relay-failed'
  | 'relay-died';

/** Why a request was refused although it was well-formed; the operator's first question. */
export type RefusalCause =
  | 'unknown-user'
  | 'wrong-password'
  | 'expired-credential'
  /** The credential names an API key that is not among the live ones. */
  | 'revoked-key'
  | 'disabled-app'
  | 'banned'
  | 'backed-off'
  | 'quota-user'
  | 'quota-address'
  | 'quota-total'
  /** The bytes of the month are used up. */
  | 'quota-bytes'
  | 'peer-denied'
  | 'out-of-ports'
  | 'out-of-descriptors'
  | 'draining'
  /** Only counted (`FailureCount`): there is no event of it, since every client meets one each hour. */
  | 'stale-nonce';

/** Whom a credential was issued to; what quotas, bans and usage go by. */
export type SessionPrincipal =
  | { readonly kind: 'static'; readonly name: string }
  | {
      readonly kind: 'rest';
      readonly app: string;
      /** Without the app that its username names. */
      readonly subject: string;
      readonly secretId: string;
      /** The API key that issued it; null for a credential that names none. */
      readonly keyId: string | null;
    };

/** What the rest of the appliance may want to know of the machine. Never per packet. */
export type SessionEvent =
  | {
      readonly type: 'session-started';
      readonly session: SessionId;
      readonly client: Client;
      readonly username: string;
      readonly principal: SessionPrincipal;
      readonly relays: readonly { readonly relay: RelayId; readonly relayedTransportAddress: TransportAddress }[];
    }
  | {
      readonly type: 'session-ended';
      readonly session: SessionId;
      readonly client: Client;
      readonly username: string;
      readonly principal: SessionPrincipal;
      readonly cause: SessionEnd;
    }
  | {
      readonly type: 'refused';
      readonly client: Client;
      /** Absent before a username was read. */
      readonly username: string | undefined;
      /** Absent where the credential did not verify. */
      readonly principal: SessionPrincipal | undefined;
      readonly cause: RefusalCause;
      /** The peer that a `peer-denied` refusal is about. */
      readonly peer: IpAddress | undefined;
    };

/** How often requests were refused for one cause: exact, unlike the events, of which a flood leaves some out. */
export interface FailureCount {
  readonly cause: RefusalCause;
  /** The app that the username names, or the default app's; null for a static user or nobody. Never a text that no administrator wrote. */
  readonly app: string | null;
  /** The subject, or the static user's name, where the credential verified; null elsewhere, and where there are too many to tell apart. */
  readonly subject: string | null;
  readonly transport: Client['transport'];
  readonly count: number;
}
