import { describe, expect, test } from 'vitest';
import { MonthlyQuotas } from '../../server/telemetry/monthly-quotas.ts';

const november = Date.UTC(2026, 10, 30, 23, 59, 59);
const december = Date.UTC(2026, 11, 1);

/** Quotas of which the app `chat` and the user `ann` have one of 1,000 bytes, to be changed through `limits`. */
function quotas(counted: readonly [month: string, kind: 'app' | 'user', name: string, bytes: number][] = []): {
  quotas: MonthlyQuotas;
  limits: Map<string, number | null>;
} {
  const limits = new Map<string, number | null>([
    ['app chat', 1000],
    ['user ann', 1000],
  ]);
  const rows = counted.map(([month, kind, name, bytes]) => ({ month, kind, name, bytes }));
  return { quotas: new MonthlyQuotas(rows, (kind, name) => limits.get(`${kind} ${name}`) ?? null, november), limits };
}

describe('bytes against the quota of the month', () => {
  test.each([
    ['below it', 999, false],
    ['all of it', 1000, true],
    ['beyond it, as the last second brought it', 5000, true],
  ])('%s', (_, bytes, isExhausted) => {
    for (const [kind, name] of [
      ['app', 'chat'],
      ['user', 'ann'],
    ] as const) {
      const { quotas: counted } = quotas();
      expect(counted.add(kind, name, bytes)).toBe(isExhausted);
      expect(counted.isExhausted(kind, name)).toBe(isExhausted);
      expect(counted.bytesOf(kind, name)).toBe(bytes);
    }
  });

  test('that it is exhausted is told once', () => {
    const { quotas: counted } = quotas();
    expect([counted.add('app', 'chat', 1000), counted.add('app', 'chat', 1)]).toEqual([true, false]);
    expect(counted.exhausted).toEqual({ apps: 1, users: 0 });
  });

  test('an app and a user of one name are two, and whoever has no quota has no end', () => {
    const { quotas: counted } = quotas();
    counted.add('user', 'chat', 1_000_000);
    counted.add('app', '__proto__', 1_000_000);
    expect(counted.exhausted).toEqual({ apps: 0, users: 0 });
  });

  test.each([
    ['raised beyond what was relayed', 2000, 5000, 'freed'],
    ['raised, and not enough', 2000, 1500, 'still exhausted'],
    ['taken away', 2000, null, 'freed'],
  ])('a quota that is %s', (_, bytes, limit, outcome) => {
    const { quotas: counted, limits } = quotas();
    counted.add('app', 'chat', bytes);
    limits.set('app chat', limit);
    expect(counted.review('app', 'chat')).toBe(outcome === 'freed');
    expect(counted.isExhausted('app', 'chat')).toBe(outcome !== 'freed');
  });

  test('a quota that is lowered below what was relayed is exhausted at once', () => {
    const { quotas: counted, limits } = quotas();
    counted.add('app', 'chat', 500);
    limits.set('app chat', 500);
    expect(counted.isExhausted('app', 'chat')).toBe(false);
    expect(counted.review('app', 'chat')).toBe(true);
    expect(counted.isExhausted('app', 'chat')).toBe(true);
  });
});

describe('the month', () => {
  test('a new one frees everybody, and tells whom', () => {
    const { quotas: counted } = quotas();
    counted.add('app', 'chat', 1000);
    counted.add('user', 'ann', 1000);
    expect(counted.advance(december - 1)).toEqual([]);
    expect(counted.advance(december)).toEqual([
      { kind: 'app', name: 'chat' },
      { kind: 'user', name: 'ann' },
    ]);
    expect(counted.exhausted).toEqual({ apps: 0, users: 0 });
    expect(counted.bytesOf('app', 'chat')).toBe(0);
  });

  test('what was counted before a restart counts, what was counted last month does not', () => {
    const { quotas: counted } = quotas([
      ['2026-11', 'app', 'chat', 1000],
      ['2026-10', 'user', 'ann', 5000],
    ]);
    expect(counted.exhausted).toEqual({ apps: 1, users: 0 });
    expect(counted.add('user', 'ann', 999)).toBe(false);
  });

  test('what is written is what was added since, in the month that it was added in; what is put back comes again', () => {
    const { quotas: counted } = quotas([['2026-11', 'app', 'chat', 700]]);
    counted.add('app', 'chat', 10);
    counted.add('app', 'chat', 5);
    const taken = counted.take();
    expect(taken).toEqual([{ month: '2026-11', kind: 'app', name: 'chat', bytes: 15 }]);
    expect(counted.take()).toEqual([]);
    counted.advance(december);
    counted.add('app', 'chat', 3);
    counted.putBack(taken);
    expect(counted.take()).toEqual([
      { month: '2026-12', kind: 'app', name: 'chat', bytes: 3 },
      { month: '2026-11', kind: 'app', name: 'chat', bytes: 15 },
    ]);
  });
});

test('the limit of an owner is asked for once, and again after a review: not a query for each report', () => {
  let asked = 0;
  const counted = new MonthlyQuotas([], () => ((asked += 1), 1_000_000), november);
  for (let at = 0; at < 100; at++) counted.add('app', 'chat', 1);
  expect(asked).toBe(1);
  counted.review('app', 'chat');
  expect(asked).toBe(2);
});
