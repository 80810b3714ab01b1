import type { UsageAmounts, UsageRow } from '../../server/store/records.ts';

/** The amounts that add up. */
export type Sums = Omit<UsageAmounts, 'peakBitsPerSecond'>;

/** All rows together. */
export function sumOf(rows: Iterable<UsageRow>): Sums {
  const sums = { bytesUp: 0, bytesDown: 0, packetsUp: 0, packetsDown: 0, drops: 0, allocations: 0 };
  for (const row of rows) {
    for (const name of Object.keys(sums) as (keyof Sums)[]) sums[name] += row[name];
  }
  return sums;
}
