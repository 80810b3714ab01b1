import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { BlockCoverage } from './engine/block-coverage.ts';
import { runCampaign } from './engine/campaign.ts';
import { CorpusDirectory } from './engine/corpus-directory.ts';
import { Fuzzer, type Finding } from './engine/fuzzer.ts';
import { shrink } from './engine/shrink.ts';
import type { FuzzTarget, LoadableTarget } from './engine/target.ts';
import { fuzzTargets } from './targets.ts';

const mostExecutions = 60_000;
const loadable: LoadableTarget = {
  covers: /\/test\/fuzz\/guarded-magic\.ts$/,
  load: async () => (await import('./guarded-magic.ts')).guardedMagic,
};
let coverage: BlockCoverage;

beforeAll(() => {
  coverage = new BlockCoverage();
});

afterAll(() => coverage.stop());

async function fuzz(target: FuzzTarget): Promise<{ findings: Finding[]; fuzzer: Fuzzer }> {
  const fuzzer = new Fuzzer(target, { coverage, seed: 7 });
  const findings = await fuzzer.replay(target.seeds());
  while (findings.length === 0 && fuzzer.state.executions < mostExecutions) {
    findings.push(...(await fuzzer.fuzzBatch()));
  }
  return { findings, fuzzer };
}

describe('the fuzzer finds what is there', () => {
  test('a planted defect behind three bytes, led by the blocks that it reaches', async () => {
    coverage.begin(loadable.covers);
    const { findings, fuzzer } = await fuzz(await loadable.load());
    expect(findings[0]?.error.message).toBe('the planted defect');
    expect([...(findings[0]?.input ?? [])].slice(0, 3)).toEqual([0xb7, 0x5e, 0x91]);
    // One input for each guard that was passed on the way.
    expect(fuzzer.corpus.length).toBeGreaterThanOrEqual(3);
  });

  test('without coverage the same executions do not find it', async () => {
    coverage.begin(/no source at all/);
    const { findings } = await fuzz(await loadable.load());
    expect(findings).toEqual([]);
  });

  test('a campaign keeps the finding in its smallest form and says how to see it again', async () => {
    const directory = new CorpusDirectory(tempDir());
    const said: string[] = [];
    const options = { coverage, directory, corpus: 'leave', say: (line: string) => void said.push(line) } as const;
    const findings = await runCampaign(loadable, { ...options, seed: 7, seconds: 20, stopAfter: 1 });
    expect(findings.map(({ input }) => [...input])).toEqual([[0xb7, 0x5e, 0x91]]);
    expect(said.join('\n')).toContain(`npm run fuzz -- guarded-magic --input ${findings[0]?.file}`);
    const again = await runCampaign(loadable, { ...options, seed: 8, seconds: 0 });
    expect(again.map(({ error }) => error.message)).toEqual(['the planted defect']);
  });
});

test('a failing input is made as small and plain as it can be', async () => {
  const input = Uint8Array.from({ length: 300 }, (_, at) => at % 256);
  const small = await shrink(input, (candidate) => Promise.resolve(candidate.includes(77) && candidate.length >= 5));
  expect([...small].sort()).toEqual([0, 0, 0, 0, 77]);
});

test('what takes too long is a finding', async () => {
  const slow: FuzzTarget = {
    name: 'slow',
    maxBytes: 4,
    batch: 1,
    seeds: () => [],
    mutate: (input) => input,
    run() {
      for (let round = 0, sum = 0; round < 50_000_000; round++) sum = (sum + round) % 7;
    },
  };
  const fuzzer = new Fuzzer(slow, { coverage, seed: 1, longestMs: 1 });
  expect((await fuzzer.check(Uint8Array.of(1)))?.message).toContain('takes longer than 1 ms');
});

test('every target has a corpus, and every corpus a target', () => {
  const directories = readdirSync(path.join(import.meta.dirname, 'corpus'));
  expect(directories.sort()).toEqual([...fuzzTargets.keys()].sort());
});
