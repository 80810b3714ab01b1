import type { RelayFailure } from '../../../server/seam/relay.ts';
import { ReferenceModel } from '../../turn/reference-model.ts';
import type { AllocateShape, Step } from '../../turn/script-step.ts';
import type { PlaneAnswer } from '../../turn/test-machine.ts';
import { mutateBytes } from '../engine/mutate-bytes.ts';
import type { FuzzTarget } from '../engine/target.ts';
import { joinSteps, mutateSteps, splitSteps, StepBytes } from './script-bytes.ts';

const failures: readonly [RelayFailure, ...RelayFailure[]] = ['port-taken', 'no-descriptors', 'address-unavailable'];
const answers: readonly [PlaneAnswer, ...PlaneAnswer[]] = ['open', 'open', 'open', 'open', 'later', ...failures];
const shapes: readonly [AllocateShape, ...AllocateShape[]] = ['plain', 'even', 'pair', 'dual', 'token', 'stolen-token'];

/** Fewer than the failures that are free: the reference knows nothing of backing off (SECURITY.md 5). */
const maxSteps = 90;

/** RFC 8656: after every step of any script the machine says what the reference says. An input is a script of short steps. */
export const turnModel: FuzzTarget = {
  name: 'turn-model',
  maxBytes: 1024,
  batch: 64,
  seeds: () => [
    joinSteps(
      [
        [0, 0, 0, 0],
        [2, 0, 1, 0],
        [3, 0, 0, 1],
        [5, 9],
        [1, 0, 2],
      ].map((step) => Uint8Array.from(step)),
    ),
    joinSteps(
      [
        [0, 1, 2, 0],
        [0, 2, 4, 0],
        [0, 3, 3, 4],
        [4, 0],
        [6, 1],
        [8, 1],
      ].map((step) => Uint8Array.from(step)),
    ),
  ],
  mutate(input, other, draw) {
    if (draw.oneIn(8)) return mutateBytes(input, other, draw);
    const mutateStep = (step: Uint8Array): Uint8Array => mutateBytes(step, other, draw).slice(0, 40);
    return joinSteps(mutateSteps(splitSteps(input), splitSteps(other), draw, mutateStep));
  },
  run(input, observe) {
    const model = new ReferenceModel(1);
    let before = 0;
    for (const bytes of splitSteps(input).slice(0, maxSteps)) {
      const step = stepOf(new StepBytes(bytes));
      model.step(step);
      const { allocations, reservations, attempts } = model.machine.server.stats;
      const now = Math.min(3, allocations) * 16 + Math.min(3, reservations) * 4 + Math.min(3, attempts);
      observe(before * 64 + now);
      before = now;
    }
    model.end();
  },
};

function stepOf(bytes: StepBytes): Step {
  const kind = bytes.byte() % 11;
  const who = bytes.byte() % 4;
  switch (kind) {
    case 0:
      return {
        kind: 'allocate',
        who,
        shape: bytes.pick(shapes),
        answers: [bytes.pick(answers), bytes.pick(answers)],
        again: bytes.byte() % 4 === 1,
      };
    case 1: {
      const lifetimeS = bytes.pick([undefined, 0, 1, 700, 3600, 7200]);
      return { kind: 'refresh', who, lifetimeS, family: bytes.pick([undefined, undefined, 4, 6]) };
    }
    case 2:
      return { kind: 'permit', who, peers: [...bytes.rest().subarray(0, 3)].map((index) => index % 5) };
    case 3:
      return { kind: 'bind', who, channel: 0x4000 + (bytes.byte() % 3), peer: bytes.byte() % 5 };
    case 4:
      return { kind: 'answer', answer: bytes.pick(['open', 'open', ...failures]) };
    case 5:
      return { kind: 'wait', seconds: bytes.pick([1, 29, 30, 31, 100, 200, 299, 300, 599, 600]) };
    case 6:
      return { kind: 'gone', who };
    case 7:
      return { kind: 'noise', who, bytes: bytes.rest() };
    case 8:
      return { kind: 'revoke', revoked: bytes.byte() % 2 === 0 };
    case 9:
      return { kind: 'plan', ipv6: bytes.byte() % 2 === 0 };
    default:
      return { kind: 'drain' };
  }
}
