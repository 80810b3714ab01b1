import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReferenceModel } from './reference-model.ts';
import type { Step } from './script-step.ts';

/** Set it to a number that a failure has printed, to see the same scripts again. */
const givenSeed = process.env.TURNPIKE_TEST_SEED;
const seed = givenSeed === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(givenSeed);
const scripts = 500;

const who = fc.integer({ min: 0, max: 3 });
const peer = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 2 }) },
  { weight: 1, arbitrary: fc.integer({ min: 3, max: 4 }) },
);
const planeAnswer = fc.oneof(
  { weight: 10, arbitrary: fc.constant('open') },
  { weight: 3, arbitrary: fc.constant('later') },
  { weight: 2, arbitrary: fc.constantFrom('port-taken', 'no-descriptors', 'address-unavailable') },
);
const lateAnswer = fc.constantFrom('open', 'open', 'port-taken', 'no-descriptors', 'address-unavailable');
const shape = fc.constantFrom('plain', 'even', 'pair', 'dual', 'token', 'stolen-token');

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('allocate'),
      who,
      shape,
      answers: fc.array(planeAnswer, { minLength: 1, maxLength: 4 }),
      again: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('refresh'),
      who,
      lifetimeS: fc.constantFrom(undefined, 0, 1, 700, 3600, 3600, 3600, 7200),
      family: fc.constantFrom(undefined, undefined, undefined, 4, 6),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('permit'), who, peers: fc.array(peer, { maxLength: 3 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('bind'), who, channel: fc.integer({ min: 0x4000, max: 0x4002 }), peer }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('answer'), answer: lateAnswer }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait'),
      seconds: fc.constantFrom(1, 1, 29, 30, 31, 100, 200, 299, 300, 599, 600),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('gone'), who }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('noise'), who, bytes: fc.uint8Array({ maxLength: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke'), revoked: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('plan'), ipv6: fc.boolean() }) },
);

/** Draining has no way back: it comes at the end of some scripts. */
const script = fc
  .tuple(fc.array(step, { minLength: 1, maxLength: 100 }), fc.array(step, { maxLength: 10 }), fc.boolean())
  .map(([before, after, isDraining]): Step[] => [
    ...before,
    ...(isDraining ? [{ kind: 'drain' } as const] : []),
    ...after,
  ]);

test(`whatever happens, the machine does what the reference says, and leaves nothing behind (seed ${seed})`, () => {
  let steps = 0;
  fc.assert(
    fc.property(script, fc.integer({ min: 1 }), (chosen, randomness) => {
      const model = new ReferenceModel(randomness);
      for (const each of chosen) model.step(each);
      model.end();
      steps += chosen.length;
    }),
    { seed, numRuns: scripts },
  );
  expect(steps).toBeGreaterThan(scripts);
});
