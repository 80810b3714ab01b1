import { describe, expect, test } from 'vitest';
import { PortPool } from '../../server/turn/port-pool.ts';
import { seededUint32 } from './seeded-random.ts';

type Take = 'take' | 'takeEven' | 'takeEvenPair';

function drain(pool: PortPool, take: Take): number[] {
  const ports: number[] = [];
  for (let port = pool[take](); port !== null; port = pool[take]()) ports.push(port);
  return ports.sort((a, b) => a - b);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
}

describe('the port pool', () => {
  test.each([
    [50000, 50009],
    [50001, 50009],
    [50001, 50010],
    [50000, 50000],
    [50001, 50001],
    [0, 65535],
  ])('of %i to %i gives out every port once, then none', (first, last) => {
    const pool = new PortPool({ first, last }, seededUint32(1));
    expect(pool.isUntouched).toBe(true);
    expect(drain(pool, 'take')).toEqual(range(first, last));
    expect(pool.freeCount).toBe(0);
  });

  test.each([
    ['takeEven', 50001, 50010, [50002, 50004, 50006, 50008, 50010]],
    ['takeEvenPair', 50001, 50010, [50002, 50004, 50006, 50008]],
    ['takeEvenPair', 50000, 50003, [50000, 50002]],
    ['takeEven', 50001, 50001, []],
  ] as const)('%s from %i to %i: %j', (take, first, last, expected) => {
    expect(drain(new PortPool({ first, last }, seededUint32(1)), take)).toEqual(expected);
  });

  test('after any taking and giving back it knows what is free', () => {
    const random = seededUint32(42);
    const pool = new PortPool({ first: 50001, last: 50040 }, random);
    const free = new Set(range(50001, 50040));
    const taken: number[] = [];
    for (let step = 0; step < 20_000; step++) {
      const choice = random() % 5;
      if (choice === 0) taken.push(...claim(pool.take(), [0]));
      else if (choice === 1) taken.push(...claim(pool.takeEven(), [0]));
      else if (choice === 2) taken.push(...claim(pool.takeEvenPair(), [0, 1]));
      else if (taken.length > 0) {
        const [port = 0] = taken.splice(random() % taken.length, 1);
        pool.release(port);
        free.add(port);
      }
      expect(pool.freeCount).toBe(free.size);
    }

    function claim(port: number | null, offsets: number[]): number[] {
      const ports = port === null ? [] : offsets.map((offset) => port + offset);
      for (const claimed of ports) expect(free.delete(claimed)).toBe(true);
      if (port === null && offsets.length === 2) {
        expect([...free].some((even) => even % 2 === 0 && free.has(even + 1))).toBe(false);
      }
      return ports;
    }
  });

  test.each(['take', 'takeEven', 'takeEvenPair'] as const)(
    '%s draws every port that qualifies equally often',
    (take) => {
      const pool = new PortPool({ first: 50000, last: 50019 }, seededUint32(7));
      // Some halves are gone, so that all three lists are drawn from.
      const gone = drain(pool, 'take').filter((port) => ![50003, 50006].includes(port));
      for (const port of gone) pool.release(port);
      const counts = new Map<number, number>();
      const draws = 20_000;
      for (let draw = 0; draw < draws; draw++) {
        const port = pool[take]() ?? 0;
        counts.set(port, (counts.get(port) ?? 0) + 1);
        pool.release(port);
        if (take === 'takeEvenPair') pool.release(port + 1);
      }
      const expected = { take: 18, takeEven: 9, takeEvenPair: 8 }[take];
      expect(counts.size).toBe(expected);
      // Five standard deviations.
      const mean = draws / expected;
      for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(5 * Math.sqrt(mean));
    },
  );

  test('a port that is free or foreign cannot be given back', () => {
    const pool = new PortPool({ first: 50000, last: 50009 }, seededUint32(1));
    expect(() => pool.release(50000)).toThrow('free already');
    expect(() => pool.release(49999)).toThrow('not of this pool');
  });
});
