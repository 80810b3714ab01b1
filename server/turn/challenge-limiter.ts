import type { IpAddress } from '../stun/transport-address.ts';
import { KeyedHash } from './keyed-hash.ts';
import type { RandomUint32 } from './random.ts';

/**
 * Unauthenticated answers to one source in one second (SECURITY.md 3). Behind one NAT 10,000 allocations still start
 * within three seconds; a victim whose address is forged gets 5 Mbit/s at most.
 */
export const challengesPerSourceAndSecond = 4096;

const slots = 65536;

/**
 * Caps the answers that a datagram with a forged source can provoke. One counter for each slot of a table of fixed size,
 * without the sources' names: sources that share a slot share its cap, which at three packets a slot (200,000
 * packets from anywhere) takes nothing from anyone.
 */
export class ChallengeLimiter {
  readonly #counts = new Uint16Array(slots);
  readonly #hash: KeyedHash;
  #second = 0;

  constructor(randomUint32: RandomUint32) {
    this.#hash = new KeyedHash(randomUint32());
  }

  /** Counts an answer to this source; false when it has had its share of this second. */
  allow(source: IpAddress, nowMs: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#counts.fill(0);
      this.#second = second;
    }
    const slot = this.#hash.ofSource(source) % slots;
    const count = this.#counts[slot]!;
    if (count >= challengesPerSourceAndSecond) return false;
    this.#counts[slot] = count + 1;
    return true;
  }
}
