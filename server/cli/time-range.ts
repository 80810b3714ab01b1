import type { FlagDescription } from './flag-description.ts';
import { momentIn, readMoment, valueOf } from './flag-values.ts';
import type { ParsedFlags } from './parsed-flags.ts';
import { parseDurationS } from './quantity.ts';

/** The flags that say which time is looked at. */
export const timeRangeFlags: readonly FlagDescription[] = [
  { name: 'last', placeholder: 'TIME', description: 'The time until now: 2h, 30d.', key: null },
  { name: 'from', placeholder: 'MOMENT', description: 'E.g. 2027-01-31T12:00:00Z. Default: a day ago.', key: null },
  { name: 'to', placeholder: 'MOMENT', description: 'Default: now.', key: null },
];

/** What they say, as a query has it; undefined where nothing is said. */
export function timeRange(flags: ParsedFlags): { readonly from: string | undefined; readonly to: string | undefined } {
  const last = valueOf(flags, 'last', parseDurationS);
  const from = valueOf(flags, 'from', readMoment) ?? (last === undefined ? undefined : momentIn(-last));
  return { from, to: valueOf(flags, 'to', readMoment) };
}
