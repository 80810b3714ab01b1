import { strict as assert } from 'node:assert';
import { staticKeyBytes } from './credential-changes.ts';
import { unlimitedUser, type StaticUserChunk, type StaticUserLimits } from './credential-set.ts';
import { userhash, type KeyAlgorithm } from './long-term-key.ts';
import { parseRestUsername } from './rest-username.ts';
import { ShardedMap } from './sharded-map.ts';

/** Where a user's bytes are. */
type Slot = number & { readonly brand: 'Slot' };

const md5Bytes = 16;
const userhashBytes = 32;
const slotBytes = staticKeyBytes + userhashBytes;
const slotsPerPage = 1024;

/**
 * The static users, compact: keys and USERHASHes lie in pages of bytes, limits are kept of those alone who have any. A hundred
 * thousand users cost some 25 MB, and adding or removing one never takes longer for there being many.
 */
export class StaticUserTable {
  readonly #realm: string;
  readonly #slots = new ShardedMap<string, Slot>();
  readonly #slotOfUserhash = new ShardedMap<number, Slot>();
  readonly #names: (string | undefined)[] = [];
  readonly #pages: Uint8Array[] = [];
  readonly #limits = new Map<Slot, StaticUserLimits>();
  readonly #free: Slot[] = [];
  #timeLimitedNames = 0;

  /** @param realm of all keys, as `opaqueString` returns it */
  constructor(realm: string) {
    this.#realm = realm;
  }

  /** Whether some name looks like a time-limited one. */
  get hasTimeLimitedName(): boolean {
    return this.#timeLimitedNames > 0;
  }

  /** How many users there are. */
  get size(): number {
    return this.#names.length - this.#free.length;
  }

  /** Adds users, or replaces those of the same names. */
  add({ names, keys, limits }: StaticUserChunk): void {
    assert(keys.length === names.length * staticKeyBytes, `${names.length} users have ${keys.length} bytes of keys`);
    for (const [at, name] of names.entries()) {
      const slot = this.#slots.get(name) ?? this.#addSlot(name);
      this.#bytes(slot).set(keys.subarray(at * staticKeyBytes, (at + 1) * staticKeyBytes));
      this.#limits.delete(slot);
    }
    for (const [at, { expiresAtS, allocations, bitsPerSecond, isExhausted }] of limits) {
      const slot = this.#slots.get(names[at] ?? '');
      assert(slot !== undefined, `limits of user ${at} of a chunk of ${names.length}`);
      this.#limits.set(slot, { expiresAtS, allocations, bitsPerSecond, isExhausted });
    }
  }

  /** Removes a user, if there is one of this name. */
  remove(name: string): void {
    const slot = this.#slots.get(name);
    if (slot === undefined) return;
    const bytes = this.#bytes(slot);
    this.#slots.delete(name);
    this.#slotOfUserhash.delete(userhashKey(bytes.subarray(staticKeyBytes)));
    if (parseRestUsername(name) !== null) this.#timeLimitedNames -= 1;
    bytes.fill(0);
    this.#limits.delete(slot);
    this.#names[slot] = undefined;
    this.#free.push(slot);
  }

  /** A copy of a user's key; undefined when there is no such user. */
  key(name: string, algorithm: KeyAlgorithm): Uint8Array | undefined {
    const slot = this.#slots.get(name);
    if (slot === undefined) return undefined;
    const bytes = this.#bytes(slot);
    return algorithm === 'md5' ? bytes.slice(0, md5Bytes) : bytes.slice(md5Bytes, staticKeyBytes);
  }

  /** What a user may do; undefined when there is no such user. */
  limits(name: string): StaticUserLimits | undefined {
    const slot = this.#slots.get(name);
    return slot === undefined ? undefined : (this.#limits.get(slot) ?? unlimitedUser);
  }

  /** The user whose USERHASH this is (RFC 8489 section 9.2.4). */
  nameOfUserhash(hash: Uint8Array): string | undefined {
    if (hash.length !== userhashBytes) return undefined;
    const slot = this.#slotOfUserhash.get(userhashKey(hash));
    if (slot === undefined) return undefined;
    const known = this.#bytes(slot).subarray(staticKeyBytes);
    return known.every((byte, at) => byte === hash[at]) ? this.#names[slot] : undefined;
  }

  #addSlot(name: string): Slot {
    const slot = this.#free.pop() ?? (this.#names.length as Slot);
    if (slot % slotsPerPage === 0) this.#pages[slot / slotsPerPage] ??= new Uint8Array(slotsPerPage * slotBytes);
    const hash = userhash(name, this.#realm);
    this.#names[slot] = name;
    this.#slots.set(name, slot);
    this.#slotOfUserhash.set(userhashKey(hash), slot);
    this.#bytes(slot).set(hash, staticKeyBytes);
    if (parseRestUsername(name) !== null) this.#timeLimitedNames += 1;
    return slot;
  }

  #bytes(slot: Slot): Uint8Array {
    const page = this.#pages[Math.floor(slot / slotsPerPage)]!;
    const first = (slot % slotsPerPage) * slotBytes;
    return page.subarray(first, first + slotBytes);
  }
}

/** The first 52 bits: two users who share them are not to be had by chance, and the rest is compared besides. */
function userhashKey(hash: Uint8Array): number {
  const view = new DataView(hash.buffer, hash.byteOffset, 8);
  return view.getUint32(0) * 2 ** 20 + (view.getUint32(4) >>> 12);
}
