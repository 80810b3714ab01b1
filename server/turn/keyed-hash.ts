import { sourceOf, type IpAddress } from '../stun/transport-address.ts';

/**
 * A fast 32-bit hash under a random key, for tables of fixed size: without the key nobody can choose
 * sources that share a slot. Not for authentication.
 */
export class KeyedHash {
  readonly #key: number;

  /** @param key 32 random bits */
  constructor(key: number) {
    this.#key = key | 0;
  }

  /** The key, for whoever keeps what was hashed. */
  get key(): number {
    return this.#key >>> 0;
  }

  /** The hash of whoever uses this address (`sourceOf`). */
  ofSource(ip: IpAddress): number {
    const { family, w0, w1, w2, w3 } = sourceOf(ip);
    return finish(mix(mix(mix(mix(mix(this.#key, family), w0), w1), w2), w3));
  }

  /** The hash of a source and a name. */
  ofSourceAndName(ip: IpAddress, name: string): number {
    let hash = mix(this.#key, this.ofSource(ip));
    for (let at = 0; at < name.length; at++) hash = mix(hash, name.charCodeAt(at));
    return finish(mix(hash, name.length));
  }
}

/** One round of MurmurHash3 (Appleby, public domain). */
function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
