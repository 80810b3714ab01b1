import type { PortRange } from './host-facts.ts';

/** `49152-65535`, or `3478` for one port. */
export function formatRange({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}-${last}`;
}

/** The ports of both ranges, or null. */
export function overlap(a: PortRange, b: PortRange): PortRange | null {
  const first = Math.max(a.first, b.first);
  const last = Math.min(a.last, b.last);
  return first <= last ? { first, last } : null;
}

/** What of a range none of the others holds, in order. */
export function missingFrom(range: PortRange, others: readonly PortRange[]): PortRange[] {
  const missing: PortRange[] = [];
  let first = range.first;
  for (const other of others.toSorted((a, b) => a.first - b.first)) {
    if (other.last < first) continue;
    if (other.first > range.last) break;
    if (other.first > first) missing.push({ first, last: other.first - 1 });
    first = other.last + 1;
  }
  if (first <= range.last) missing.push({ first, last: range.last });
  return missing;
}

/** Reads ranges as the kernel writes them: `3478,49152-65535`. */
export function parseRanges(text: string): PortRange[] {
  return [...text.matchAll(/(\d+)(?:-(\d+))?/g)].map(([, first = '', last = first]) => ({
    first: Number(first),
    last: Number(last),
  }));
}
