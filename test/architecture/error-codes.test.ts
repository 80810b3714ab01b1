import { expect, test } from 'vitest';
import { errorCatalogue } from '../../server/contract/error-codes.ts';
import { httpProblems } from '../../server/contract/http-problems.ts';
import { readSources, readText, type Source } from './sources.ts';

const codes = [...Object.keys(errorCatalogue), ...Object.keys(httpProblems)];
const server = readSources('server');

/** The codes that a page of errors explains: one row of a table each. */
function documentedCodes(page: string): string[] {
  return [...page.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] ?? '');
}

/** Codes of a catalogue that no file but the catalogues themselves names. */
function unusedCodes(catalogue: readonly string[], sources: readonly Source[]): string[] {
  const users = sources.filter((file) => !file.path.startsWith('server/contract/'));
  return catalogue.filter((code) => !users.some((file) => new RegExp(`['"\`]${code}['"\`]`).test(file.text)));
}

test('docs/errors.md explains every error code, and no other', () => {
  expect(documentedCodes(readText('docs/errors.md')).sort()).toEqual([...new Set(codes)].sort());
});

test('every error code is one that something raises', () => {
  expect(unusedCodes(codes, server)).toEqual([]);
});

test('the rule finds a code that is not explained', () => {
  expect(documentedCodes('| `port_taken` | 1 | ... |\n\nalso `usage` in passing')).toEqual(['port_taken']);
});

test('the rule finds a code that nothing raises', () => {
  expect(unusedCodes([...codes, 'never_raised'], server)).toContain('never_raised');
});
