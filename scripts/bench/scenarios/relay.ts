import type { Transport } from '../contestants/contestant.ts';
import type { ContestantName } from '../options.ts';
import { runLoad, type CpuUse, type LoadArguments, type RelayResult } from '../load.ts';
import { inRounds, loadTarget, withEntrants, type Entrant, type ScenarioContext } from './scenario.ts';

/** Clients with one channel each. */
const relayClients = 100;
const payloadBytes = 200;

/** One contestant, one round, one rate. */
export interface RelaySample {
  readonly contestant: ContestantName;
  readonly round: number;
  /** Of the clients; peers are on UDP. */
  readonly transport: Transport;
  /** Packets per second that were offered, both directions together. */
  readonly rate: number;
  readonly directions: 'both' | 'client';
  readonly relayedPerSecond: number;
  readonly lossRatio: number;
  /** CPU time of the whole process for each relayed packet. */
  readonly cpuUsPerPacket: number;
  /** The same of its busiest thread alone. */
  readonly busiestThreadUsPerPacket: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  /** Share of the offered packets that the generator itself left out. */
  readonly generatorShortfall: number;
  /** Packets that arrived where they should not have. */
  readonly strange: number;
  readonly cpu: CpuUse;
}

/** Relays media through every contestant at every rate, over UDP. */
export async function measureRelay(context: ScenarioContext): Promise<RelaySample[]> {
  const contestants = context.contestants.filter(({ transports }) => transports.includes('udp'));
  return withEntrants(context, contestants, async (entrants) => {
    await warmUp(context, entrants);
    const samples: RelaySample[] = [];
    for (const rate of context.options.rates) {
      context.say(`relay: ${rate} packets/s`);
      samples.push(
        ...(await inRounds(context, entrants, (entrant, round) =>
          relayOnce(context, entrant, round, { rate, transport: 'udp' }),
        )),
      );
    }
    return samples;
  });
}

/** Servers on a JIT are measured compiled. */
async function warmUp(context: ScenarioContext, entrants: readonly Entrant[]): Promise<void> {
  const { options } = context;
  const rate = Math.min(30_000, Math.max(...options.rates));
  const once = { ...context, options: { ...options, rounds: 1 } };
  await inRounds(once, entrants, (entrant, round) =>
    relayOnce(context, entrant, round, {
      rate,
      transport: 'udp',
      'warmup-ms': 0,
      'window-ms': Math.min(4000, options.windowMs * 2),
    }),
  );
}

/** One run of the generator. `changes` overrides what it is told, and names the rate. */
export async function relayOnce(
  context: ScenarioContext,
  entrant: Entrant,
  round: number,
  changes: LoadArguments & { readonly rate: number; readonly transport: Transport },
): Promise<RelaySample> {
  const { options, place } = context;
  const result = await runLoad(place.programs, 'relay', {
    ...loadTarget(context, entrant, changes.transport),
    clients: relayClients,
    payload: payloadBytes,
    toward: entrant.contestant.toward,
    'warmup-ms': options.warmupMs,
    'window-ms': options.windowMs,
    ...changes,
  });
  const { name, toward } = entrant.contestant;
  const { rate, transport } = changes;
  return { contestant: name, round, transport, rate, directions: toward, ...figures(result, rate) };
}

function figures(result: RelayResult, rate: number) {
  const { seconds, relayedInWindow, toPeer, toClient, both, cpu } = result;
  const sent = toPeer.sent + toClient.sent;
  if (relayedInWindow === 0) throw new Error(`nothing was relayed of ${sent} packets`);
  const busiestNs = Math.max(0, ...cpu.threads.map((thread) => thread.ns));
  return {
    relayedPerSecond: relayedInWindow / seconds,
    lossRatio: 1 - (toPeer.received + toClient.received) / sent,
    cpuUsPerPacket: cpu.processNs / relayedInWindow / 1000,
    busiestThreadUsPerPacket: busiestNs / relayedInWindow / 1000,
    p50Us: (both.p50Ns ?? Number.NaN) / 1000,
    p99Us: (both.p99Ns ?? Number.NaN) / 1000,
    maxUs: (both.maxNs ?? Number.NaN) / 1000,
    generatorShortfall: result.fellBehind / (rate * seconds),
    strange: toPeer.strange + toClient.strange,
    cpu,
  };
}
