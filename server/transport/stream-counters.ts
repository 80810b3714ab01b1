/** What happened to streams since the relay started. */
export interface StreamCounters {
  /** Streams let in, before their TLS handshake if there is one. */
  accepted: number;
  /** Streams turned away because there are too many in all. */
  refusedFull: number;
  /** Streams turned away because their address has too many without an allocation. */
  refusedAddressFull: number;
  /** TLS handshakes that were completed. */
  tlsHandshakes: number;
  /** TLS handshakes that failed: the client left, or spoke another protocol or version. */
  tlsHandshakeFailures: number;
  /** TLS handshakes that were not completed in time. */
  tlsHandshakesTimedOut: number;
  /** TLS handshakes ended because too many were under way, the oldest first. */
  tlsHandshakesCrowdedOut: number;
  /** Connections whose turn for a TLS handshake did not come in time. */
  tlsWaitsTimedOut: number;
  /** Connections turned away because too many waited for their TLS handshake. */
  tlsWaitsCrowdedOut: number;
  /** Connections the system could not hand over, most often for want of descriptors. */
  acceptErrors: number;
  /** Streams closed because they had no allocation in time. */
  timedOut: number;
  /** Streams closed because they sent what is neither STUN nor ChannelData, or too large a frame. */
  badFrames: number;
  /** Streams closed because responses piled up unread. */
  unreadResponses: number;
  /** Media dropped because the client reads too slowly or its stream is closing. */
  droppedDeliveries: number;
  /** The TURN bytes of `droppedDeliveries`. */
  droppedDeliveryBytes: number;
}

/** All counters at zero. */
export function zeroStreamCounters(): StreamCounters {
  return {
    accepted: 0,
    refusedFull: 0,
    refusedAddressFull: 0,
    tlsHandshakes: 0,
    tlsHandshakeFailures: 0,
    tlsHandshakesTimedOut: 0,
    tlsHandshakesCrowdedOut: 0,
    tlsWaitsTimedOut: 0,
    tlsWaitsCrowdedOut: 0,
    acceptErrors: 0,
    timedOut: 0,
    badFrames: 0,
    unreadResponses: 0,
    droppedDeliveries: 0,
    droppedDeliveryBytes: 0,
  };
}
