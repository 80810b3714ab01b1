/** What streams may cost (SECURITY.md 10). Shared by every stream listener of a relay, so that the caps hold in all. */
export interface StreamLimits {
  /** Streams in all, with an allocation or without. Keep it below the descriptors that relays leave over. */
  readonly maxStreams: number;
  /** Streams without an allocation from one address; an IPv6 address counts as its /64. */
  readonly maxUnauthenticatedPerAddress: number;
  /** How long a stream may stay without an allocation. Traffic does not extend it. */
  readonly unauthenticatedTimeoutMs: number;
  /** The largest frame, header included. */
  readonly maxFrameBytes: number;
  /** The most that a client without an allocation may leave behind of an unfinished frame. */
  readonly maxUnauthenticatedFrameBytes: number;
  /** What may wait for a client that reads slowly; media beyond it is dropped. Each write counts `queuedWriteCostBytes` extra. */
  readonly maxQueuedBytes: number;
  /** The same for responses, beyond which the stream is closed. Above `maxQueuedBytes`, so that media cannot shut them out. */
  readonly maxQueuedControlBytes: number;
  /** The same for responses to a client without an allocation. */
  readonly maxUnauthenticatedQueuedBytes: number;
  /** How long a stream that is being closed may take to flush what is queued. */
  readonly closeTimeoutMs: number;
}

/** What a queued write holds beside its bytes: views, backing stores and the stream's own entry. */
export const queuedWriteCostBytes = 512;

/** One address may hold this share of all streams without an allocation, however few there may be in all. */
const shareOfOneAddress = 0.75;

/** The limits that differ from `defaultStreamLimits` as told. One address never gets all streams there may be. */
export function streamLimits(differences: Partial<StreamLimits> = {}): StreamLimits {
  const limits = { ...defaultStreamLimits, ...differences };
  const share = Math.ceil(limits.maxStreams * shareOfOneAddress);
  return { ...limits, maxUnauthenticatedPerAddress: Math.min(limits.maxUnauthenticatedPerAddress, share) };
}

/**
 * Limits that hold an office of 5,000 people behind one NAT who all open two streams within a minute. A stranger's
 * stream costs at most about 25 KB, with TLS 60 KB.
 */
const defaultStreamLimits: StreamLimits = {
  maxStreams: 65_536,
  maxUnauthenticatedPerAddress: 10_240,
  unauthenticatedTimeoutMs: 60_000,
  // A 16-bit length and a STUN header: what the formats can say at most. UDP could not carry more anyway.
  maxFrameBytes: 65_535 + 20,
  // A signed request with the longest username, realm and nonce of RFC 8489 section 14 is below 3 KB.
  maxUnauthenticatedFrameBytes: 4096,
  // One second of a 2 Mbit/s video: what waits longer is late, and the codec would rather know.
  maxQueuedBytes: 262_144,
  maxQueuedControlBytes: 262_144 + 65_536,
  maxUnauthenticatedQueuedBytes: 16_384,
  closeTimeoutMs: 1000,
};
