import assert from 'node:assert/strict';
import { sourceKey } from '../stun/transport-address.ts';
import type { IpAddress, IpKey } from '../stun/transport-address.ts';

/** Whether a new stream is let in; `full` in all, or `address-full` for its address. */
export type Admission = 'admitted' | 'full' | 'address-full';

/** Counts streams and decides whether another is let in (SECURITY.md 10). Holds one entry per address with streams without an allocation. */
export class StreamAdmission {
  readonly #maxStreams: number;
  readonly #maxUnauthenticatedPerAddress: number;
  readonly #unauthenticated = new Map<IpKey, number>();
  #streams = 0;

  constructor(limits: { readonly maxStreams: number; readonly maxUnauthenticatedPerAddress: number }) {
    this.#maxStreams = limits.maxStreams;
    this.#maxUnauthenticatedPerAddress = limits.maxUnauthenticatedPerAddress;
  }

  /** Streams let in and not gone. */
  get streams(): number {
    return this.#streams;
  }

  /** Addresses that a count is kept of. */
  get addresses(): number {
    return this.#unauthenticated.size;
  }

  /** Lets a stream in, as one without an allocation, or says why not. */
  admit(remote: IpAddress): Admission {
    if (this.#streams >= this.#maxStreams) return 'full';
    if ((this.#unauthenticated.get(sourceKey(remote)) ?? 0) >= this.#maxUnauthenticatedPerAddress) {
      return 'address-full';
    }
    this.#streams += 1;
    this.addUnauthenticated(remote);
    return 'admitted';
  }

  /** A stream that was let in has lost its allocation. It stays, though its address may be over the cap. */
  addUnauthenticated(remote: IpAddress): void {
    const key = sourceKey(remote);
    this.#unauthenticated.set(key, (this.#unauthenticated.get(key) ?? 0) + 1);
  }

  /** A stream without an allocation has got one, or is about to be `remove`d. */
  removeUnauthenticated(remote: IpAddress): void {
    const key = sourceKey(remote);
    const count = this.#unauthenticated.get(key);
    assert.ok(count !== undefined, 'a stream without an allocation was counted');
    if (count === 1) this.#unauthenticated.delete(key);
    else this.#unauthenticated.set(key, count - 1);
  }

  /** A stream that was let in is gone. */
  remove(): void {
    assert.ok(this.#streams > 0, 'a stream that goes was let in');
    this.#streams -= 1;
  }
}
