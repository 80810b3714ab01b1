import type { Draw } from '../engine/draw.ts';
import { concatenated } from '../engine/mutate-bytes.ts';

/** Reads the bytes of a script's step, which may be too few: what is missing is zero. */
export class StepBytes {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  uint16(): number {
    return this.byte() * 256 + this.byte();
  }

  /** One of these. */
  pick<Value>(values: readonly [Value, ...Value[]]): Value {
    return values[this.byte() % values.length] ?? values[0];
  }

  rest(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }
}

/** The steps of a script: each is a length and as many bytes. Any bytes are a script. */
export function splitSteps(script: Uint8Array): Uint8Array[] {
  const steps: Uint8Array[] = [];
  for (let at = 0; at < script.length; at += 1 + (script[at] ?? 0)) {
    steps.push(script.subarray(at + 1, at + 1 + (script[at] ?? 0)));
  }
  return steps;
}

/** A script of these steps. */
export function joinSteps(steps: readonly Uint8Array[]): Uint8Array {
  return concatenated(...steps.flatMap((step) => [Uint8Array.of(Math.min(255, step.length)), step.subarray(0, 255)]));
}

/** Changes a script step by step; `mutateStep` changes what one step says, and `other` are steps of another script. */
export function mutateSteps(
  script: readonly Uint8Array[],
  other: readonly Uint8Array[],
  draw: Draw,
  mutateStep: (step: Uint8Array) => Uint8Array,
): Uint8Array[] {
  const steps = [...script];
  do {
    const at = draw.below(steps.length + 1);
    const from = draw.below(other.length);
    switch (draw.below(8)) {
      case 0:
        steps.splice(at, 1 + draw.below(3));
        break;
      case 1:
        steps.splice(at, 0, ...other.slice(from, from + 1 + draw.below(8)));
        break;
      case 2:
        steps.splice(at, 0, ...steps.slice(draw.below(steps.length), draw.below(steps.length) + 1));
        break;
      case 3:
        steps.splice(at, 0, draw.bytes(1 + draw.below(12)));
        break;
      case 4:
        steps.splice(at, steps.length, ...other.slice(from));
        break;
      default:
        if (at < steps.length) steps[at] = mutateStep(steps[at] ?? new Uint8Array());
    }
  } while (!draw.oneIn(3));
  return steps.slice(0, 200);
}
