import { expect, test } from 'vitest';
import { descriptorLimit, planDescriptors } from '../../server/app/descriptors.ts';

test.each([
  ['an unknown limit caps nothing', 0, 16_384, null, 0, 65_536, false],
  ['a limit above all caps nothing', 0, 16_384, 1_048_576, 982_528, 65_536, false],
  ['streams may take a quarter', 0, 10_000, 20_512, 15_000, 5_000, false],
  ['a limit below the relay ports caps and warns', 0, 16_384, 1_512, 750, 250, true],
  ['a limit above the configured total caps nothing', 100, 16_384, 1_512, 750, 250, false],
  ['a limit below the configured total caps and warns', 5_000, 16_384, 1_512, 750, 250, true],
  ['a tiny limit leaves some', 0, 16_384, 100, 3, 1, true],
])('DESIGN.md section 5: %s', (_rule, configured, ports, limit, relaysTotal, maxStreams, warned) => {
  const plan = planDescriptors(configured, ports, limit);
  expect(plan).toMatchObject({ relaysTotal, maxStreams });
  expect(plan.warning !== undefined).toBe(warned);
});

test('the limit of this process is known on Linux', () => {
  const limit = descriptorLimit();
  if (process.platform === 'linux') expect(limit).toBeGreaterThan(0);
  else expect(limit).toBeNull();
});
