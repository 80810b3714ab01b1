import path from 'node:path';
import { expect } from 'vitest';
import type { BlockCoverage } from './engine/block-coverage.ts';
import { runCampaign } from './engine/campaign.ts';
import { CorpusDirectory, corpusRoot } from './engine/corpus-directory.ts';
import { fuzzTargets } from './targets.ts';

/** How long a target is fuzzed in a run of the tests, after its corpus; `npm run fuzz` is for minutes and hours. */
export const secondsPerTarget = Number(process.env.TURNPIKE_FUZZ_SECONDS ?? 30);

/** Another seed in every run, so that the runs together explore; the seed is printed. */
const seed =
  process.env.TURNPIKE_FUZZ_SEED === undefined ? Date.now() % 0x1_0000_0000 : Number(process.env.TURNPIKE_FUZZ_SEED);

/** Replays a target's corpus and fuzzes it; the test fails with whatever did not hold. */
export async function expectNothingFound(name: string, coverage: BlockCoverage): Promise<void> {
  const target = fuzzTargets.get(name);
  expect(target).toBeDefined();
  if (target === undefined) return;
  const directory = new CorpusDirectory(path.join(corpusRoot, name));
  const said: string[] = [];
  const say = (line: string): void => {
    said.push(line);
    console.log(line);
  };
  const findings = await runCampaign(target, {
    coverage,
    directory,
    seed,
    seconds: secondsPerTarget,
    corpus: 'leave',
    say,
  });
  expect(findings.map(({ command, error }) => `${error.stack ?? error.message}\n${command}`)).toEqual([]);
  // Whatever is wrong with the measurement, it shows.
  expect(said.at(-1)).toMatch(/ blocks [1-9]/);
}
