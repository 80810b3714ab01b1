import type { StreamClient } from '../../seam/client.ts';
import type { PlaneEvents } from '../../seam/plane.ts';
import { channelDataHeaderLength } from '../../stun/channel-data.ts';
import { dataHeaderLength } from './data-indication.ts';

/** The sending side towards clients on streams. Its headers serve every packet: `onStreamDelivery` only lends them. */
export class StreamSender {
  readonly channelDataHeader = new Uint8Array(channelDataHeaderLength);
  readonly dataHeaderIpv4 = new Uint8Array(dataHeaderLength.ipv4);
  readonly dataHeaderIpv6 = new Uint8Array(dataHeaderLength.ipv6);
  readonly #events: PlaneEvents;

  constructor(events: PlaneEvents) {
    this.#events = events;
  }

  /** Delivers a header and a payload; both kinds of frame are padded to a multiple of 4 (RFC 8656 section 12.5, RFC 8489 section 14). */
  send(client: StreamClient, header: Uint8Array, payload: Buffer): void {
    this.#events.onStreamDelivery(client, header, payload, -payload.length & 3);
  }
}
