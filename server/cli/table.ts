import { harmless } from './harmless.ts';

const gap = '  ';
const narrowest = 8;

/** A column of a table for people. */
export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** Numbers stand to the right. */
  readonly align?: 'right';
  /** It gives way, with an ellipsis, where the table would be too wide. */
  readonly gives?: true;
}

/**
 * Lines of a table with its titles, no wider than `width` as long as the columns that give way can be narrowed.
 * @param none what is said where there are no rows
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  none: string,
  width = 100,
): string[] {
  if (rows.length === 0) return [none];
  const cells = rows.map((row) => columns.map(({ text }) => harmless(text(row))));
  const titles = columns.map(({ title }) => title);
  const widths = titles.map((title, index) =>
    Math.max(...[title, ...cells.map((row) => row[index] ?? '')].map(lengthOf)),
  );
  narrow(widths, columns, width);
  return [titles, ...cells].map((row) =>
    row
      .map((cell, index) => fitted(cell, widths[index] ?? 0, columns[index]?.align === 'right'))
      .join(gap)
      .trimEnd(),
  );
}

/** Lines of names and what belongs to them. */
export function pairLines(pairs: readonly (readonly [name: string, text: string])[]): string[] {
  const nameWidth = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, text]) => `${name.padEnd(nameWidth)}${gap}${harmless(text)}`.trimEnd());
}

/** Takes from the widest column that gives way, one character after another. */
function narrow(widths: number[], columns: readonly Column<never>[], width: number): void {
  const total = (): number => widths.reduce((sum, each) => sum + each, gap.length * (widths.length - 1));
  while (total() > width) {
    let widest = -1;
    for (const [index, each] of widths.entries()) {
      if (columns[index]?.gives === true && each > narrowest && each > (widths[widest] ?? 0)) widest = index;
    }
    if (widest === -1) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function fitted(cell: string, width: number, toTheRight: boolean): string {
  const characters = Array.from(cell);
  const text = characters.length > width ? `${characters.slice(0, width - 1).join('')}…` : cell;
  const padding = ' '.repeat(Math.max(0, width - lengthOf(text)));
  return toTheRight ? padding + text : text + padding;
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
