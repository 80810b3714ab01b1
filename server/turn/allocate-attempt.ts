import type { RelayId } from '../seam/relay.ts';
import type { IpAddress } from '../stun/transport-address.ts';
import type { AddressError } from './allocation.ts';
import type { Identity } from './identity.ts';
import type { Rejection } from './outcome.ts';
import type { QuotaClaim } from './quotas.ts';
import type { PortLease, PortRule } from './relay-ports.ts';
import type { Relay } from './relay.ts';
import type { ReplyTo } from './request.ts';

/** An Allocate between its last check and its answer: the plane is opening its relays. Owns the claims until a session does. */
export interface AllocateAttempt {
  readonly to: ReplyTo;
  readonly identity: Identity;
  readonly claim: QuotaClaim;
  /** For the port above, when it is to be reserved. */
  readonly reservationClaim: QuotaClaim | null;
  readonly lifetimeS: number;
  /** A family that was asked for and is not to be had here. */
  readonly addressError: AddressError | null;
  readonly openings: Opening[];
  /** Set when the attempt is to come to nothing: the answer, or null when there is nobody to answer. */
  abandoned: { readonly answer: Rejection | null } | undefined;
}

/** One relay of an attempt. */
export interface Opening {
  readonly attempt: AllocateAttempt;
  readonly localIp: IpAddress;
  readonly rule: PortRule;
  /** Ports that other programs have; given back when the opening is done, so that none is tried twice. */
  readonly taken: PortLease[];
  state: OpeningState;
}

/** A relay that the plane has not answered for yet. */
export interface WaitingForPlane {
  readonly kind: 'waiting';
  readonly relay: RelayId;
  /** The upper one of a pair. */
  readonly upperRelay: RelayId | null;
  /** Of a pair it covers both ports. */
  readonly lease: PortLease;
}

/** How far the opening of a relay has come. */
type OpeningState =
  | WaitingForPlane
  | { readonly kind: 'open'; readonly relay: Relay; readonly upper: Relay | null }
  | { readonly kind: 'failed'; readonly reason: 'out-of-ports' | 'no-descriptors' | 'address-unavailable' };
