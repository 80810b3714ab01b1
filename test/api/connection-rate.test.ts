import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConnectionRate } from '../../server/api/connection-rate.ts';

const limits = { all: { perSecond: 10, burst: 4 }, perSource: { perSecond: 2, burst: 3 } };

/** Who of these sources passes at this time, in order. */
function passed(rate: ConnectionRate, sources: string, nowMs: number): string {
  return Array.from(sources)
    .filter((source) => rate.passes(source, nowMs))
    .join('');
}

describe('SECURITY.md 2: connections come at a rate', () => {
  test.each([
    [
      'a burst of one source, then one in each interval',
      [
        ['aaaaa', 0, 'aaa'],
        ['a', 499, ''],
        ['aa', 500, 'a'],
      ],
    ],
    [
      'a quiet time gives one source no more than its burst',
      [
        ['aaa', 0, 'aaa'],
        ['aaaaa', 90_000, 'aaa'],
      ],
    ],
    ['one that is over its own rate leaves the others their time', [['aaaaaaaaab', 0, 'aaab']]],
    [
      'all sources together have a burst too',
      [
        ['abcdef', 0, 'abcd'],
        ['ef', 99, ''],
        ['ef', 100, 'e'],
      ],
    ],
    [
      'who is refused because of the others is not charged',
      [
        ['bbccaaa', 0, 'bbcc'],
        ['aaa', 1000, 'aaa'],
      ],
    ],
  ] as const)('%s', (_what, steps) => {
    const rate = new ConnectionRate(limits);
    expect(steps.map(([sources, nowMs]) => passed(rate, sources, nowMs))).toEqual(steps.map(([, , who]) => who));
  });

  test('it forgets a source whose burst is made good, and does not remember one that it refused', () => {
    const rate = new ConnectionRate(limits);
    passed(rate, 'aaabcdef', 0);
    expect(rate.sources).toBe(2);
    passed(rate, 'c', 1499);
    expect(rate.sources).toBe(3);
    passed(rate, 'c', 1500);
    expect(rate.sources).toBe(1);
  });

  test('a source that goes on keeps no other from being forgotten', () => {
    const rate = new ConnectionRate(limits);
    passed(rate, 'ab', 0);
    passed(rate, 'a', 400);
    passed(rate, 'c', 600);
    expect(rate.sources).toBe(2);
  });

  test('after any sequence: no more in any second than the rates allow, and no more sources remembered', () => {
    const step = fc.record({
      passMs: fc.integer({ min: 0, max: 300 }),
      source: fc.constantFrom(...Array.from('abcdefghijkl')),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const rate = new ConnectionRate(limits);
        const passes: { readonly source: string; readonly atMs: number }[] = [];
        let atMs = 0;
        for (const { passMs, source } of steps) {
          atMs += passMs;
          if (rate.passes(source, atMs)) passes.push({ source, atMs });
          // What may pass in the 1.5 seconds of a burst that is made good.
          expect(rate.sources).toBeLessThanOrEqual(4 + 15);
        }
        for (const { atMs: fromMs, source } of passes) {
          const inASecond = passes.filter((pass) => pass.atMs >= fromMs && pass.atMs < fromMs + 1000);
          expect(inASecond.length).toBeLessThanOrEqual(14);
          expect(inASecond.filter((pass) => pass.source === source).length).toBeLessThanOrEqual(5);
        }
      }),
    );
  });
});
