const shardCount = 256;

/** A map of many entries that never grows at one stroke: its parts grow one by one, each in microseconds. */
export class ShardedMap<K extends string | number, V> {
  readonly #shards = Array.from({ length: shardCount }, () => new Map<K, V>());

  /** The value of a key. */
  get(key: K): V | undefined {
    return this.#shardOf(key).get(key);
  }

  /** Adds an entry, or gives it another value. */
  set(key: K, value: V): void {
    this.#shardOf(key).set(key, value);
  }

  /** Takes an entry out; false when there was none. */
  delete(key: K): boolean {
    return this.#shardOf(key).delete(key);
  }

  #shardOf(key: K): Map<K, V> {
    return this.#shards[typeof key === 'number' ? key % shardCount : shardOfText(key)]!;
  }
}

function shardOfText(text: string): number {
  let hash = text.length;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return (hash ^ (hash >>> 16)) & (shardCount - 1);
}
