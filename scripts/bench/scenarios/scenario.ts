import type { RunningServer } from '../child-processes.ts';
import type { Contestant, Place, Transport } from '../contestants/contestant.ts';
import type { LoadArguments } from '../load.ts';
import type { CpuPlan } from '../machine.ts';
import type { BenchOptions } from '../options.ts';
import { benchUser } from '../contestants/contestant.ts';

/** What every scenario is run with. */
export interface ScenarioContext {
  readonly options: BenchOptions;
  readonly contestants: readonly Contestant[];
  readonly place: Place;
  readonly cpuPlan: CpuPlan;
  /** Tells the person who waits what is under way. */
  readonly say: (line: string) => void;
  /** Records what could not be measured, and why. */
  readonly note: (line: string) => void;
}

/** A contestant that runs. */
export interface Entrant {
  readonly contestant: Contestant;
  readonly server: RunningServer;
}

/** Starts these contestants, calls `measure`, and ends them whatever happens. One that does not start is left out. */
export async function withEntrants<Result>(
  context: ScenarioContext,
  contestants: readonly Contestant[],
  measure: (entrants: readonly Entrant[]) => Promise<Result>,
): Promise<Result> {
  const entrants: Entrant[] = [];
  try {
    for (const contestant of contestants) {
      try {
        entrants.push({ contestant, server: await contestant.start(context.place) });
      } catch (error) {
        context.note(`${contestant.label} did not start: ${messageOf(error)}`);
      }
    }
    return await measure(entrants);
  } finally {
    await Promise.all(entrants.map(({ server }) => server.stop()));
  }
}

/** Calls `measure` for every entrant in every round, each round beginning with another one. A failure is told and leaves a gap. */
export async function inRounds<Sample>(
  context: ScenarioContext,
  entrants: readonly Entrant[],
  measure: (entrant: Entrant, round: number) => Promise<Sample>,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < context.options.rounds; round++) {
    for (let turn = 0; turn < entrants.length; turn++) {
      const entrant = entrants[(turn + round) % entrants.length];
      if (entrant === undefined) continue;
      try {
        samples.push(await measure(entrant, round));
      } catch (error) {
        context.note(`${entrant.contestant.label}: ${messageOf(error)}`);
      }
    }
  }
  return samples;
}

/** The same with each contestant started for each measurement and ended after it: nobody else runs meanwhile. */
export async function inRoundsAlone<Sample>(
  context: ScenarioContext,
  contestants: readonly Contestant[],
  measure: (entrant: Entrant, round: number) => Promise<Sample>,
): Promise<Sample[]> {
  const once = { ...context, options: { ...context.options, rounds: 1 } };
  const samples: Sample[] = [];
  for (let round = 0; round < context.options.rounds; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const contestant = contestants[(turn + round) % contestants.length];
      if (contestant === undefined) continue;
      const alone = await withEntrants(once, [contestant], (entrants) =>
        inRounds(once, entrants, (entrant) => measure(entrant, round)),
      );
      samples.push(...alone);
    }
  }
  return samples;
}

/** What the generator is always told about a server. */
export function loadTarget(
  context: ScenarioContext,
  { contestant, server }: Entrant,
  transport: Transport = 'udp',
): LoadArguments {
  return {
    port: transport === 'tls' ? (server.tlsPort ?? 0) : server.port,
    pid: server.pid,
    cpu: context.cpuPlan.generator,
    topology: contestant.topology,
    user: benchUser.name,
    password: benchUser.password,
  };
}

/** What an error says to a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
