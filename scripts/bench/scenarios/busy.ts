import { fileURLToPath } from 'node:url';
import { awaitBinding, freePort } from '../binding-probe.ts';
import { startServer, type RunningServer, type StartedProcess } from '../child-processes.ts';
import { bareNode } from '../contestants/bare-node.ts';
import type { Contestant, Place } from '../contestants/contestant.ts';
import { turnpike } from '../contestants/turnpike.ts';
import { inRoundsAlone, type ScenarioContext } from './scenario.ts';
import { relayOnce, type RelaySample } from './relay.ts';

/** The rate of the latency budget beside a saturated main thread (docs/performance.md). */
export const busyRate = 5000;

/**
 * Turnpike whose main thread is saturated, against the bare forwarder beside a process with the same load. Neither
 * keeps to a CPU: finding the relay one is the system's task, as it would be in production.
 */
export async function measureBusy(context: ScenarioContext): Promise<RelaySample[]> {
  context.say(`busy: ${busyRate} packets/s with a saturated main thread`);
  const anywhere = { ...context, place: { ...context.place, cpus: 'any' } };
  const named = new Set(context.contestants.map(({ name }) => name));
  const contestants = [busyTurnpike, busyForwarder].filter(({ name }) => named.has(name));
  return inRoundsAlone(anywhere, contestants, (entrant, round) =>
    relayOnce(anywhere, entrant, round, {
      rate: busyRate,
      transport: 'udp',
      'warmup-ms': 2 * context.options.warmupMs,
    }),
  );
}

const busyTurnpikeScript = new URL('../busy-turnpike.ts', import.meta.url);
const busyProcessScript = new URL('../busy-process.ts', import.meta.url);

const busyTurnpike: Contestant = {
  ...turnpike,
  start: async (place) => {
    const port = await freePort();
    const server = startScript(place, busyTurnpikeScript, String(port), place.scratchDirectory);
    await server.ready;
    await awaitBinding(port, 5000);
    return { ...server, port };
  },
};

const busyForwarder: Contestant = {
  ...bareNode,
  start: async (place) => {
    const forwarder = await bareNode.start(place);
    const neighbour = startScript(place, busyProcessScript);
    await neighbour.ready;
    return { ...forwarder, stop: () => stopBoth(forwarder, neighbour) };
  },
};

function startScript(place: Place, script: URL, ...args: readonly string[]): StartedProcess {
  return startServer({
    command: place.programs.launch,
    args: [place.cpus, process.execPath, fileURLToPath(script), ...args],
  });
}

async function stopBoth(forwarder: RunningServer, neighbour: StartedProcess): Promise<void> {
  await Promise.all([forwarder.stop(), neighbour.stop()]);
}
