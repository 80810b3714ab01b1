import { expect, test } from 'vitest';
import { formatDuration } from '../../server/cli/duration.ts';

test.each([
  [0, '0 s'],
  [0.9, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [90, '1 min 30 s'],
  [3_600, '1 h'],
  [3_601, '1 h'],
  [11_533, '3 h 12 min'],
  [86_400, '1 d'],
  [90_061, '1 d 1 h'],
  [-5, '0 s'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
