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
  | 'credential-revoked'
  | 'ended-by-operator'
  | 'drained'
  | 'relay-failed'
  | 'relay-died';

/** Why a request was refused although it was well-formed; the operator's first question. */
export type RefusalCause =
  | 'unknown-user'
  | 'wrong-password'
  | 'expired-credential'
  | 'backed-off'
  | 'quota-user'
  | 'quota-address'
  | 'quota-total'
  | 'peer-denied'
  | 'out-of-ports'
  | 'out-of-descriptors'
  | 'draining';

/** What the rest of the appliance may want to know of the machine. Never per packet. */
export type SessionEvent =
  | {
      readonly type: 'session-started';
      readonly session: SessionId;
      readonly client: Client;
      readonly username: string;
      readonly relays: readonly { readonly relay: RelayId; readonly relayedTransportAddress: TransportAddress }[];
    }
  | {
      readonly type: 'session-ended';
      readonly session: SessionId;
      readonly client: Client;
      readonly username: string;
      readonly cause: SessionEnd;
    }
  | {
      readonly type: 'refused';
      readonly client: Client;
      /** Absent before a username was read. */
      readonly username: string | undefined;
      readonly cause: RefusalCause;
      /** The peer that a `peer-denied` refusal is about. */
      readonly peer: IpAddress | undefined;
    };
