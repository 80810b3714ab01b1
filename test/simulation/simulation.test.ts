import { expect, test } from 'vitest';
import { World } from './world.ts';

/** `TURNPIKE_SIMULATION_SEED` runs that seed alone; `TURNPIKE_SIMULATION_SEEDS` runs so many instead of as many as fit the time. */
const given = process.env.TURNPIKE_SIMULATION_SEED;
const count = process.env.TURNPIKE_SIMULATION_SEEDS;
const first = given === undefined ? Date.now() % 0x4000_0000 : Number(given);
const budgetMs = 20_000;
/** However slow the machine. */
const fewest = 20;
const most = given !== undefined ? 1 : count === undefined ? 300 : Number(count);

/** SECURITY.md 3, 8 and RFC 8656 sections 5, 7 and 9, on a network that loses up to 30 % of all packets and delays, doubles and reorders the rest. */
test(
  `every client that keeps trying is served, and nothing is left behind (seeds from ${first})`,
  { timeout: 24 * 3_600_000 },
  () => {
    const startedMs = performance.now();
    let runs = 0;
    let sessions = 0;
    const isTime = (): boolean => count === undefined && runs >= fewest && performance.now() - startedMs > budgetMs;
    for (; runs < most && !isTime(); runs++) {
      const seed = first + runs;
      try {
        sessions += new World(seed).run().sessions;
      } catch (error) {
        const again = `TURNPIKE_SIMULATION_SEED=${seed} npm test -- test/simulation`;
        throw new Error(`seed ${seed} fails; again: ${again}`, { cause: error });
      }
    }
    console.log(`simulation: ${runs} seeds from ${first}, ${sessions} sessions`);
    expect(sessions).toBeGreaterThanOrEqual(runs * 6);
  },
);

test('one seed is one run', () => {
  expect(new World(5).run()).toEqual(new World(5).run());
});
