import type { IpAddress } from '../stun/transport-address.ts';

/** One relayed transport address. Chosen by the machine, unique within its life. */
export type RelayId = number & { readonly brand: 'RelayId' };

/** A token bucket that one or several relays are charged to. Chosen by the machine, unique within its life. */
export type BucketId = number & { readonly brand: 'BucketId' };

/**
 * Which ports of a permitted peer address a relay may send to.
 * - `any`: the address is not ours.
 * - `own-relays`: the address is ours; only the port of a relay that is open now is reached (SECURITY.md 1).
 * - `own-except-listeners`: ours and inside `turn.peers.allow`; every port but those of our UDP listeners.
 */
export type PeerReach = 'any' | 'own-relays' | 'own-except-listeners';

/** Why a relay could not be opened: the port is taken (another may do), the descriptors ran out, or the address cannot be bound. */
export type RelayFailure = 'port-taken' | 'no-descriptors' | 'address-unavailable';

/** An ICMP error for a packet that a relay sent (RFC 8656 section 18.13). */
export interface IcmpError {
  readonly type: number;
  readonly code: number;
  /** The four octets of error data: the next-hop MTU for "packet too big", else zero. */
  readonly errorData: number;
}

/** The addresses of this host as the machine and the plane must know them; sent anew when interfaces change. */
export interface AddressPlan {
  /** Every address that is ours: of all interfaces and all public ones. */
  readonly own: readonly IpAddress[];
  /**
   * For clients that called `listener`: the local address that relays are opened on, for each family that is available. The
   * address that others most likely mean comes first.
   */
  readonly relays: readonly {
    readonly listener: IpAddress;
    readonly ipv4: IpAddress | null;
    readonly ipv6: IpAddress | null;
  }[];
  /** 1:1 NAT: the public address under which a local one is known. Addresses that are not listed stand for themselves. */
  readonly translations: readonly AddressTranslation[];
}

/** A local address and the public one that stands for it. */
export interface AddressTranslation {
  readonly local: IpAddress;
  readonly public: IpAddress;
}
