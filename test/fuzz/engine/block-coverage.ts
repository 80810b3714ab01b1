import { Session, type Profiler } from 'node:inspector';

/** The parts of a function that never ran, as pairs of source offsets, in order. */
type Gaps = readonly (readonly [start: number, end: number])[];

/** What ran since the last look, of the sources that count: each function that was entered, with the parts of it that were not. */
export type CoverageSample = ReadonlyMap<string, Gaps>;

/**
 * Which blocks of the sources ever ran, by V8's precise block coverage. To be started before the sources are imported: of a
 * function that V8 compiled earlier it knows only whether it was entered.
 */
export class BlockCoverage {
  readonly #session = new Session();
  readonly #gaps = new Map<string, Gaps>();
  #covers = /^/;
  #blocks = 0;

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** How many blocks were reached so far. */
  get blocks(): number {
    return this.#blocks;
  }

  /** What ran since the last call. */
  sample(): CoverageSample {
    const sample = new Map<string, Gaps>();
    for (const script of this.#take().result) {
      if (!this.#covers.test(script.url)) continue;
      for (const { ranges, functionName } of script.functions) {
        const [whole] = ranges;
        if (whole === undefined || whole.count === 0) continue;
        const gaps = ranges.filter(({ count }) => count === 0).map((range) => rangeOf(range));
        sample.set(`${script.url} ${functionName} ${whole.startOffset}-${whole.endOffset}`, gaps);
      }
    }
    return sample;
  }

  /** How many blocks ran here that never ran in what was learnt. */
  news(sample: CoverageSample): number {
    let news = 0;
    for (const [name, gaps] of sample) {
      const known = this.#gaps.get(name);
      news += known === undefined ? 1 : known.filter((gap) => !liesWithin(gap, gaps)).length;
    }
    return news;
  }

  /** Counts all that ran here as known. */
  learn(sample: CoverageSample): void {
    this.#blocks += this.news(sample);
    for (const [name, gaps] of sample) {
      const known = this.#gaps.get(name);
      this.#gaps.set(name, known === undefined ? gaps : intersection(known, gaps));
    }
  }

  /** Forgets all that was learnt. From here on the sources count whose URLs `covers` matches. */
  begin(covers: RegExp): void {
    this.#covers = covers;
    this.relearn();
  }

  /** Forgets all that was learnt. */
  relearn(): void {
    this.#gaps.clear();
    this.#blocks = 0;
    this.sample();
  }

  /** Ends the measurement. */
  stop(): void {
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  #take(): Profiler.TakePreciseCoverageReturnType {
    let taken: Profiler.TakePreciseCoverageReturnType | undefined;
    // A session on its own thread answers before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error;
      taken = answer;
    });
    if (taken === undefined) throw new Error('V8 did not answer with its coverage');
    return taken;
  }
}

function rangeOf({ startOffset, endOffset }: Profiler.CoverageRange): readonly [number, number] {
  return [startOffset, endOffset];
}

function liesWithin([start, end]: readonly [number, number], gaps: Gaps): boolean {
  return gaps.some(([from, to]) => from <= start && end <= to);
}

function intersection(a: Gaps, b: Gaps): Gaps {
  const common: (readonly [number, number])[] = [];
  for (const [start, end] of a) {
    for (const [from, to] of b) {
      if (Math.max(start, from) < Math.min(end, to)) common.push([Math.max(start, from), Math.min(end, to)]);
    }
  }
  return common;
}
