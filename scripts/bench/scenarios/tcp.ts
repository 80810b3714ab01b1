import { inRounds, withEntrants, type ScenarioContext } from './scenario.ts';
import { relayOnce, type RelaySample } from './relay.ts';

/** Packets per second that clients on TCP relay to and from peers on UDP. */
const tcpRate = 10_000;

/** Relays media of clients on TCP, where a contestant serves them. Reported; no budget. */
export async function measureTcp(context: ScenarioContext): Promise<RelaySample[]> {
  const contestants = context.contestants.filter(({ tcp }) => tcp);
  context.say(`tcp: ${tcpRate} packets/s of clients on TCP`);
  const changes = { rate: tcpRate, transport: 'tcp' };
  return withEntrants(context, contestants, (entrants) =>
    inRounds(context, entrants, (entrant, round) => relayOnce(context, entrant, round, changes)),
  );
}
