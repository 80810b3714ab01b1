/** The middle value; the mean of the middle two of an even number. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) return Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** Two contestants compared over the same rounds. */
export interface Ratio {
  /** Median of the one over median of the other: what budgets are judged by. */
  readonly ofMedians: number;
  /** The median of each round's own ratio, which a drift of the machine between rounds moves less. */
  readonly medianOfRounds: number;
  /** The smallest and largest ratio of a round. */
  readonly least: number;
  readonly most: number;
}

/** Compares two series of one value per round, in the same order of rounds; undefined when either is empty. */
export function compareRounds(measured: readonly number[], baseline: readonly number[]): Ratio | undefined {
  if (measured.length === 0 || baseline.length === 0) return undefined;
  const rounds = measured.flatMap((value, round) => {
    const against = baseline[round];
    return against === undefined ? [] : [value / against];
  });
  return {
    ofMedians: median(measured) / median(baseline),
    medianOfRounds: median(rounds),
    least: Math.min(...rounds),
    most: Math.max(...rounds),
  };
}
