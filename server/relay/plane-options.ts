import type { PlaneEvents } from '../seam/plane.ts';
import type { ChannelRange } from '../stun/channel-data.ts';

/** What every plane is made with. */
export interface PlaneOptions {
  readonly events: PlaneEvents;
  /** Which first bytes are ChannelData: 64-79 (RFC 8656 section 12), or 64-127 for clients of RFC 5766. */
  readonly channelRange: ChannelRange;
  /** A clock in milliseconds that never goes back; read only for relays that have a token bucket. */
  readonly nowMs: () => number;
  /** A cryptographically strong source of unsigned 32-bit integers; read at construction and never per packet. */
  readonly randomUint32: () => number;
}
