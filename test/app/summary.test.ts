import { expect, test } from 'vitest';
import { certificateLine } from '../../server/app/summary.ts';

test.each([
  [['turn.example.org'], 'turn.example.org, until 2031-02-03'],
  [['a', 'b', 'c', 'd'], 'a, b, c, d, until 2031-02-03'],
  [['a', 'b', 'c', 'd', 'e', 'f'], 'a, b, c, d and 2 more names, until 2031-02-03'],
])('a certificate for %j in few words', (names, expected) => {
  expect(certificateLine({ names, expiresAt: '2031-02-03T04:05:06.000Z' })).toBe(expected);
});
