import { expect, test } from 'vitest';
import { selectEngine } from '../../server/relay/engine.ts';

test.each([
  ['auto', 'js'],
  ['js', 'js'],
] as const)('DESIGN.md section 5: turn.engine %s runs %s', (choice, engine) => {
  expect(selectEngine(choice)).toBe(engine);
});
