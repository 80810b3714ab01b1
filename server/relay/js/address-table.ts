import type { IpAddress, IpFamily } from '../../stun/transport-address.ts';

/** What an `AddressTable` finds by its address and port. The words are signed, so that V8 keeps them unboxed in the object. */
export abstract class AddressEntry {
  readonly family: IpFamily;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  readonly port: number;
  /** The next entry of the same hash; the table's own. */
  next: this | undefined = undefined;

  constructor(ip: IpAddress, port: number) {
    this.family = ip.family;
    this.w0 = ip.w0 | 0;
    this.w1 = ip.w1 | 0;
    this.w2 = ip.w2 | 0;
    this.w3 = ip.w3 | 0;
    this.port = port;
  }
}

/** A table of no more entries is one chain, which is smaller than a hash table and as fast. */
const chainLength = 8;

/**
 * Entries by transport address, found without a string and without allocating. The hash is seeded, so that nobody who
 * chooses addresses chooses collisions.
 */
export class AddressTable<Entry extends AddressEntry> {
  readonly #seed: number;
  /** The one chain of a small table. */
  #chain: Entry | undefined;
  /** The chains of a large table, by hash. */
  #chains: Map<number, Entry> | null = null;
  #size = 0;

  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** The entry of an address, given as its family and four words, and a port. */
  find(family: IpFamily, words: Int32Array, port: number): Entry | undefined {
    const w0 = words[0]!;
    const w1 = words[1]!;
    const w2 = words[2]!;
    const w3 = words[3]!;
    let entry = this.#chains === null ? this.#chain : this.#chains.get(hash(this.#seed, w0, w1, w2, w3, port));
    while (
      entry !== undefined &&
      (entry.port !== port ||
        entry.w0 !== w0 ||
        entry.w1 !== w1 ||
        entry.w2 !== w2 ||
        entry.w3 !== w3 ||
        entry.family !== family)
    ) {
      entry = entry.next;
    }
    return entry;
  }

  /** Adds an entry whose address and port are not in the table. */
  add(entry: Entry): void {
    if (this.#chains === null && this.#size === chainLength) {
      const entries = [...this];
      this.#chains = new Map();
      this.#chain = undefined;
      for (const each of entries) this.#push(each);
    }
    this.#push(entry);
    this.#size++;
  }

  /** Removes an entry; one that is not in the table is left alone. */
  remove(entry: Entry): void {
    const head = this.#headFor(entry);
    if (head === entry) {
      this.#setHead(entry, entry.next);
    } else {
      let before = head;
      while (before !== undefined && before.next !== entry) before = before.next;
      if (before === undefined) return;
      before.next = entry.next;
    }
    entry.next = undefined;
    this.#size--;
  }

  /** Every entry, in no order that means anything. */
  *[Symbol.iterator](): Generator<Entry, void, void> {
    for (const head of this.#chains === null ? [this.#chain] : this.#chains.values()) {
      for (let entry = head; entry !== undefined; entry = entry.next) yield entry;
    }
  }

  #push(entry: Entry): void {
    entry.next = this.#headFor(entry);
    this.#setHead(entry, entry);
  }

  #headFor(entry: Entry): Entry | undefined {
    return this.#chains === null ? this.#chain : this.#chains.get(this.#hashOf(entry));
  }

  /** Replaces the head of the chain that the entry belongs to. */
  #setHead(entry: Entry, head: Entry | undefined): void {
    if (this.#chains === null) this.#chain = head;
    else if (head === undefined) this.#chains.delete(this.#hashOf(entry));
    else this.#chains.set(this.#hashOf(entry), head);
  }

  #hashOf(entry: Entry): number {
    return hash(this.#seed, entry.w0, entry.w1, entry.w2, entry.w3, entry.port);
  }
}

/** A signed 32-bit hash, which a `Map` takes as a key without boxing it. */
function hash(seed: number, w0: number, w1: number, w2: number, w3: number, port: number): number {
  let h = Math.imul(seed ^ w0, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15) ^ w1, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 13) ^ w2, 0xc2b2ae3d);
  h = Math.imul(h ^ (h >>> 16) ^ w3, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 15) ^ port, 0x165667b1);
  return h ^ (h >>> 16);
}
