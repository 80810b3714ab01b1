import type { DropCounters, PlaneCounters } from '../seam/plane.ts';

/** Adds up what the plane counted since the relay thread started. */
export class RelayTraffic {
  #clientToPeerPackets = 0;
  #clientToPeerBytes = 0;
  #peerToClientPackets = 0;
  #peerToClientBytes = 0;
  #drops: DropCounters = { malformed: 0, unknownChannel: 0, notPermitted: 0, rateLimited: 0, notSent: 0 };

  /** Adds one drain of the plane's counters. */
  add(counters: PlaneCounters): void {
    for (const relay of counters.relays) {
      this.#clientToPeerPackets += relay.clientToPeer.packets;
      this.#clientToPeerBytes += relay.clientToPeer.bytes;
      this.#peerToClientPackets += relay.peerToClient.packets;
      this.#peerToClientBytes += relay.peerToClient.bytes;
    }
    this.#drops = {
      malformed: this.#drops.malformed + counters.drops.malformed,
      unknownChannel: this.#drops.unknownChannel + counters.drops.unknownChannel,
      notPermitted: this.#drops.notPermitted + counters.drops.notPermitted,
      rateLimited: this.#drops.rateLimited + counters.drops.rateLimited,
      notSent: this.#drops.notSent + counters.drops.notSent,
    };
  }

  /** What was relayed. Bytes are payload bytes. */
  get traffic(): Readonly<Record<string, number>> {
    return {
      clientToPeerPackets: this.#clientToPeerPackets,
      clientToPeerBytes: this.#clientToPeerBytes,
      peerToClientPackets: this.#peerToClientPackets,
      peerToClientBytes: this.#peerToClientBytes,
    };
  }

  /** Packets that were dropped, by cause. */
  get drops(): DropCounters {
    return this.#drops;
  }
}
