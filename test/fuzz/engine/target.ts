import type { Draw } from './draw.ts';

/** Tells the engine of something that an input reached and that coverage cannot see. Numbers that were never told are news. */
export type Observe = (feature: number) => void;

/** Something to be fuzzed. */
export interface FuzzTarget {
  /** As it is called on the command line, and the name of its corpus directory. */
  readonly name: string;
  /** Longer inputs are cut. */
  readonly maxBytes: number;
  /** Inputs between two looks at the coverage. */
  readonly batch: number;
  /** Inputs to begin with. */
  seeds(): readonly Uint8Array[];
  /** Another input made of this one; `other` is one more of the corpus, to take parts from. Writes to neither. */
  mutate(input: Uint8Array, other: Uint8Array, draw: Draw): Uint8Array;
  /** Runs any input. Throws when what has to hold does not. The same input does the same every time. */
  run(input: Uint8Array, observe: Observe): void | Promise<void>;
}

/** A target that can be loaded: after the coverage has begun, so that its sources are measured from their first line on. */
export interface LoadableTarget {
  /** Matches the URLs of the sources whose blocks it is to reach. */
  readonly covers: RegExp;
  load(): Promise<FuzzTarget>;
}
