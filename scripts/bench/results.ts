import type { Transport } from './contestants/contestant.ts';
import type { Machine } from './machine.ts';
import type { BenchOptions, ContestantName } from './options.ts';
import type { AllocateSample } from './scenarios/allocate.ts';
import type { BindingSample } from './scenarios/binding.ts';
import type { IssuingSample } from './scenarios/issuing.ts';
import type { RelaySample } from './scenarios/relay.ts';
import type { StartSample } from './scenarios/start.ts';
import type { SoakRun } from './soak/soak-run.ts';
import { compareRounds, type Ratio } from './statistics.ts';

/** All that a run measured; a scenario that was not asked for is empty. */
export interface Results {
  readonly machine: Machine;
  readonly options: BenchOptions;
  /** What could not be measured, and why. */
  readonly notes: readonly string[];
  readonly relay: readonly RelaySample[];
  readonly busy: readonly RelaySample[];
  /** Of Turnpike alone. */
  readonly issuing: readonly IssuingSample[];
  readonly streams: readonly RelaySample[];
  readonly allocate: readonly AllocateSample[];
  readonly binding: readonly BindingSample[];
  readonly start: readonly StartSample[];
  /** One run, or none. */
  readonly soak: readonly SoakRun[];
}

/** A sample that belongs to a contestant and a round. */
interface RoundSample {
  readonly contestant: ContestantName;
  readonly round: number;
}

/** Compares a figure of Turnpike with another contestant's, over the rounds that both have. */
export function ratioTo<Sample extends RoundSample>(
  samples: readonly Sample[],
  baseline: ContestantName,
  figure: (sample: Sample) => number,
): Ratio | undefined {
  const of = (name: ContestantName) => new Map(samples.filter((s) => s.contestant === name).map((s) => [s.round, s]));
  const [ours, theirs] = [of('turnpike'), of(baseline)];
  const rounds = [...ours.keys()].filter((round) => theirs.has(round));
  const series = (from: ReadonlyMap<number, Sample>): number[] =>
    rounds.flatMap((round) => {
      const sample = from.get(round);
      return sample === undefined ? [] : [figure(sample)];
    });
  return compareRounds(series(ours), series(theirs));
}

/** Whether the generator offered the rate; if it did not, the sample says nothing of the server. */
export function rateReached(sample: RelaySample): boolean {
  return sample.generatorShortfall <= 0.01;
}

/** The samples of clients on one transport. */
export function overTransport(samples: readonly RelaySample[], transport: Transport): readonly RelaySample[] {
  return samples.filter((sample) => sample.transport === transport);
}

/** The samples of one rate that was reached. */
export function atRate(samples: readonly RelaySample[], rate: number): readonly RelaySample[] {
  return samples.filter((sample) => sample.rate === rate && rateReached(sample));
}
