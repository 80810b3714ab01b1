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

  constructor(randomUint32: RandomUint32) {
    this.#setHash = new KeyedHash(randomUint32);
    this.#tagHash = new KeyedHash(randomUint32);
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
  }

  /** Forgets the failures of a user who has shown the right password. */
  recordSuccess(address: IpAddress, username: string, nowMs: number): void {
    const entry = this.#find(address, username, nowMs);
    if (entry !== null) this.#failures[entry] = 0;
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
