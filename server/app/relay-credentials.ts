import type { CredentialChange, CredentialDelta } from '../credentials/credential-set.ts';

/** Where the credentials of a relay thread come from. */
export interface CredentialSource {
  /**
   * The whole set as it is now, without `reset` and `complete`, in chunks (`changesOf`). It is read over many turns of the event
   * loop, beside everything else: whatever changes meanwhile has to be applied besides, and may have been read already.
   */
  snapshot(): Iterable<CredentialChange>;
}

/** Changes that the thread may have before it: enough to keep it busy, and too few to keep it from its packets. */
const window = 8;

/**
 * The credentials of one relay thread: first the whole set, then every change, each with its number. A thread that misses one has
 * the whole set sent anew. What the thread has not applied is bounded, so that however much changes, it relays in between.
 */
export class CredentialStream {
  readonly #source: CredentialSource;
  readonly #realm: string;
  readonly #post: (delta: CredentialDelta) => void;
  #snapshot: Iterator<CredentialChange> | undefined;
  #changes: CredentialChange[] = [];
  #lastSequence = 0;
  #lastApplied = 0;

  constructor(source: CredentialSource, realm: string, post: (delta: CredentialDelta) => void) {
    this.#source = source;
    this.#realm = realm;
    this.#post = post;
  }

  /** Sends the whole set, at the start or after a gap. What is waiting is in it. @throws whatever the source throws */
  sendAll(): void {
    this.#snapshot = wholeSet(this.#realm, this.#source)[Symbol.iterator]();
    this.#changes = [];
    this.#pump();
  }

  /** Sends changes, after everything before them. @throws whatever the source throws */
  send(changes: readonly CredentialChange[]): void {
    this.#changes.push(...changes);
    this.#pump();
  }

  /** The thread has applied the change with this number. @throws whatever the source throws */
  applied(sequence: number): void {
    this.#lastApplied = sequence;
    this.#pump();
  }

  #pump(): void {
    while (this.#lastSequence - this.#lastApplied < window) {
      const change = this.#next();
      if (change === undefined) return;
      this.#lastSequence += 1;
      this.#post({ sequence: this.#lastSequence, change });
    }
  }

  #next(): CredentialChange | undefined {
    const next = this.#snapshot?.next();
    if (next?.done === false) return next.value;
    this.#snapshot = undefined;
    return this.#changes.shift();
  }
}

function* wholeSet(realm: string, source: CredentialSource): Generator<CredentialChange, void, undefined> {
  yield { kind: 'reset', realm };
  yield* source.snapshot();
  yield { kind: 'complete' };
}
