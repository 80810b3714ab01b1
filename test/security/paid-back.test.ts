import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually } from '../support/appliance.ts';
import { TurnClient } from '../support/turn-client.ts';
import { credentialOf, startEngine, type LoopbackEngine } from './loopback-engine.ts';

const ports = 40;
const allocationsPerUser = 4;
/** Long enough for a busy machine to allocate within it. */
const shortLifeS = 5;

/** What an engine at rest holds of the system: all that leaks would add to. */
function held({ engine }: LoopbackEngine): Record<string, number | undefined> {
  const { portsTaken, claims, buckets, deadlines, allocations } = engine.status.counts.machine;
  return {
    ...{ portsTaken, claims, buckets, deadlines, allocations, streams: engine.status.counts.streams.open },
    descriptors: readdirSync('/proc/self/fd').length,
    sockets: process.getActiveResourcesInfo().filter((name) => /^(UDP|TCP)/.test(name)).length,
  };
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

async function connected({ udp, tcp }: LoopbackEngine, client: number, way: Way): Promise<TurnClient> {
  const ttlS = way === 'expired' ? shortLifeS : 600;
  const credential = credentialOf(`user-${client % (ports / allocationsPerUser)}`, ttlS);
  return way === 'disconnected' ? TurnClient.overTcp(tcp, credential) : TurnClient.overUdp(udp, credential);
}

type Way = 'released' | 'disconnected' | 'expired';
const rounds: readonly Way[] = [
  ...(['released', 'disconnected', 'released', 'disconnected', 'expired'] as const),
  ...(['released', 'disconnected', 'released', 'disconnected', 'expired'] as const),
];

test.skipIf(process.platform !== 'linux')(
  'SECURITY.md 8: ten times the port range of allocations leaks no port, descriptor, timer or quota unit',
  { timeout: 90_000 },
  async () => {
    const limits = { permissionsPerAllocation: 128, channelsPerAllocation: 128, bitsPerSecondPerAllocation: 1e6 };
    const running = await startEngine({
      relayPorts: { first: 50_000, last: 50_000 + ports - 1 },
      strictExpiry: true,
      limits: {
        ...{ ...limits, allocationsPerUser, allocationsPerAddress: ports, allocationsTotal: 0 },
        bitsPerSecondPerUser: 1e6,
      },
    });
    const before = held(running);
    const timersBefore = timers();
    for (const way of rounds) {
      const clients = await Promise.all(Array.from({ length: ports }, (_, client) => connected(running, client, way)));
      const answers = await Promise.all(clients.map((client) => client.allocate()));
      // Every port and every unit is to be had again.
      expect(answers.map(({ code }) => code)).toEqual(clients.map(() => 0));
      expect(new Set(answers.map(({ relayed }) => relayed?.port)).size).toBe(ports);
      if (way === 'released') await Promise.all(clients.map((client) => client.refresh(0)));
      if (way === 'expired') await delay(shortLifeS * 1000);
      for (const client of clients) client.close();
      await eventually(`an engine at rest after ${way}`, () => isSame(held(running), before), 10_000);
    }
    await eventually('no timer of a client', () => timers() <= timersBefore, 10_000);
  },
);

function isSame(left: Record<string, number | undefined>, right: Record<string, number | undefined>): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
