import path from 'node:path';
import { expect, test } from 'vitest';
import { deadExports, deadFiles } from './import-graph.ts';
import { listFiles, readSources, readText, source } from './sources.ts';

/** Where execution begins: the command line, what others import, the scripts that package.json names, the tests. */
const { exports: published } = JSON.parse(readText('package.json')) as { exports: Record<string, string> };
const publishedSources = Object.values(published).filter((file) => file.endsWith('.ts'));
const productEntries = ['server/cli/turnpike.ts', ...publishedSources.map((file) => path.posix.normalize(file))];
const scriptEntries = [
  'scripts/bootstrap.mjs',
  'scripts/turnpike.mjs',
  'scripts/test.ts',
  'scripts/check.ts',
  'scripts/generate.ts',
  'scripts/build.ts',
  'scripts/pack.ts',
  'scripts/layout.ts',
  'scripts/bench/bench.ts',
  'scripts/evidence/evidence.ts',
  'scripts/fuzz/fuzz.ts',
];
const sources = readSources('server', 'scripts', 'test');
const entries = [...productEntries, ...scriptEntries, ...listFiles('test', /\.test\.ts$/)];

test('every file of the server is reached from an entry of the product', () => {
  const server = sources.filter((file) => file.path.startsWith('server/'));
  expect(deadFiles(server, productEntries)).toEqual([]);
});

test('every script and every test file is reached from an entry', () => {
  expect(deadFiles(sources, entries)).toEqual([]);
});

test('every exported name is imported somewhere', () => {
  expect(deadExports(sources, entries)).toEqual([]);
});

test.each([
  ['a static import', "import { b } from './b.ts';"],
  ['a type import', "import type { b } from './b.ts';"],
  ['a dynamic import', "const { b } = await import('./b.ts');"],
  ['an import of its type', "let b: import('./b.ts').b;"],
  ['a worker', "new Worker(new URL('./b.ts', import.meta.url));"],
  ['a worker that is chosen', "new URL(compiled ? './b.js' : './b.ts', import.meta.url);"],
  ['a re-export', "export { b } from './b.ts';"],
])('%s reaches a file, and without it the file and its export are dead', (_, text) => {
  const files = [source('server/a.ts', text), source('server/b.ts', 'export const b = 1;')];
  expect(deadFiles(files, ['server/a.ts'])).toEqual([]);
  expect(deadExports(files, ['server/a.ts'])).toEqual([]);
  const without = [source('server/a.ts', ''), source('server/b.ts', 'export const b = 1;')];
  expect(deadFiles(without, ['server/a.ts'])).toEqual(['server/b.ts']);
  expect(deadExports(without, ['server/a.ts'])).toEqual(['server/b.ts b']);
});

test.each([
  ['function', 'export function b() {}'],
  ['function that its own file calls', 'export function b() {} b();'],
  ['class', 'export class b {}'],
  ['interface', 'export interface b {}'],
  ['type', 'export type b = 1;'],
])('an exported %s that only its neighbour is taken from is dead', (_, text) => {
  const files = [source('a.ts', "import { c } from './b.ts';"), source('b.ts', `${text} export const c = 1;`)];
  expect(deadExports(files, ['a.ts'])).toEqual(['b.ts b']);
});

test('a type that a signature of its own file names is not dead', () => {
  const files = [
    source('a.ts', "import { c } from './b.ts';"),
    source('b.ts', 'export interface b {} export const c = (x: b) => x;'),
  ];
  expect(deadExports(files, ['a.ts'])).toEqual([]);
});
