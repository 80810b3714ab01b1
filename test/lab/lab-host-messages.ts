import type { TransportAddress } from '../../server/stun/transport-address.ts';
import type { TurnCredential } from '../support/turn-client.ts';

/** What a test asks of a host. */
export type HostRequest =
  /** One socket sends a Binding request to each of these addresses and says what comes back, from wherever it comes. */
  | { readonly op: 'bindings'; readonly servers: readonly TransportAddress[] }
  | {
      readonly op: 'allocate';
      readonly transport: 'udp' | 'tcp';
      readonly server: TransportAddress;
      readonly credential: TurnCredential;
    }
  | { readonly op: 'permit'; readonly client: number; readonly peer: TransportAddress }
  | { readonly op: 'bind-channel'; readonly client: number; readonly channel: number; readonly peer: TransportAddress }
  | { readonly op: 'send'; readonly client: number; readonly peer: TransportAddress; readonly text: string }
  | { readonly op: 'send-channel'; readonly client: number; readonly channel: number; readonly text: string }
  /** Opens a socket that sends everything back to where it came from. */
  | { readonly op: 'open-peer'; readonly ip: string };

/** Where the answer to a Binding request came from, and which address it says the request came from; null without one. */
export type BindingAnswer = { readonly from: string; readonly mapped: string } | null;

/** The answer to each request. Codes are those of errors, 0 for success and null for silence. */
export interface HostReplies {
  readonly bindings: readonly BindingAnswer[];
  readonly allocate: {
    readonly code: number | null;
    readonly client: number;
    readonly relayed: readonly TransportAddress[];
  };
  readonly permit: number | null;
  readonly 'bind-channel': number | null;
  readonly send: null;
  readonly 'send-channel': null;
  readonly 'open-peer': TransportAddress;
}

/** What a relay brought to a client. */
export interface Media {
  /** The peer, as the Data indication has it, or the channel. */
  readonly from: string;
  readonly text: string;
}

/** From a host to the test. */
export type HostMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'reply'; readonly id: number; readonly reply: HostReplies[keyof HostReplies] }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'media'; readonly client: number; readonly media: Media }
  /** A peer's socket was reached. */
  | { readonly kind: 'heard'; readonly from: string; readonly text: string };
