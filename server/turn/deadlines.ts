import { strict as assert } from 'node:assert';

/** Something that ends at a time. `deadlineIndex` is the heap's own bookkeeping: -1 while it is in no heap. */
export interface Timed {
  expiresAtMs: number;
  deadlineIndex: number;
}

/**
 * A binary heap of everything that expires, the next first. Each entry knows its place, so that refreshing or removing
 * one costs O(log n) and the heap never holds what no longer lives (DESIGN.md section 3: no scans).
 */
export class Deadlines<T extends Timed> {
  readonly #heap: T[] = [];

  /** How many entries wait. */
  get size(): number {
    return this.#heap.length;
  }

  /** When the next entry expires; Infinity when none waits. */
  get nextMs(): number {
    return this.#heap[0]?.expiresAtMs ?? Infinity;
  }

  /** Adds an entry that is in no heap. */
  add(entry: T): void {
    assert(entry.deadlineIndex === -1, 'a deadline is added once');
    entry.deadlineIndex = this.#heap.length;
    this.#heap.push(entry);
    this.#rise(entry);
  }

  /** Gives an entry another time. */
  move(entry: T, expiresAtMs: number): void {
    this.#assertHeld(entry);
    entry.expiresAtMs = expiresAtMs;
    this.#rise(entry);
    this.#sink(entry);
  }

  /** Takes out an entry that is in the heap. */
  remove(entry: T): void {
    this.#assertHeld(entry);
    const index = entry.deadlineIndex;
    const last = this.#heap.pop();
    entry.deadlineIndex = -1;
    if (last === undefined || last === entry) return;
    this.#place(last, index);
    this.#rise(last);
    this.#sink(last);
  }

  /** Takes out the next entry if its time has come. */
  popDue(nowMs: number): T | undefined {
    const next = this.#heap[0];
    if (next === undefined || next.expiresAtMs > nowMs) return undefined;
    this.remove(next);
    return next;
  }

  #assertHeld(entry: T): void {
    assert(this.#heap[entry.deadlineIndex] === entry, 'the deadline is not in this heap');
  }

  #place(entry: T, index: number): void {
    this.#heap[index] = entry;
    entry.deadlineIndex = index;
  }

  #rise(entry: T): void {
    let index = entry.deadlineIndex;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#heap[above]!;
      if (parent.expiresAtMs <= entry.expiresAtMs) break;
      this.#place(parent, index);
      index = above;
    }
    this.#place(entry, index);
  }

  #sink(entry: T): void {
    const heap = this.#heap;
    let index = entry.deadlineIndex;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      if (left >= heap.length) break;
      const rightIsSooner = right < heap.length && heap[right]!.expiresAtMs < heap[left]!.expiresAtMs;
      const below = rightIsSooner ? right : left;
      const child = heap[below]!;
      if (child.expiresAtMs >= entry.expiresAtMs) break;
      this.#place(child, index);
      index = below;
    }
    this.#place(entry, index);
  }
}
