/** Counts by a name that comes from the program, and so is one of few. */
export class Tally<Name extends string = string> {
  readonly #counts = new Map<Name, number>();

  /** Counts one, or several. */
  add(name: Name, count = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  /** What was counted so far. */
  get counts(): ReadonlyMap<Name, number> {
    return this.#counts;
  }

  /** What was counted since the last call; empty for nothing. */
  take(): ReadonlyMap<Name, number> {
    const taken = new Map(this.#counts);
    this.#counts.clear();
    return taken;
  }
}
