import { inRounds, withEntrants, type ScenarioContext } from './scenario.ts';
import { relayOnce, type RelaySample } from './relay.ts';

/** Packets per second that clients on streams relay to and from peers on UDP. */
export const streamRate = 10_000;

/** Relays media of clients on TCP, and then on TLS, where a contestant serves them. */
export async function measureStreams(context: ScenarioContext): Promise<RelaySample[]> {
  const samples: RelaySample[] = [];
  for (const transport of ['tcp', 'tls'] as const) {
    const contestants = context.contestants.filter(({ transports }) => transports.includes(transport));
    context.say(`streams: ${streamRate} packets/s of clients on ${transport.toUpperCase()}`);
    const measured = await withEntrants(context, contestants, (entrants) =>
      inRounds(context, entrants, (entrant, round) =>
        relayOnce(context, entrant, round, { rate: streamRate, transport }),
      ),
    );
    samples.push(...measured);
  }
  return samples;
}
