import { expect, test } from 'vitest';
import { moduleState } from './module-state.ts';
import { readSources, source } from './sources.ts';

test('no module of the server has state of its own', () => {
  expect(moduleState(readSources('server'))).toEqual([]);
});

test.each([
  ['a counter', 'let count = 0;', 'declares a variable of the module'],
  ['an exported variable', 'export let count = 0;', 'declares a variable of the module'],
  ['a static counter', 'class A { static count = 0; }', 'declares a static field that can change'],
  [
    'a registry',
    'const seen = new Map(); export function see(k) { seen.set(k, 1); }',
    'writes to seen, which belongs to the module',
  ],
  ['a list', 'const all = []; const add = (x) => all.push(x);', 'writes to all, which belongs to the module'],
  [
    'a scratch array',
    'const words = new Uint32Array(4); function f() { words[0] = 1; }',
    'writes to words, which belongs to the module',
  ],
  [
    'a counter in an object',
    'const stats = { n: 0 }; function f() { stats.n += 1; }',
    'writes to stats, which belongs to the module',
  ],
  [
    'an increment',
    'const stats = { n: 0 }; function f() { stats.n++; }',
    'writes to stats, which belongs to the module',
  ],
])('the rule finds %s', (_, text, what) => {
  expect(moduleState([source('server/turn/planted.ts', text)])).toEqual([`server/turn/planted.ts:1 ${what}`]);
});

test.each([
  [
    'a constant table filled where it is defined',
    'const table = new Uint32Array(2); for (let i = 0; i < 2; i++) table[i] = i;',
  ],
  ['a constant that is read', 'const table = [1]; export const f = (i) => table[i];'],
  [
    'a variable of a function with the name of a constant',
    'const list = [1]; function f() { const list = []; list.push(2); }',
  ],
  ['a constant static field', 'class A { static readonly limit = 1; }'],
])('the rule allows %s', (_, text) => {
  expect(moduleState([source('server/turn/planted.ts', text)])).toEqual([]);
});
