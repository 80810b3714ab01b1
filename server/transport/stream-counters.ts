/** What happened to streams since the relay started. */
export interface StreamCounters {
  /** Streams let in. */
  accepted: number;
  /** Streams turned away because there are too many in all. */
  refusedFull: number;
  /** Streams turned away because their address has too many without an allocation. */
  refusedAddressFull: number;
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
    acceptErrors: 0,
    timedOut: 0,
    badFrames: 0,
    unreadResponses: 0,
    droppedDeliveries: 0,
    droppedDeliveryBytes: 0,
  };
}
