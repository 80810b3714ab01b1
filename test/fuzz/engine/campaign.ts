import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BlockCoverage } from './block-coverage.ts';
import type { CorpusDirectory } from './corpus-directory.ts';
import { Fuzzer, type Finding } from './fuzzer.ts';
import { shrink } from './shrink.ts';
import type { FuzzTarget, LoadableTarget } from './target.ts';
import { Watchdog } from './watchdog.ts';

/** How a target is to be fuzzed. */
export interface CampaignOptions {
  readonly coverage: BlockCoverage;
  readonly directory: CorpusDirectory;
  readonly seed: number;
  /** 0 runs the corpus alone. */
  readonly seconds: number;
  /** `write` adds what reaches something new to the directory; `minimise` also takes away what no longer does. */
  readonly corpus: 'leave' | 'write' | 'minimise';
  readonly say: (line: string) => void;
  /** Ends after so many different findings: when there are that many, something is wrong altogether. 10 unless given. */
  readonly stopAfter?: number;
}

/** A finding, made small and kept in a file. */
export interface KeptFinding extends Finding {
  readonly file: string;
  /** What runs it again. */
  readonly command: string;
}

const statusEveryMs = 30_000;

/** Replays a target's corpus, then fuzzes it for as long as asked. Answers what did not hold, one finding of each kind. */
export async function runCampaign(loadable: LoadableTarget, options: CampaignOptions): Promise<KeptFinding[]> {
  options.coverage.begin(loadable.covers);
  const target = await loadable.load();
  const { directory, seed } = options;
  const kept = directory.read().map(({ bytes }) => bytes);
  const unfinished = `unfinished-${seed}`;
  const file =
    options.corpus === 'leave'
      ? path.join(tmpdir(), `turnpike-fuzz-${target.name}-${process.pid}-${unfinished}`)
      : directory.pathOf(unfinished);
  const watchdog = new Watchdog(file, commandFor(target, file));
  try {
    return await new Campaign(target, watchdog, options).run(kept);
  } finally {
    await watchdog.close();
  }
}

class Campaign {
  readonly #target: FuzzTarget;
  readonly #options: CampaignOptions;
  readonly #fuzzer: Fuzzer;
  readonly #findings = new Map<string, KeptFinding>();
  readonly #mostFindings: number;
  readonly #startedMs = performance.now();

  constructor(target: FuzzTarget, watchdog: Watchdog, options: CampaignOptions) {
    this.#target = target;
    this.#options = options;
    this.#mostFindings = options.stopAfter ?? 10;
    const { coverage, seed, directory, corpus } = options;
    const onKept = corpus === 'leave' ? () => undefined : (input: Uint8Array) => void directory.write(input);
    this.#fuzzer = new Fuzzer(target, { coverage, seed, watchdog, onKept });
  }

  /** `kept` are the inputs of the corpus. */
  async run(kept: readonly Uint8Array[]): Promise<KeptFinding[]> {
    const { seed, seconds, corpus, say } = this.#options;
    const seeds = this.#target.seeds();
    say(
      `fuzz ${this.#target.name}: seed ${seed}, ${seeds.length} seeds, ${kept.length} inputs of the corpus, ${seconds} s`,
    );
    await this.#take(await this.#fuzzer.replay([...seeds, ...kept]));
    this.#sayStatus('replayed');

    const endMs = this.#startedMs + seconds * 1000;
    let statusMs = this.#startedMs + statusEveryMs;
    while (performance.now() < endMs && this.#findings.size < this.#mostFindings) {
      await this.#take(await this.#fuzzer.fuzzBatch());
      if (performance.now() < statusMs) continue;
      this.#sayStatus('running');
      statusMs += statusEveryMs;
    }
    this.#sayStatus('done');
    if (corpus === 'minimise') await this.#minimise();
    return [...this.#findings.values()];
  }

  async #take(findings: readonly Finding[]): Promise<void> {
    for (const finding of findings) {
      const kind = kindOf(finding.error);
      if (this.#findings.has(kind) || this.#findings.size >= this.#mostFindings) continue;
      this.#options.say(
        `fuzz ${this.#target.name}: something does not hold (${finding.error.message}); making it small`,
      );
      const input = await shrink(finding.input, async (candidate) => {
        const error = await this.#fuzzer.check(candidate);
        return error !== undefined && kindOf(error) === kind;
      });
      const file = this.#options.directory.write(input, 'crash-');
      const kept: KeptFinding = { input, error: finding.error, file, command: commandFor(this.#target, file) };
      this.#findings.set(kind, kept);
      this.#options.say(describeFinding(this.#target, kept));
    }
  }

  /** The smallest inputs first: whatever then reaches nothing new is not needed. */
  async #minimise(): Promise<void> {
    const { coverage, directory, say } = this.#options;
    const all = [...this.#fuzzer.corpus].sort((a, b) => a.length - b.length);
    coverage.relearn();
    const fuzzer = new Fuzzer(this.#target, { coverage, seed: 0 });
    await fuzzer.replay(all);
    directory.replace(fuzzer.corpus);
    const bytes = fuzzer.corpus.reduce((sum, input) => sum + input.length, 0);
    say(`fuzz ${this.#target.name}: minimised ${all.length} inputs to ${fuzzer.corpus.length}, ${bytes} bytes`);
  }

  #sayStatus(phase: string): void {
    const { executions, corpus, blocks, features } = this.#fuzzer.state;
    const elapsedS = (performance.now() - this.#startedMs) / 1000;
    const perSecond = Math.round(executions / elapsedS);
    this.#options.say(
      `fuzz ${this.#target.name}: ${phase}, ${Math.round(elapsedS)} s, ${executions} executions (${perSecond}/s), ` +
        `corpus ${corpus}, blocks ${blocks}, features ${features}, findings ${this.#findings.size}`,
    );
  }
}

/** Findings of one kind have the same cause, as far as can be told: the message without its numbers, and where it was thrown. */
function kindOf(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at .*\/(server|test)\//.test(line));
  const place = frames.slice(0, 2).join(' ').replaceAll(/\s+/g, ' ');
  return `${error.name} ${error.message.replaceAll(/[0-9]+/g, 'N').slice(0, 60)} ${place}`;
}

function commandFor(target: FuzzTarget, file: string): string {
  return `npm run fuzz -- ${target.name} --input ${file}`;
}

function describeFinding(target: FuzzTarget, { input, error, file, command }: KeptFinding): string {
  const shown = Buffer.from(input.subarray(0, 200)).toString('hex');
  return [
    `fuzz ${target.name}: FINDING: ${error.stack ?? error.message}`,
    `  input of ${input.length} bytes: ${shown}${input.length > 200 ? ' ...' : ''}`,
    `  kept: ${file}`,
    `  again: ${command}`,
  ].join('\n');
}
