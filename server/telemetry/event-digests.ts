/** What stands for many events of one type: how many there were, and the first few of them. */
export interface EventDigest {
  readonly count: number;
  readonly first: readonly unknown[];
}

/** Events of one type that a digest holds. */
const maxInDigest = 10;

/** Joins what happens often, sessions and refusals, so that those who watch are told a few events a second whatever a flood brings. */
export class EventDigests {
  readonly #publish: (type: string, digest: EventDigest) => void;
  #open = new Map<string, { count: number; readonly first: unknown[] }>();

  /** @param publish tells those who watch, as the ring of events does */
  constructor(publish: (type: string, digest: EventDigest) => void) {
    this.#publish = publish;
  }

  /** Takes note of something that happened. `data` is plain, and nobody changes it afterwards. */
  collect(type: string, data: unknown): void {
    const digest = this.#open.get(type) ?? { count: 0, first: [] };
    this.#open.set(type, digest);
    digest.count += 1;
    if (digest.first.length < maxInDigest) digest.first.push(data);
  }

  /** Publishes a digest of each type that was collected since the last call; to be called every second. */
  flush(): void {
    const digests = this.#open;
    this.#open = new Map();
    for (const [type, digest] of digests) this.#publish(type, digest);
  }
}
