import type { FlagDescription } from './flag-description.ts';
import { valueOf } from './flag-values.ts';
import type { ParsedFlags } from './parsed-flags.ts';
import { parseCount } from './quantity.ts';

/** As many entries as the API gives at once. */
const pageEntries = 1000;

/** How many entries of a list are shown. */
export const pageFlags: readonly FlagDescription[] = [
  { name: 'limit', placeholder: 'NUMBER', description: 'Show at most so many. Default: all.', key: null },
];

/** The number of entries that flags ask for; null: all. */
export function pageQuery(flags: ParsedFlags): number | null {
  return valueOf(flags, 'limit', (text, what) => parseCount(text, what, 1)) ?? null;
}

/**
 * Reads page after page, until there are `wanted` entries.
 * @param name what the document calls its entries
 * @returns the last page, with the entries of all
 */
export async function everyPage<
  Name extends string,
  Document extends { next: string | null } & Record<Name, unknown[]>,
>(
  wanted: number | null,
  name: Name,
  read: (query: Readonly<Record<string, string>>) => Promise<Document>,
): Promise<Document> {
  const entries: unknown[] = [];
  let after: string | null = null;
  for (;;) {
    const limit = Math.min(pageEntries, (wanted ?? Infinity) - entries.length);
    const page: Document = await read({ limit: String(limit), ...(after === null ? {} : { after }) });
    entries.push(...page[name]);
    after = page.next;
    if (after === null || entries.length >= (wanted ?? Infinity)) return { ...page, [name]: entries };
  }
}
