import { strict as assert } from 'node:assert';
import {
  transportAddressKey,
  type TransportAddress,
  type TransportAddressKey,
} from '../../server/stun/transport-address.ts';
import type { Draw } from '../fuzz/engine/draw.ts';

/** How bad a network is. Delays are drawn for each packet, so that packets overtake each other. */
export interface NetworkFaults {
  /** Of 100 packets, how many are lost on one way. */
  readonly lossPercent: number;
  readonly duplicatePercent: number;
  readonly longestDelayMs: number;
}

/** Whatever receives packets at an address. */
export type Receive = (bytes: Uint8Array, from: TransportAddress) => void;

interface Event {
  readonly atMs: number;
  /** Events of the same time happen in the order in which they were arranged. */
  readonly order: number;
  readonly happen: () => void;
}

/** A network with a clock of its own: nothing takes real time, and one seed decides which packets get through and when. */
export class VirtualNetwork {
  readonly #draw: Draw;
  readonly #faults: NetworkFaults;
  readonly #hosts = new Map<TransportAddressKey, Receive>();
  /** Sorted, the next one last. */
  readonly #events: Event[] = [];
  #order = 0;
  nowMs: number;

  constructor(draw: Draw, faults: NetworkFaults, startMs: number) {
    this.#draw = draw;
    this.#faults = faults;
    this.nowMs = startMs;
  }

  /** When something happens next; Infinity when nothing will. */
  get nextMs(): number {
    return this.#events.at(-1)?.atMs ?? Infinity;
  }

  /** From here on packets for this address are received. */
  attach(address: TransportAddress, receive: Receive): void {
    this.#hosts.set(transportAddressKey(address), receive);
  }

  /** From here on packets for this address are lost. */
  detach(address: TransportAddress): void {
    this.#hosts.delete(transportAddressKey(address));
  }

  /** A datagram: lost, late, or there several times. */
  sendDatagram(from: TransportAddress, to: TransportAddress, bytes: Uint8Array): void {
    const copies = this.#draw.below(100) < this.#faults.duplicatePercent ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#draw.below(100) < this.#faults.lossPercent) continue;
      this.#deliver(from, to, bytes, 1 + this.#draw.below(this.#faults.longestDelayMs));
    }
  }

  /** A message on a stream: it arrives, and before those that are sent after it. */
  sendOnStream(from: TransportAddress, to: TransportAddress, bytes: Uint8Array): void {
    this.#deliver(from, to, bytes, this.#faults.longestDelayMs);
  }

  /** Arranges for something to happen later. */
  after(delayMs: number, happen: () => void): void {
    const event: Event = { atMs: this.nowMs + delayMs, order: this.#order++, happen };
    let at = this.#events.length;
    while (at > 0 && (this.#events[at - 1]?.atMs ?? 0) <= event.atMs) at--;
    this.#events.splice(at, 0, event);
  }

  /** Lets happen what comes next. */
  step(): void {
    const event = this.#events.pop();
    assert(event !== undefined, 'something is to happen');
    this.nowMs = Math.max(this.nowMs, event.atMs);
    event.happen();
  }

  #deliver(from: TransportAddress, to: TransportAddress, bytes: Uint8Array, delayMs: number): void {
    const copy = bytes.slice();
    this.after(delayMs, () => this.#hosts.get(transportAddressKey(to))?.(copy, from));
  }
}
