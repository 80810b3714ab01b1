import { strict as assert } from 'node:assert';
import { randomBelow, type RandomUint32 } from './random.ts';

/** Both ports of a pair (2k, 2k + 1) as bits of its state. */
const evenFree = 1;
const oddFree = 2;
const bothFree = 3;

/** An inclusive range of UDP ports. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The free relay ports of one address (RFC 8656 section 7.2). Every take is O(1) and uniform over the ports that
 * qualify, drawn from a CSPRNG so that the next port cannot be guessed (RFC 8656 section 21.1.7, SECURITY.md 12).
 *
 * Ports are kept as pairs (even, odd) in three lists, by which halves are free: an even port or a whole
 * pair is then as cheap to draw as any port.
 */
export class PortPool {
  readonly #range: PortRange;
  readonly #firstPair: number;
  /** Which halves of a pair are free, by pair. */
  readonly #free: Uint8Array;
  /** Where a pair stands in the list of its state. */
  readonly #position: Uint16Array;
  /** The pairs of a state; index 0 (nothing free) is not kept. */
  readonly #lists: readonly PairList[];
  readonly #randomUint32: RandomUint32;
  #freeCount: number;

  constructor(range: PortRange, randomUint32: RandomUint32) {
    assert(range.first >= 0 && range.last <= 65535 && range.first <= range.last, 'a port range goes from low to high');
    this.#range = range;
    this.#firstPair = range.first >> 1;
    const pairs = (range.last >> 1) - this.#firstPair + 1;
    this.#free = new Uint8Array(pairs);
    this.#position = new Uint16Array(pairs);
    this.#lists = [0, evenFree, oddFree, bothFree].map(() => new PairList(pairs));
    this.#randomUint32 = randomUint32;
    this.#freeCount = range.last - range.first + 1;
    for (let pair = 0; pair < pairs; pair++) {
      const even = 2 * (this.#firstPair + pair);
      const state = (even >= range.first ? evenFree : 0) | (even < range.last ? oddFree : 0);
      this.#free[pair] = state;
      this.#position[pair] = this.#list(state).push(pair);
    }
  }

  /** How many ports are free. */
  get freeCount(): number {
    return this.#freeCount;
  }

  /** Whether every port of the range is free. */
  get isUntouched(): boolean {
    return this.#freeCount === this.#range.last - this.#range.first + 1;
  }

  /** Any free port, or null when none is left. */
  take(): number | null {
    if (this.#freeCount === 0) return null;
    const both = this.#list(bothFree);
    const even = this.#list(evenFree);
    let draw = randomBelow(this.#freeCount, this.#randomUint32);
    if (draw < 2 * both.length) return this.#taken(2 * both.at(draw >> 1) + (draw & 1));
    draw -= 2 * both.length;
    if (draw < even.length) return this.#taken(2 * even.at(draw));
    return this.#taken(2 * this.#list(oddFree).at(draw - even.length) + 1);
  }

  /** A free even port (EVEN-PORT without the R bit), or null when none is left. */
  takeEven(): number | null {
    const both = this.#list(bothFree);
    const even = this.#list(evenFree);
    if (both.length + even.length === 0) return null;
    const draw = randomBelow(both.length + even.length, this.#randomUint32);
    return this.#taken(2 * (draw < both.length ? both.at(draw) : even.at(draw - both.length)));
  }

  /** An even port whose successor is free too; both are taken (EVEN-PORT with the R bit). Null when no pair is left. */
  takeEvenPair(): number | null {
    const both = this.#list(bothFree);
    if (both.length === 0) return null;
    const port = this.#taken(2 * both.at(randomBelow(both.length, this.#randomUint32)));
    this.#taken(port - 2 * this.#firstPair + 1);
    return port;
  }

  /** Gives back a port that was taken. */
  release(port: number): void {
    assert(port >= this.#range.first && port <= this.#range.last, `port ${port} is not of this pool`);
    this.#setFree(port);
  }

  #list(state: number): PairList {
    return this.#lists[state]!;
  }

  /** Takes the port with this offset from the first pair's even port, and answers its number. */
  #taken(offset: number): number {
    const pair = offset >> 1;
    const half = (offset & 1) === 0 ? evenFree : oddFree;
    const state = this.#free[pair]!;
    this.#move(pair, state, state & ~half);
    this.#freeCount--;
    return 2 * this.#firstPair + offset;
  }

  #setFree(port: number): void {
    const pair = (port >> 1) - this.#firstPair;
    const half = (port & 1) === 0 ? evenFree : oddFree;
    const state = this.#free[pair]!;
    assert((state & half) === 0, `port ${port} is free already`);
    this.#move(pair, state, state | half);
    this.#freeCount++;
  }

  #move(pair: number, from: number, to: number): void {
    if (from !== 0) {
      const moved = this.#list(from).removeAt(this.#position[pair]!);
      this.#position[moved] = this.#position[pair]!;
    }
    this.#free[pair] = to;
    if (to !== 0) this.#position[pair] = this.#list(to).push(pair);
  }
}

/** A dense list of pairs: removing one puts the last in its place. */
class PairList {
  length = 0;
  readonly #pairs: Uint16Array;

  constructor(capacity: number) {
    this.#pairs = new Uint16Array(capacity);
  }

  at(index: number): number {
    assert(index < this.length);
    return this.#pairs[index]!;
  }

  /** Appends a pair and answers its position. */
  push(pair: number): number {
    this.#pairs[this.length] = pair;
    return this.length++;
  }

  /** Removes the pair at `index` and answers which one stands there now (itself, when it was the last). */
  removeAt(index: number): number {
    const last = this.at(this.length - 1);
    this.#pairs[index] = last;
    this.length--;
    return last;
  }
}
