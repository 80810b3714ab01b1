import { describe, expect, test } from 'vitest';
import { impurities } from './purity.ts';
import { readSources, source } from './sources.ts';

test('pure rooms read no clock, draw no randomness and reach no system', () => {
  expect(impurities(readSources('server'))).toEqual([]);
});

describe('the rule finds', () => {
  test.each([
    ['Date.now()', 'const now = Date.now();', 'Date.now'],
    ['the present as a Date', 'const now = new Date();', 'new Date()'],
    ['a monotonic clock', 'const now = performance.now();', 'performance'],
    ['Math.random', 'const port = Math.random();', 'Math.random'],
    ['Math.random passed on', 'open(Math.random);', 'Math.random'],
    ['a timer', 'setTimeout(() => undefined, 1);', 'setTimeout'],
    ['the web crypto global', 'crypto.getRandomValues(bytes);', 'crypto'],
    [
      'randomness of node:crypto',
      "import { createHmac, randomBytes } from 'node:crypto';",
      'randomBytes of node:crypto',
    ],
    ['randomness under another name', "import { randomInt as pick } from 'node:crypto';", 'pick of node:crypto'],
    ['the whole of node:crypto', "import * as c from 'node:crypto';", 'all of node:crypto'],
    ['the process', 'process.exit(1);', 'process'],
    ['a Buffer', 'const bytes = Buffer.alloc(1);', 'Buffer'],
  ])('%s', (_, text, what) => {
    expect(impurities([source('server/turn/planted.ts', text)])).toEqual([`server/turn/planted.ts:1 uses ${what}`]);
  });

  test.each([
    ['hashing', "import { createHash, timingSafeEqual } from 'node:crypto';"],
    ['types of node:crypto', "import type { Hash } from 'node:crypto';"],
    ['a date made from a parameter', 'const at = new Date(nowMs);'],
    [
      'members and properties of the same name',
      'const clock = { performance: 1 }; clock.performance; interface P { process: string }',
    ],
  ])('nothing wrong with %s', (_, text) => {
    expect(impurities([source('server/stun/planted.ts', text)])).toEqual([]);
  });

  test('nothing outside the pure rooms', () => {
    expect(impurities([source('server/relay/planted.ts', 'Date.now()')])).toEqual([]);
  });
});
