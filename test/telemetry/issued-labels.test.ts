import { expect, test } from 'vitest';
import { IssuedLabels } from '../../server/telemetry/issued-labels.ts';

test('labels are found by the username, and names are data', () => {
  const labels = new IssuedLabels();
  labels.note('__proto__', 'room 1');
  labels.note('1:ann', 'room 1');
  labels.note('1:ann', 'room 2');
  expect(['__proto__', '1:ann', 'constructor'].map((name) => labels.labelOf(name))).toEqual(['room 1', 'room 2', null]);
});

test('SECURITY.md 14: only so many are remembered; the one that was of use longest ago goes', () => {
  const labels = new IssuedLabels(3);
  for (const name of ['a', 'b', 'c']) labels.note(name, name);
  labels.labelOf('a');
  labels.note('d', 'd');
  expect(['a', 'b', 'c', 'd'].map((name) => labels.labelOf(name))).toEqual(['a', null, 'c', 'd']);
});
