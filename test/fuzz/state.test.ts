import { afterAll, beforeAll, describe, test } from 'vitest';
import { BlockCoverage } from './engine/block-coverage.ts';
import { expectNothingFound, secondsPerTarget } from './fuzzed.ts';

let coverage: BlockCoverage;

beforeAll(() => {
  coverage = new BlockCoverage();
});

afterAll(() => coverage.stop());

describe('SECURITY.md 16: fuzzing of the TURN machine and of the configuration finds nothing', () => {
  test.each(['turn-machine', 'turn-model', 'config-parser'])(
    '%s',
    (name) => expectNothingFound(name, coverage),
    (secondsPerTarget + 300) * 1000,
  );
});
