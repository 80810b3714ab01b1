import { runLoad, type AllocateResult, type StepResult } from '../load.ts';
import type { ContestantName } from '../options.ts';
import { inRoundsAlone, loadTarget, type ScenarioContext } from './scenario.ts';

/** One contestant, freshly started, and its allocations up to the number asked for. */
export interface AllocateSample {
  readonly contestant: ContestantName;
  readonly round: number;
  readonly allocations: number;
  readonly challengeCpuUs: number;
  readonly allocateCpuUs: number;
  readonly channelBindCpuUs: number;
  readonly releaseCpuUs: number;
  /** Allocations per second, challenge included, with 32 under way at once. */
  readonly allocationsPerSecond: number;
  /** Resident memory of all allocations over their number. */
  readonly residentBytesPerAllocation: number;
  /** The same of the last half alone. */
  readonly residentBytesPerLaterAllocation: number;
  readonly raw: AllocateResult;
}

const outstanding = 32;

/** Makes many allocations, each with a channel, in a process started for it. Memory is read halfway and at the end. */
export function measureAllocate(context: ScenarioContext): Promise<AllocateSample[]> {
  const clients = context.options.allocations;
  const contestants = context.contestants.filter(({ topology }) => topology === 'turn');
  context.say(`allocate: ${clients} allocations`);
  return inRoundsAlone(context, contestants, async (entrant, round) => {
    const raw = await runLoad(context.place.programs, 'allocate', {
      ...loadTarget(context, entrant),
      clients,
      step: Math.ceil(clients / 2),
      outstanding,
    });
    return { contestant: entrant.contestant.name, round, ...figures(raw) };
  });
}

function figures(raw: AllocateResult) {
  const { batches, release, residentBefore } = raw;
  const last = batches.at(-1);
  if (last === undefined) throw new Error('the generator made no allocation');
  const allocations = last.to;
  const total = (select: (batch: (typeof batches)[number]) => number): number =>
    batches.reduce((sum, batch) => sum + select(batch), 0);
  const cpuUs = (select: (batch: (typeof batches)[number]) => StepResult): number =>
    total((batch) => select(batch).cpu.processNs) / allocations / 1000;
  const before = batches.at(-2)?.residentAfter ?? residentBefore;
  return {
    allocations,
    challengeCpuUs: cpuUs((batch) => batch.challenge),
    allocateCpuUs: cpuUs((batch) => batch.allocate),
    channelBindCpuUs: cpuUs((batch) => batch.channelBind),
    releaseCpuUs: release.cpu.processNs / allocations / 1000,
    allocationsPerSecond: allocations / (total((batch) => batch.challenge.wallNs + batch.allocate.wallNs) / 1e9),
    residentBytesPerAllocation: (last.residentAfter - residentBefore) / allocations,
    residentBytesPerLaterAllocation: (last.residentAfter - before) / (last.to - last.from),
    raw,
  };
}
