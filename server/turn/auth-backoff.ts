import type { IpAddress } from '../stun/transport-address.ts';
import { KeyedHash } from './keyed-hash.ts';
import type { RandomUint32 } from './random.ts';

/**
 * Failures in a row that cost nothing. So many, because behind one NAT a hundred clients may share a name, and some of them a
 * wrong password, while a random password is not found in a thousand times as many tries.
 */
export const freeFailures = 100;
/** The longest wait, in seconds; the first is one second and each further failure doubles it. */
export const longestBackoffS = 64;
/** After this long without a failure an entry counts for nothing. */
const forgottenAfterMs = 3_600_000;

const ways = 4;
const entries = 4096;

/** A snapshot begins with this byte and the keys of both hashes; then come the entries, in 17 bytes each. */
const snapshotVersion = 1;
const headerBytes = 1 + 4 + 4;
const entryBytes = 4 + 4 + 1 + 8;

/**
 * Failures by (address, user): after too many in a row, new Allocates of that user from that address wait, longer each time
 * (SECURITY.md 5). A table of fixed size: when four names meet in one set, the one that failed longest ago goes.
 */
export class AuthBackoff {
  readonly #setHash: KeyedHash;
  readonly #tagHash: KeyedHash;
  readonly #tags = new Uint32Array(entries);
  readonly #failures = new Uint8Array(entries);
  readonly #lastFailureMs = new Float64Array(entries);
  #hasChanged = false;

  constructor(setKey: number, tagKey: number) {
    this.#setHash = new KeyedHash(setKey);
    this.#tagHash = new KeyedHash(tagKey);
  }

  /** What `take` answered before a restart; an empty one under new keys where there is none, or none that this version writes. */
  static restored(snapshot: Uint8Array | null, randomUint32: RandomUint32): AuthBackoff {
    const fresh = new AuthBackoff(randomUint32(), randomUint32());
    if (snapshot === null || snapshot.length < headerBytes || snapshot[0] !== snapshotVersion) return fresh;
    if ((snapshot.length - headerBytes) % entryBytes !== 0) return fresh;
    const view = new DataView(snapshot.buffer, snapshot.byteOffset, snapshot.length);
    const restored = new AuthBackoff(view.getUint32(1), view.getUint32(5));
    for (let at = headerBytes; at < snapshot.length; at += entryBytes) {
      const entry = view.getUint32(at) % entries;
      restored.#tags[entry] = view.getUint32(at + 4);
      restored.#failures[entry] = view.getUint8(at + 8);
      restored.#lastFailureMs[entry] = view.getFloat64(at + 9);
    }
    return restored;
  }

  /** All that is remembered, with the keys that it is found by; null when nothing has changed since the last call. No name is in it. */
  take(nowMs: number): Uint8Array | null {
    if (!this.#hasChanged) return null;
    this.#hasChanged = false;
    const remembered = [...this.#failures.keys()].filter((entry) => this.#isRemembered(entry, nowMs));
    const snapshot = new Uint8Array(headerBytes + remembered.length * entryBytes);
    const view = new DataView(snapshot.buffer);
    view.setUint8(0, snapshotVersion);
    view.setUint32(1, this.#setHash.key);
    view.setUint32(5, this.#tagHash.key);
    for (const [index, entry] of remembered.entries()) {
      const at = headerBytes + index * entryBytes;
      view.setUint32(at, entry);
      view.setUint32(at + 4, this.#tags[entry]!);
      view.setUint8(at + 8, this.#failures[entry]!);
      view.setFloat64(at + 9, this.#lastFailureMs[entry]!);
    }
    return snapshot;
  }

  /** Whether a new Allocate of this user from this address has to wait. */
  isBackedOff(address: IpAddress, username: string, nowMs: number): boolean {
    const entry = this.#find(address, username, nowMs);
    if (entry === null) return false;
    const failures = this.#failures[entry]!;
    if (failures <= freeFailures) return false;
    const waitS = Math.min(longestBackoffS, 2 ** (failures - freeFailures - 1));
    return nowMs - this.#lastFailureMs[entry]! < waitS * 1000;
  }

  /** Counts a failed authentication that bore a nonce valid for the address. */
  recordFailure(address: IpAddress, username: string, nowMs: number): void {
    let entry = this.#find(address, username, nowMs);
    if (entry === null) {
      entry = this.#stalest(address, username, nowMs);
      this.#tags[entry] = this.#tagHash.ofSourceAndName(address, username);
      this.#failures[entry] = 0;
    }
    this.#failures[entry] = Math.min(255, this.#failures[entry]! + 1);
    this.#lastFailureMs[entry] = nowMs;
    this.#hasChanged = true;
  }

  /** Forgets the failures of a user who has shown the right password. */
  recordSuccess(address: IpAddress, username: string, nowMs: number): void {
    const entry = this.#find(address, username, nowMs);
    if (entry === null) return;
    this.#failures[entry] = 0;
    this.#hasChanged = true;
  }

  #find(address: IpAddress, username: string, nowMs: number): number | null {
    const first = this.#firstOfSet(address, username);
    const tag = this.#tagHash.ofSourceAndName(address, username);
    for (let entry = first; entry < first + ways; entry++) {
      if (this.#tags[entry] === tag && this.#isRemembered(entry, nowMs)) return entry;
    }
    return null;
  }

  #stalest(address: IpAddress, username: string, nowMs: number): number {
    const first = this.#firstOfSet(address, username);
    let stalest = first;
    for (let entry = first; entry < first + ways; entry++) {
      if (!this.#isRemembered(entry, nowMs)) return entry;
      if (this.#lastFailureMs[entry]! < this.#lastFailureMs[stalest]!) stalest = entry;
    }
    return stalest;
  }

  /** A clock that was set back must not lengthen a wait. */
  #isRemembered(entry: number, nowMs: number): boolean {
    const elapsedMs = nowMs - this.#lastFailureMs[entry]!;
    return elapsedMs >= 0 && elapsedMs < forgottenAfterMs && this.#failures[entry]! > 0;
  }

  #firstOfSet(address: IpAddress, username: string): number {
    return (this.#setHash.ofSourceAndName(address, username) % (entries / ways)) * ways;
  }
}
