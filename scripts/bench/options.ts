import { parseArgs } from 'node:util';
import { join } from 'node:path';

/** What can be measured; each is a file of `scenarios/`. */
const SCENARIOS = ['relay', 'busy', 'issuing', 'streams', 'allocate', 'binding', 'start', 'soak'] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

/** Who can be measured; each is a file of `contestants/`. */
const CONTESTANTS = ['turnpike', 'bare-node', 'bare-stream', 'bare-c', 'coturn', 'node-turn'] as const;
export type ContestantName = (typeof CONTESTANTS)[number];

/** How much is measured, and where the results go. */
export interface BenchOptions {
  readonly scenarios: readonly ScenarioName[];
  readonly contestants: readonly ContestantName[];
  readonly rounds: number;
  /** The measured part of each relay and Binding run. */
  readonly windowMs: number;
  readonly warmupMs: number;
  /** Packets per second over all clients, both directions together. */
  readonly rates: readonly number[];
  readonly allocations: number;
  readonly starts: number;
  /** How long clients of the soak come and go. */
  readonly soakMinutes: number;
  readonly outDirectory: string;
  /** Whether the tables of docs/performance.md are replaced by this run's. */
  readonly publish: boolean;
}

/** A word that the caller got wrong; its message is all that is printed. */
export class UsageError extends Error {}

export const USAGE = `usage: npm run bench -- [options]

  --quick                  one round of short runs: shows that everything runs, proves nothing
  --scenarios a,b          of ${SCENARIOS.join(', ')}  (all)
  --contestants a,b        of ${CONTESTANTS.join(', ')}  (all that are installed)
  --rounds N               interleaved rounds, 1 to 20  (5)
  --window-ms N            the measured part of a run, 500 to 30000  (5000)
  --warmup-ms N            the part before it, 0 to 20000  (1500)
  --rates a,b              packets per second of the relay scenario, 100 to 400000  (5000,30000,60000,120000)
  --allocations N          allocations of the allocate scenario, 100 to 10000  (10000)
  --starts N               starts of the start scenario, 1 to 50  (10)
  --soak-minutes N         how long clients of the soak come and go, 1 to 1440; 30 to 60 to learn of leaks  (2)
  --out DIR                where results.json and results.md are written  (scripts/bench/results)
  --publish                also put the tables into docs/performance.md

Everything runs on 127.0.0.1, started and ended by the bench; there is no option for another address.`;

/** Reads the command line. `undefined` asks for the usage. Throws UsageError. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parse(args);
  if (values.help === true) return undefined;
  const quick = values.quick === true;
  const count = (text: string | undefined, otherwise: number, name: string, least: number, most: number): number =>
    text === undefined ? otherwise : wholeNumber(text, name, least, most);
  return {
    scenarios: names(values.scenarios, SCENARIOS, 'scenarios'),
    contestants: names(values.contestants, CONTESTANTS, 'contestants'),
    rounds: count(values.rounds, quick ? 1 : 5, 'rounds', 1, 20),
    windowMs: count(values['window-ms'], quick ? 1000 : 5000, 'window-ms', 500, 30_000),
    warmupMs: count(values['warmup-ms'], quick ? 500 : 1500, 'warmup-ms', 0, 20_000),
    rates: rates(values.rates ?? (quick ? '5000,30000' : '5000,30000,60000,120000')),
    allocations: count(values.allocations, quick ? 1000 : 10_000, 'allocations', 100, 10_000),
    starts: count(values.starts, quick ? 3 : 10, 'starts', 1, 50),
    soakMinutes: count(values['soak-minutes'], quick ? 1 : 2, 'soak-minutes', 1, 1440),
    outDirectory: values.out ?? join(import.meta.dirname, 'results'),
    publish: values.publish === true,
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        quick: { type: 'boolean' },
        scenarios: text,
        contestants: text,
        rounds: text,
        'window-ms': text,
        'warmup-ms': text,
        rates: text,
        allocations: text,
        starts: text,
        'soak-minutes': text,
        out: text,
        publish: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(text: string, name: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`--${name} ${text}: give a whole number from ${least} to ${most}`);
  }
  return value;
}

function rates(text: string): number[] {
  return text.split(',').map((rate) => wholeNumber(rate, 'rates', 100, 400_000));
}

function names<Name extends string>(text: string | undefined, known: readonly Name[], option: string): readonly Name[] {
  if (text === undefined) return known;
  return text.split(',').map((word) => {
    const name = known.find((candidate) => candidate === word);
    if (name === undefined) throw new UsageError(`--${option} ${word}: there are ${known.join(', ')}`);
    return name;
  });
}
