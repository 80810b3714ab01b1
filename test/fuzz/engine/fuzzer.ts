import type { BlockCoverage } from './block-coverage.ts';
import { Draw } from './draw.ts';
import type { FuzzTarget } from './target.ts';
import type { Watchdog } from './watchdog.ts';

/** An input for which something did not hold. */
export interface Finding {
  readonly input: Uint8Array;
  readonly error: Error;
}

/** What a fuzzer reports of itself. */
export interface FuzzerState {
  readonly executions: number;
  readonly corpus: number;
  readonly blocks: number;
  readonly features: number;
}

/**
 * Runs a target on inputs that it changes at random, and keeps for further change those that reached something new: a block
 * of the sources, seen batch by batch, or a feature that the target observes.
 */
export class Fuzzer {
  readonly #target: FuzzTarget;
  readonly #coverage: BlockCoverage;
  readonly #watchdog: Watchdog | undefined;
  readonly #draw: Draw;
  readonly #features = new Set<number>();
  readonly #corpus: Uint8Array[] = [];
  readonly #onKept: (input: Uint8Array) => void;
  readonly #longestMs: number;
  #executions = 0;

  constructor(
    target: FuzzTarget,
    options: {
      readonly coverage: BlockCoverage;
      readonly seed: number;
      readonly watchdog?: Watchdog;
      /** No input may keep the processor longer; 2000 unless given. */
      readonly longestMs?: number;
      /** Told of every input that reached something new. */
      readonly onKept?: (input: Uint8Array) => void;
    },
  ) {
    this.#target = target;
    this.#coverage = options.coverage;
    this.#watchdog = options.watchdog;
    this.#draw = new Draw(options.seed);
    this.#longestMs = options.longestMs ?? 2000;
    this.#onKept = options.onKept ?? (() => undefined);
  }

  get state(): FuzzerState {
    return {
      executions: this.#executions,
      corpus: this.#corpus.length,
      blocks: this.#coverage.blocks,
      features: this.#features.size,
    };
  }

  /** Every input that reached something that none before it had. */
  get corpus(): readonly Uint8Array[] {
    return this.#corpus;
  }

  /** Runs inputs as they are; those that reach something new are the beginning of the corpus. Answers those that fail. */
  async replay(inputs: readonly Uint8Array[]): Promise<Finding[]> {
    const findings: Finding[] = [];
    for (const input of inputs) {
      const { finding, isNews } = await this.#runAlone(input);
      if (finding !== undefined) findings.push(finding);
      else if (isNews) this.#corpus.push(input);
    }
    return findings;
  }

  /** Makes and runs one batch of inputs. Answers those that fail. */
  async fuzzBatch(): Promise<Finding[]> {
    const batch = Array.from({ length: this.#target.batch }, () => this.#makeInput());
    const findings: Finding[] = [];
    for (const input of batch) {
      const { finding, hasNewFeature } = await this.#execute(input);
      if (finding !== undefined) findings.push(finding);
      else if (hasNewFeature) this.#keep(input);
    }
    const sample = this.#coverage.sample();
    if (this.#coverage.news(sample) === 0) return findings;
    const failing = new Set(findings.map(({ input }) => input));
    await this.#locate(batch.filter((input) => !failing.has(input)));
    // Whatever none of the inputs does alone.
    this.#coverage.learn(sample);
    return findings;
  }

  /** Runs one input. Answers why it fails; undefined when it does not. */
  async check(input: Uint8Array): Promise<Error | undefined> {
    return (await this.#execute(input)).finding?.error;
  }

  #makeInput(): Uint8Array {
    const draw = this.#draw;
    const pool = this.#corpus.length === 0 ? [new Uint8Array()] : this.#corpus;
    // What was found last has been changed least.
    const recent = pool.slice(-Math.max(1, pool.length >> 2));
    const parent = draw.oneIn(2) ? draw.pick(recent) : draw.pick(pool);
    return this.#target.mutate(parent, draw.pick(pool), draw).slice(0, this.#target.maxBytes);
  }

  /** Finds the inputs that reach new blocks by halves, and keeps them. */
  async #locate(inputs: readonly Uint8Array[]): Promise<void> {
    const [first] = inputs;
    if (first === undefined) return;
    if (inputs.length === 1) {
      const { finding, isNews } = await this.#runAlone(first);
      if (finding === undefined && isNews) this.#keep(first);
      return;
    }
    for (const input of inputs) await this.#execute(input);
    if (this.#coverage.news(this.#coverage.sample()) === 0) return;
    const middle = inputs.length >> 1;
    await this.#locate(inputs.slice(0, middle));
    await this.#locate(inputs.slice(middle));
  }

  async #runAlone(input: Uint8Array): Promise<{ finding: Finding | undefined; isNews: boolean }> {
    const { finding, hasNewFeature } = await this.#execute(input);
    const sample = this.#coverage.sample();
    const isNews = this.#coverage.news(sample) > 0 || hasNewFeature;
    this.#coverage.learn(sample);
    return { finding, isNews };
  }

  #keep(input: Uint8Array): void {
    this.#corpus.push(input);
    this.#onKept(input);
  }

  async #execute(input: Uint8Array): Promise<{ finding: Finding | undefined; hasNewFeature: boolean }> {
    this.#executions++;
    const before = this.#features.size;
    try {
      // V8 may have had to compile or to collect: what is slow three times is slow.
      for (let slow = 0; (await this.#time(input)) > this.#longestMs; slow++) {
        if (slow === 2) throw new Error(`an input of ${input.length} bytes takes longer than ${this.#longestMs} ms`);
      }
    } catch (thrown) {
      const error =
        thrown instanceof Error ? thrown : new Error(`something else than an error was thrown`, { cause: thrown });
      return { finding: { input, error }, hasNewFeature: false };
    }
    return { finding: undefined, hasNewFeature: this.#features.size > before };
  }

  /** Runs an input. Answers how long it kept the processor, which other programs cannot make longer. */
  async #time(input: Uint8Array): Promise<number> {
    this.#watchdog?.watch(input);
    const before = process.cpuUsage();
    const running = this.#target.run(input, (feature) => void this.#features.add(feature));
    // Most targets are synchronous, and a turn of the event loop for each input would be most of their time.
    if (running !== undefined) await running;
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  }
}
