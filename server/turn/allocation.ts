import { holderOf, type Credential, type HolderKey } from '../credentials/credential.ts';
import type { Client } from '../seam/client.ts';
import type { PeerReach } from '../seam/relay.ts';
import type { SessionId } from '../seam/session-event.ts';
import type { IpAddress, IpFamily, IpKey, TransportAddress, TransportAddressKey } from '../stun/transport-address.ts';
import type { ClientKey } from './client-key.ts';
import type { Timed } from './deadlines.ts';
import type { Identity } from './identity.ts';
import type { QuotaClaim } from './quotas.ts';
import type { BucketLease } from './rate-buckets.ts';
import type { Relay } from './relay.ts';

/** A relayed transport address of an allocation, with a lifetime of its own (RFC 8656 section 6). */
export interface AllocatedRelay extends Timed {
  readonly kind: 'allocated-relay';
  readonly relay: Relay;
  readonly allocation: Allocation;
  /** As clients and peers know it. */
  readonly relayedTransportAddress: TransportAddress;
}

/** Leave to exchange packets with an address (RFC 8656 section 9). */
export interface Permission extends Timed {
  readonly kind: 'permission';
  readonly relay: AllocatedRelay;
  /** In its public form. */
  readonly peer: IpAddress;
  reach: PeerReach;
}

/** A channel bound to a peer (RFC 8656 section 12). Without a permission for the peer it carries nothing. */
export interface Channel extends Timed {
  readonly kind: 'channel';
  readonly relay: AllocatedRelay;
  readonly number: number;
  readonly peer: TransportAddress;
}

/** An open relay that nobody is attached to, waiting to be redeemed (RFC 8656 section 7.2, EVEN-PORT with the R bit). */
export interface Reservation extends Timed {
  readonly kind: 'reservation';
  readonly token: Uint8Array;
  readonly relay: Relay;
  /** Charged to whoever made the reservation. */
  readonly claim: QuotaClaim;
  readonly identity: Identity;
  /** The allocation of the port below. */
  readonly maker: Allocation;
}

/** What is kept of a session that was taken from its client: enough to tell it so. */
export interface RevokedSession extends Timed {
  readonly kind: 'revoked-session';
  readonly key: ClientKey;
  readonly identity: Identity;
}

/** Everything that expires. */
export type Deadline = AllocatedRelay | Permission | Channel | Reservation | RevokedSession;

/** Why a family that was asked for was not allocated (RFC 8656 section 18.12). */
export interface AddressError {
  readonly family: IpFamily;
  readonly code: 440 | 508;
}

/** What an allocation is made of; it owns the claim, the buckets and the relays. */
export interface AllocationParts {
  readonly session: SessionId;
  readonly client: Client;
  readonly identity: Identity;
  readonly transactionId: Uint8Array;
  readonly claim: QuotaClaim;
  readonly buckets: BucketLease;
  readonly addressError: AddressError | null;
  readonly startedAtMs: number;
}

/** An allocation (RFC 8656 section 6). Lean: there are no maps before they are needed. */
export class Allocation {
  readonly session: SessionId;
  readonly client: Client;
  readonly identity: Identity;
  /** Of the Allocate that made it: the same again is a retransmission (RFC 8656 section 5). */
  readonly transactionId: Uint8Array;
  readonly claim: QuotaClaim;
  readonly buckets: BucketLease;
  readonly addressError: AddressError | null;
  readonly startedAtMs: number;
  /** Whom its claim and its buckets are counted under. */
  readonly holder: HolderKey;
  /** One, or one of each family. */
  readonly relays: AllocatedRelay[] = [];
  /** The port next to ours while it is still to be redeemed. */
  reservation: Reservation | null = null;
  #permissions: Map<IpKey, Permission> | undefined;
  #channels: Map<number, Channel> | undefined;
  #channelsByPeer: Map<TransportAddressKey, Channel> | undefined;

  constructor(parts: AllocationParts) {
    this.session = parts.session;
    this.client = parts.client;
    this.identity = parts.identity;
    this.transactionId = parts.transactionId;
    this.claim = parts.claim;
    this.buckets = parts.buckets;
    this.addressError = parts.addressError;
    this.startedAtMs = parts.startedAtMs;
    this.holder = holderOf(parts.identity.credential);
  }

  /** Whose it is. */
  get credential(): Credential {
    return this.identity.credential;
  }

  /** The relay of a family. */
  relayOf(family: IpFamily): AllocatedRelay | undefined {
    return this.relays.find(({ relay }) => relay.family === family);
  }

  /** Its permissions, by the peer's address. */
  get permissions(): ReadonlyMap<IpKey, Permission> {
    return this.#permissions ?? noPermissions;
  }

  /** Its channels, by number: one range for both families, since a client's 5-tuple has but one. */
  get channels(): ReadonlyMap<number, Channel> {
    return this.#channels ?? noChannels;
  }

  /** Its channels, by the peer's transport address. */
  get channelsByPeer(): ReadonlyMap<TransportAddressKey, Channel> {
    return this.#channelsByPeer ?? noChannelsByPeer;
  }

  /** Keeps a new permission. */
  addPermission(key: IpKey, permission: Permission): void {
    (this.#permissions ??= new Map()).set(key, permission);
  }

  /** Lets go of a permission. */
  removePermission(key: IpKey): void {
    this.#permissions?.delete(key);
  }

  /** Keeps a new channel under both of its names. */
  addChannel(peerKey: TransportAddressKey, channel: Channel): void {
    (this.#channels ??= new Map()).set(channel.number, channel);
    (this.#channelsByPeer ??= new Map()).set(peerKey, channel);
  }

  /** Lets go of a channel. */
  removeChannel(peerKey: TransportAddressKey, channel: Channel): void {
    this.#channels?.delete(channel.number);
    this.#channelsByPeer?.delete(peerKey);
  }
}

const noPermissions: ReadonlyMap<IpKey, Permission> = new Map();
const noChannels: ReadonlyMap<number, Channel> = new Map();
const noChannelsByPeer: ReadonlyMap<TransportAddressKey, Channel> = new Map();
