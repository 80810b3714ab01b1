import assert from 'node:assert/strict';
import type { IpKey } from '../stun/transport-address.ts';

/** Who waits, in a line for each source. Whatever is asked of the longest line is known without looking at the others. */
export class SourceLines<T> {
  /** Whose turn it is first; in a line, the newest is last. None is empty. */
  readonly #lines = new Map<IpKey, T[]>();
  /** The lines of each length that there is. */
  readonly #byLength = new Map<number, Set<T[]>>();
  #longest = 0;

  /** Sources that have a line. */
  get count(): number {
    return this.#lines.size;
  }

  /** The oldest in a line of which none is longer. */
  get oldestOfLongest(): T | undefined {
    const [line] = this.#byLength.get(this.#longest) ?? [];
    return line?.[0];
  }

  /** Someone stands in the line of a source, behind all others. A new source has its turn after all others. */
  join(source: IpKey, item: T): void {
    const line = this.#lines.get(source) ?? [];
    line.push(item);
    this.#lines.set(source, line);
    this.#noteLength(line, line.length - 1);
  }

  /** Someone who stands in the line of this source goes. */
  leave(source: IpKey, item: T): void {
    const line = this.#lines.get(source);
    const at = line?.indexOf(item) ?? -1;
    assert.ok(line !== undefined && at !== -1, 'who waits stands in the line of its source');
    line.splice(at, 1);
    this.#noteLength(line, line.length + 1);
    if (line.length === 0) this.#lines.delete(source);
  }

  /** Takes out the newest of the source whose turn it is, which then has its turn after all others. */
  takeNext(): T | undefined {
    for (const [source, line] of this.#lines) {
      const item = line.pop();
      this.#noteLength(line, line.length + 1);
      this.#lines.delete(source);
      if (line.length > 0) this.#lines.set(source, line);
      return item;
    }
    return undefined;
  }

  /** A line has one more or one less than before: so has the longest one, at most. */
  #noteLength(line: T[], before: number): void {
    const former = this.#byLength.get(before);
    former?.delete(line);
    if (former?.size === 0) this.#byLength.delete(before);
    if (line.length > 0) {
      const same = this.#byLength.get(line.length);
      if (same === undefined) this.#byLength.set(line.length, new Set([line]));
      else same.add(line);
    }
    if (line.length > this.#longest || !this.#byLength.has(this.#longest)) this.#longest = line.length;
  }
}
