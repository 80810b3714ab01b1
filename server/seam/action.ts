import type { IpAddress, TransportAddress } from '../stun/transport-address.ts';
import type { Client } from './client.ts';
import type { BucketId, PeerReach, RelayId } from './relay.ts';
import type { SessionEvent } from './session-event.ts';

/**
 * What the machine wants done, to be applied strictly in the order given. A response that reports success
 * follows the actions it reports.
 */
export type Action =
  | { readonly kind: 'send'; readonly client: Client; readonly bytes: Uint8Array }
  | { readonly kind: 'open-relay'; readonly relay: RelayId; readonly localAddress: IpAddress; readonly port: number }
  | {
      /** Opens ports N and N+1 or neither (RFC 8656 section 7.2, EVEN-PORT with the R bit). `port` is N, even. */
      readonly kind: 'open-relay-pair';
      readonly relay: RelayId;
      readonly upperRelay: RelayId;
      readonly localAddress: IpAddress;
      readonly port: number;
    }
  | {
      readonly kind: 'attach-relay';
      readonly relay: RelayId;
      readonly client: Client;
      /** The buckets that every packet of the relay is charged to: the allocation's own and its user's. One without a rate passes everything. */
      readonly buckets: readonly BucketId[];
    }
  | { readonly kind: 'close-relay'; readonly relay: RelayId }
  | { readonly kind: 'permit-peer'; readonly relay: RelayId; readonly peer: IpAddress; readonly reach: PeerReach }
  | { readonly kind: 'revoke-peer'; readonly relay: RelayId; readonly peer: IpAddress }
  | {
      readonly kind: 'bind-channel';
      readonly relay: RelayId;
      readonly channel: number;
      readonly peer: TransportAddress;
    }
  | { readonly kind: 'unbind-channel'; readonly relay: RelayId; readonly channel: number }
  | {
      /** Gives a bucket another rate, whether relays are attached to it or not; 0 is none. */
      readonly kind: 'set-rate';
      readonly bucket: BucketId;
      readonly bitsPerSecond: number;
    }
  | { readonly kind: 'close-client'; readonly client: Client }
  | { readonly kind: 'session-event'; readonly event: SessionEvent };
