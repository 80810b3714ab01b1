import { describe, expect, test } from 'vitest';
import { formatBitsPerSecond, formatBytes, formatMoment } from '../../server/cli/format.ts';
import { harmless } from '../../server/cli/harmless.ts';
import { pairLines, tableLines } from '../../server/cli/table.ts';

interface Row {
  readonly name: string;
  readonly count: number;
}

const columns = [
  { title: 'NAME', text: ({ name }: Row) => name, gives: true },
  { title: 'COUNT', text: ({ count }: Row) => String(count), align: 'right' },
  { title: 'FIXED', text: () => 'x'.repeat(10) },
] as const;

describe('tables', () => {
  test('align, numbers to the right', () => {
    const rows = [
      { name: 'a', count: 7 },
      { name: 'longer', count: 12_345 },
    ];
    expect(tableLines(columns, rows, 'none')).toEqual([
      'NAME    COUNT  FIXED',
      'a           7  xxxxxxxxxx',
      'longer  12345  xxxxxxxxxx',
    ]);
  });

  test('say so when there is nothing', () => {
    expect(tableLines(columns, [], 'Nothing is there.')).toEqual(['Nothing is there.']);
  });

  test('narrow what gives way to 100 columns, with an ellipsis, and nothing else', () => {
    const lines = tableLines(columns, [{ name: 'n'.repeat(300), count: 1 }], 'none');
    expect(lines.map((line) => line.length)).toEqual([88 + 7, 100]);
    expect(lines[1]).toMatch(/^n{80}…{1} {6}1 {2}x{10}$/);
  });

  test('of names and values align', () => {
    expect(
      pairLines([
        ['id', 'chat'],
        ['longest TTL', '1 d'],
        ['label', ''],
      ]),
    ).toEqual(['id           chat', 'longest TTL  1 d', 'label']);
  });
});

test.each([
  ['plain', 'plain'],
  ['ümlaut 日本', 'ümlaut 日本'],
  ['\u001b[2J\u001b]0;title\u0007', '\\u{1b}[2J\\u{1b}]0;title\\u{7}'],
  ['a\r\nroot', 'a\\u{d}\\u{a}root'],
  ['\u202eevil', '\\u{202e}evil'],
  ['\u009b31m', '\\u{9b}31m'],
])('what a stranger has chosen moves no cursor: %j', (text, shown) => {
  expect(harmless(text)).toBe(shown);
  expect(tableLines([{ title: 'T', text: () => text }], [1], '')[1]).toBe(shown);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1 kB'],
  [1_234_567, '1.2 MB'],
  [999_950, '1 MB'],
  [123_456_789_012, '123 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('bit rates and moments', () => {
  expect(formatBitsPerSecond(8_000_000)).toBe('8 Mbit/s');
  expect(formatMoment('2027-01-31T12:34:56.789Z')).toBe('2027-01-31 12:34Z');
  expect(formatMoment(null)).toBe('-');
});
