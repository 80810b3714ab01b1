import type { Action } from '../seam/action.ts';

/**
 * What the machine wants done, first in first out. Whoever applies an action may cause more while doing so
 * (a plane may answer `open-relay` at once): they go to the end.
 */
export class ActionQueue {
  #queue: Action[] = [];
  #head = 0;

  /** Appends an action. */
  push(action: Action): void {
    this.#queue.push(action);
  }

  /** Takes the next action. */
  next(): Action | undefined {
    const action = this.#queue[this.#head];
    if (action === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    return action;
  }
}
