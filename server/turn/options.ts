import type { PlaneCapabilities } from '../seam/plane.ts';
import type { ChannelRange } from '../stun/channel-data.ts';
import type { TransportAddress } from '../stun/transport-address.ts';
import type { PeerRanges } from './peer-policy.ts';
import type { PortRange } from './port-pool.ts';
import type { AllocationLimits } from './quotas.ts';
import type { RandomUint32 } from './random.ts';
import type { RateLimits } from './rate-buckets.ts';

/** Everything that may be limited; 0 is no limit (DESIGN.md section 5). */
export interface TurnLimits extends AllocationLimits, RateLimits {
  readonly permissionsPerAllocation: number;
  readonly channelsPerAllocation: number;
}

/** What an operator decides of a machine: plain values, which a thread can be handed. Nothing of it changes afterwards. */
export interface TurnServerSettings {
  readonly realm: string;
  /** Random, secret, and the same after a restart (SECURITY.md 4). */
  readonly nonceKey: Uint8Array;
  readonly relayPorts: PortRange;
  /** Relays at a time, reserved ones included: what the system's descriptors admit; 0 = no limit. */
  readonly relaysTotal: number;
  readonly channelRange: ChannelRange;
  /** The family of a relay when a client names none: IPv4 (RFC 8656 section 7.2), or the family that the client called on. */
  readonly defaultAddressFamily: 'ipv4' | 'client';
  /** Whether no lifetime goes beyond the expiry of the credential (SECURITY.md 9). */
  readonly strictExpiry: boolean;
  /** Where to send clients while draining or full, at most one for each family (RFC 8489 section 10). */
  readonly alternateServers: readonly TransportAddress[];
  readonly peers: PeerRanges;
  readonly limits: TurnLimits;
}

/** What a machine is made with. */
export interface TurnServerOptions extends TurnServerSettings {
  readonly capabilities: PlaneCapabilities;
  /** What `takeBackoff` answered before a restart; null for nothing. */
  readonly backoff: Uint8Array | null;
  /** Both from a CSPRNG: ports and reservation tokens hang on them (SECURITY.md 12). */
  readonly randomUint32: RandomUint32;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** Lifetimes of RFC 8656, in seconds. */
export const lifetimes = {
  /** Section 3.2: an allocation's default, and its least. */
  defaultAllocationS: 600,
  /** Section 7.2: the recommended maximum. */
  longestAllocationS: 3600,
  /** Section 9. */
  permissionS: 300,
  /** Section 12. */
  channelS: 600,
  /** Section 7.2: at least 30 seconds. */
  reservationS: 30,
} as const;
