import { describe, expect, test } from 'vitest';
import { RequestRate } from '../../server/api/request-rate.ts';

describe('a token bucket for each name', () => {
  test('holds what comes in a second, and says how long to wait for the next', () => {
    const rate = new RequestRate();
    const taken = (nowMs: number) => rate.take('a', 4, nowMs);
    expect([taken(0), taken(0), taken(0), taken(0), taken(0)]).toEqual([0, 0, 0, 0, 250]);
    expect(taken(100), 'who is refused pays nothing').toBe(150);
    expect(taken(250)).toBe(0);
    expect(taken(250)).toBe(250);
    expect(taken(60_000), 'it holds no more after a long time').toBe(0);
    expect([taken(60_000), taken(60_000), taken(60_000), taken(60_000)]).toEqual([0, 0, 0, 250]);
  });

  test('one name takes nothing from another', () => {
    const rate = new RequestRate();
    expect([rate.take('a', 1, 0), rate.take('a', 1, 0), rate.take('b', 1, 0)]).toEqual([0, 1000, 0]);
  });

  test('over a minute it lets through what it says', () => {
    const rate = new RequestRate();
    let passed = 0;
    for (let nowMs = 0; nowMs < 60_000; nowMs += 1) passed += rate.take('a', 50, nowMs) === 0 ? 1 : 0;
    expect(passed).toBe(50 + 60 * 50 - 1);
  });

  test('buckets that are full again are forgotten when there are many', () => {
    const rate = new RequestRate();
    for (let index = 0; index < 5_000; index += 1) rate.take(`k${index}`, 10, index);
    expect(rate.size).toBeLessThanOrEqual(1_024);
  });
});
