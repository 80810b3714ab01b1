/** What was seen when a claim was tried. */
export interface Observation {
  readonly holds: boolean;
  readonly seen: string;
}

/** A statement about a package, and the experiment that shows whether it is true. */
export interface Claim {
  readonly statement: string;
  observe(): Promise<Observation>;
}
