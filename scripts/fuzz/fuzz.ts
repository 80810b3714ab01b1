/**
 * `npm run fuzz -- <target|all> [--minutes 30] [--seed N] [--minimise] [--input FILE]`: fuzzes one target or one after the
 * other. What reaches something new is kept in test/fuzz/corpus; with `--minimise` what is no longer needed there goes.
 * `--input` runs one file. Exits with 1 when something did not hold.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { BlockCoverage } from '../../test/fuzz/engine/block-coverage.ts';
import { runCampaign } from '../../test/fuzz/engine/campaign.ts';
import { CorpusDirectory, corpusRoot } from '../../test/fuzz/engine/corpus-directory.ts';
import type { LoadableTarget } from '../../test/fuzz/engine/target.ts';
import { fuzzTargets } from '../../test/fuzz/targets.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string' },
    minimise: { type: 'boolean', default: false },
    input: { type: 'string' },
  },
});

async function runInput(target: LoadableTarget, file: string): Promise<number> {
  const loaded = await target.load();
  await loaded.run(new Uint8Array(readFileSync(file)), () => undefined);
  console.log(`fuzz: ${file} does what it has to`);
  return 0;
}

async function main(): Promise<number> {
  const [name = ''] = positionals;
  const chosen = name === 'all' ? [...fuzzTargets.keys()] : [name];
  const seed = values.seed === undefined ? Date.now() % 0x1_0000_0000 : Number(values.seed);
  const seconds = Number(values.minutes) * 60;
  if (positionals.length !== 1 || !chosen.every((each) => fuzzTargets.has(each)) || !(seconds >= 0) || !(seed >= 0)) {
    const targets = [...fuzzTargets.keys()].join(', ');
    console.error(
      `fuzz: npm run fuzz -- <target> [--minutes N] [--seed N] [--minimise] [--input FILE]\n  targets: all, ${targets}`,
    );
    return 2;
  }
  const coverage = new BlockCoverage();
  let findings = 0;
  for (const each of chosen) {
    const target = fuzzTargets.get(each);
    if (target === undefined) continue;
    if (values.input !== undefined) return runInput(target, values.input);
    const directory = new CorpusDirectory(path.join(corpusRoot, each));
    const corpus = values.minimise ? 'minimise' : 'write';
    const say = (line: string): void => console.log(line);
    findings += (await runCampaign(target, { coverage, directory, seed, seconds, corpus, say })).length;
  }
  coverage.stop();
  console.log(`fuzz: ${chosen.length} targets, ${findings} findings`);
  return findings === 0 ? 0 : 1;
}

process.exitCode = await main();
