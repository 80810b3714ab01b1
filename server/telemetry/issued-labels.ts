/** Credentials whose labels are remembered: those that were issued, or looked at, last. */
const defaultCapacity = 10_000;

/** What applications called the sessions that they asked credentials for, by username. Bounded: the one that was of use longest ago goes. */
export class IssuedLabels {
  readonly #capacity: number;
  readonly #labels = new Map<string, string>();

  constructor(capacity = defaultCapacity) {
    this.#capacity = capacity;
  }

  /** A credential was issued. */
  note(username: string, label: string): void {
    this.#labels.delete(username);
    this.#labels.set(username, label);
    if (this.#labels.size <= this.#capacity) return;
    const oldest = this.#labels.keys().next();
    if (oldest.done !== true) this.#labels.delete(oldest.value);
  }

  /** The label of a credential; null when it was given none, or it is forgotten. */
  labelOf(username: string): string | null {
    const label = this.#labels.get(username);
    if (label === undefined) return null;
    this.#labels.delete(username);
    this.#labels.set(username, label);
    return label;
  }
}
