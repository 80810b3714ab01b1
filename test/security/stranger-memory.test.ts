import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { RunningProgram } from '../startup/running-program.ts';
import { startAppliance, type RunningAppliance } from '../support/appliance.ts';
import { countOf } from './counts.ts';
import { flood } from './forgeries.ts';
import type { FloodReport, Held } from './flood-report.ts';
import { settledThreadHeapBytes } from './thread-heap.ts';

const machineFlood = fileURLToPath(new URL('./machine-flood-process.ts', import.meta.url));
const floodProcess = fileURLToPath(new URL('./flood-process.ts', import.meta.url));

const packets = flood.sources * flood.packetsPerSource;
/** Of four packets of each source three are answered; every fourth source's last is noise. */
const answersOwed = packets - flood.sources / 4;
/** A collected heap differs by some fifty kilobytes from one time to the next; one pointer kept of each source is twice this. */
const heapToleranceBytes = flood.sources * 4;

/** The sizes of tables alone, without the figures that count what came. */
function sizes({ tables }: Held): Record<string, number | null> {
  const tallies = ['ignored', 'malformed', 'challengesWithheld'];
  return Object.fromEntries(Object.entries(tables).filter(([name]) => !tallies.includes(name)));
}

function expectNoGrowth(before: Held, after: Held): void {
  expect(sizes(after)).toEqual(sizes(before));
  expect(after.heapBytes - before.heapBytes).toBeLessThan(heapToleranceBytes);
}

async function heldBy({ appliance, threads }: RunningAppliance): Promise<Held> {
  const [thread, another] = threads;
  if (thread === undefined || another !== undefined) throw new Error('the relay thread has died');
  // The last streams have ended, which the server may not have read yet.
  const openStreams = async (): Promise<number> => countOf(await appliance.health(), 'streams', 'open');
  await expect.poll(openStreams, { timeout: 10_000 }).toBe(0);
  const { counts } = await appliance.health();
  return { heapBytes: await settledThreadHeapBytes(thread), tables: { ...counts.machine } };
}

async function sendFlood({ udp, tcp }: RunningAppliance, firstSource: number): Promise<void> {
  const args = [floodProcess, ...[udp.port, tcp.port, firstSource].map(String)];
  const program = new RunningProgram(process.execPath, args);
  await program.seen(/^\{.*\}$/m);
  const { answers } = JSON.parse(program.stdout) as { answers: number };
  expect(answers).toBeGreaterThanOrEqual(answersOwed);
}

test(
  'SECURITY.md 2: 200,000 packets from 50,000 sources leave the machine the size it was',
  { timeout: 90_000 },
  async () => {
    const program = new RunningProgram(process.execPath, ['--expose-gc', machineFlood]);
    await program.seen(/^\{.*\}$/m);
    const { before, after, answers } = JSON.parse(program.stdout) as FloodReport;
    expect(answers).toBe(answersOwed);
    expectNoGrowth(before, after);
  },
);

test.skipIf(process.platform !== 'linux')(
  'SECURITY.md 2: sent to a relay thread, half-open streams and bad frames among them, they leave it the size it was',
  { timeout: 120_000 },
  async () => {
    const running = await startAppliance();
    await sendFlood(running, 0);
    const before = await heldBy(running);
    const counted = await running.appliance.health();
    const logged = running.log.length;
    await sendFlood(running, flood.sources);
    expectNoGrowth(before, await heldBy(running));

    const health = await running.appliance.health();
    const more = (part: string, name: string): number => countOf(health, part, name) - countOf(counted, part, name);
    expect(more('drops', 'malformed')).toBeGreaterThan(flood.sources / 8);
    expect(more('streams', 'accepted')).toBe(flood.sources / 10);
    expect(more('streams', 'badFrames')).toBe(flood.sources / 20);
    // Of each cause of refusal there is one line in ten seconds.
    expect(running.log.length - logged).toBeLessThan(30);
  },
);
