import { describe, expect, test } from 'vitest';
import { driftOf, type Point } from '../../scripts/bench/soak/drift.ts';

/** A value each minute of an hour. */
function hour(value: (minute: number) => number): Point[] {
  return Array.from({ length: 60 }, (_, minute) => ({ x: minute / 60, y: value(minute) }));
}

describe('the drift of a soak', () => {
  test('is the slope of what only grows, and certain', () => {
    const drift = driftOf(hour((minute) => 100 + minute));
    expect(drift?.slope).toBeCloseTo(60, 9);
    expect(drift?.slopeError).toBeCloseTo(0, 9);
  });

  test('of what goes up and down around one level is within its error of nothing', () => {
    const drift = driftOf(hour((minute) => 100 + 20 * Math.sin(minute * 1.7)));
    expect(Math.abs(drift?.slope ?? Infinity)).toBeLessThan(2 * (drift?.slopeError ?? 0));
  });

  test('of what also grows stands out of its error', () => {
    const drift = driftOf(hour((minute) => 100 + minute + 5 * Math.sin(minute * 1.7)));
    expect(drift?.slope).toBeGreaterThan(50);
    expect(drift?.slope).toBeGreaterThan(5 * (drift?.slopeError ?? Infinity));
  });

  test('of a few points is not told', () => {
    expect(driftOf(hour((minute) => minute).slice(0, 23))).toBeUndefined();
  });
});
