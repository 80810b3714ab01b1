/** What is held between floods. */
export interface Held {
  /** Of a heap that was collected, with what it holds outside of it. */
  readonly heapBytes: number;
  readonly tables: Readonly<Record<string, number | null>>;
}

/** What a flood of strangers left. */
export interface FloodReport {
  readonly before: Held;
  readonly after: Held;
  /** How many of its packets were answered. */
  readonly answers: number;
}
