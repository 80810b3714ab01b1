import type { EventFeed, FeedEvent } from './ports.ts';

/** What happens, with the last events for those who were away for a moment. */
export class EventRing implements EventFeed {
  readonly #capacity: number;
  readonly #events: FeedEvent[] = [];
  readonly #listeners = new Set<(event: FeedEvent) => void>();
  #lastId: number;

  /**
   * @param capacity events that are remembered
   * @param firstId higher than any id that was given before a restart, e.g. the time: who reconnects then is told what is new
   */
  constructor(capacity: number, firstId: number) {
    this.#capacity = capacity;
    this.#lastId = firstId;
  }

  /** Those who are told. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** Tells an event. `data` is plain, and nobody changes it afterwards. */
  publish(type: string, data: unknown): void {
    this.#lastId += 1;
    const event = { id: this.#lastId, type, data };
    this.#events.push(event);
    if (this.#events.length > this.#capacity) this.#events.shift();
    for (const listener of this.#listeners) listener(event);
  }

  /** Tells every event from now on, after those that followed `lastId` and are remembered. */
  subscribe(listener: (event: FeedEvent) => void, lastId?: number): () => void {
    if (lastId !== undefined) {
      for (const event of this.#events) {
        if (event.id > lastId) listener(event);
      }
    }
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
