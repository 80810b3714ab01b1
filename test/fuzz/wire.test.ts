import { afterAll, beforeAll, describe, test } from 'vitest';
import { BlockCoverage } from './engine/block-coverage.ts';
import { expectNothingFound, secondsPerTarget } from './fuzzed.ts';

let coverage: BlockCoverage;

beforeAll(() => {
  coverage = new BlockCoverage();
});

afterAll(() => coverage.stop());

describe('SECURITY.md 16: fuzzing of what comes over the wire finds nothing', () => {
  test.each(['stun-decoder', 'stream-framing', 'media-frames', 'control-request'])(
    '%s',
    (name) => expectNothingFound(name, coverage),
    (secondsPerTarget + 300) * 1000,
  );
});
