import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FailureRow, UsageRow } from '../../server/store/records.ts';
import {
  otherSubjects,
  UsageLedger,
  type RelayedAmounts,
  type UsageOwner,
} from '../../server/telemetry/usage-ledger.ts';
import { sumOf } from './usage-rows.ts';

const startMs = Date.UTC(2026, 11, 1, 12, 30);
const ann: UsageOwner = { app: 'chat', subject: 'ann', transport: 'udp' };

function relayed(bytesUp: number, bytesDown = 0): RelayedAmounts {
  return { bytesUp, bytesDown, packetsUp: 1, packetsDown: 2, drops: 3 };
}

describe('usage is told apart by', () => {
  test.each([
    ['nothing: one minute, app, subject and transport', {}, 0, 1],
    ['minute', {}, 60_000, 2],
    ['app', { app: 'default' }, 0, 2],
    ['app, where a TURN user has the name of a subject', { app: '' }, 0, 2],
    ['subject', { subject: 'ben' }, 0, 2],
    ['transport', { transport: 'tls' }, 0, 2],
  ])('%s', (_, other, laterMs, rows) => {
    const ledger = new UsageLedger();
    ledger.addAllocation(ann, startMs);
    ledger.addAllocation({ ...ann, ...other }, startMs + laterMs);
    expect(ledger.take().usage).toHaveLength(rows);
  });

  test('cause too, for failures', () => {
    const ledger = new UsageLedger();
    ledger.addFailures(ann, 'banned', 2, startMs);
    ledger.addFailures(ann, 'banned', 3, startMs + 59_999);
    ledger.addFailures(ann, 'quota-user', 1, startMs);
    expect(ledger.take().failures).toEqual([
      { startMs, cause: 'banned', ...ann, count: 5 },
      { startMs, cause: 'quota-user', ...ann, count: 1 },
    ]);
  });
});

describe('the peak is the highest rate of an interval,', () => {
  test.each<[string, [number, ...[UsageOwner, RelayedAmounts][]][], number]>([
    ['of both directions', [[1000, [ann, relayed(100, 25)]]], 1_000],
    ['of all sessions of the subject', [[1000, [ann, relayed(100)], [ann, relayed(50)]]], 1_200],
    ['over the time that it took', [[2000, [ann, relayed(1000)]]], 4_000],
    [
      'not the sum of intervals',
      [
        [1000, [ann, relayed(100)]],
        [1000, [ann, relayed(90)]],
      ],
      800,
    ],
    ['and no rate that a short interval makes up', [[10, [ann, relayed(100)]]], 800],
  ])('%s', (_, reports, peak) => {
    const ledger = new UsageLedger();
    for (const [intervalMs, ...amounts] of reports) ledger.addRelayed(amounts, intervalMs, startMs);
    expect(ledger.take().usage.map((row) => row.peakBitsPerSecond)).toEqual([peak]);
  });
});

describe('SECURITY.md 14: whatever subjects there are, the rows are bounded', () => {
  test('ten thousand subjects of an app in a minute have rows of their own, and nobody is left out', () => {
    const ledger = new UsageLedger();
    const count = 12_000;
    for (let at = 0; at < count; at++) ledger.addAllocation({ ...ann, subject: `subject ${at}` }, startMs);
    ledger.addAllocation({ ...ann, subject: 'subject 0' }, startMs);
    ledger.addAllocation({ ...ann, app: 'default', subject: 'somebody else' }, startMs);
    const { usage } = ledger.take();
    expect(usage).toHaveLength(10_000 + 2);
    expect(usage.find((row) => row.subject === otherSubjects)).toMatchObject({ app: 'chat', allocations: 2_000 });
    expect(usage.find((row) => row.subject === 'subject 0')).toMatchObject({ allocations: 2 });
    expect(sumOf(usage).allocations).toBe(count + 2);
  });

  test('taking the rows does not give room for other subjects in the same minute; the next minute does', () => {
    const ledger = new UsageLedger();
    for (let at = 0; at < 10_000; at++) ledger.addAllocation({ ...ann, subject: `subject ${at}` }, startMs);
    ledger.take();
    ledger.addAllocation({ ...ann, subject: 'late' }, startMs + 59_999);
    expect(ledger.take().usage.map((row) => row.subject)).toEqual([otherSubjects]);
    ledger.addAllocation({ ...ann, subject: 'late' }, startMs + 60_000);
    expect(ledger.take().usage.map((row) => row.subject)).toEqual(['late']);
  });

  test('while nothing can be written, what is beyond the bound is counted together by the hour', () => {
    const ledger = new UsageLedger(50);
    for (let minute = 0; minute < 240; minute++) {
      for (let at = 0; at < 10; at++) ledger.addAllocation({ ...ann, subject: `s${at}` }, startMs + minute * 60_000);
      ledger.addFailures(ann, 'banned', 1, startMs + minute * 60_000);
    }
    const hours = 5;
    expect(ledger.size).toBeLessThanOrEqual(50 + 2 * hours);
    const { usage, failures } = ledger.take();
    expect(sumOf(usage).allocations).toBe(2_400);
    expect(failures.reduce((sum, { count }) => sum + count, 0)).toBe(240);
  });
});

describe('nothing is lost or counted twice', () => {
  const owner = fc.record({
    app: fc.constantFrom('', 'chat', 'default'),
    subject: fc.constantFrom('ann', 'ben', '__proto__', '(others)', 'a","b'),
    transport: fc.constantFrom('udp', 'tcp'),
  });
  const amount = fc.nat(1_000_000);
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('relayed' as const),
      owner,
      bytesUp: amount,
      bytesDown: amount,
      laterMs: fc.nat(90_000),
    }),
    fc.record({
      kind: fc.constant('refused' as const),
      owner,
      count: fc.integer({ min: 1, max: 9 }),
      laterMs: fc.nat(90_000),
    }),
    fc.record({ kind: fc.constant('written' as const) }),
    // What cannot be written comes back, all of it or from some row on.
    fc.record({ kind: fc.constant('failed' as const), from: fc.nat(10) }),
  );

  test.each([100_000, 4])('whatever is taken and put back in between; with room for %i rows', (maxRows) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ledger = new UsageLedger(maxRows);
        const written: { usage: UsageRow[]; failures: FailureRow[] } = { usage: [], failures: [] };
        const given = { bytesUp: 0, bytesDown: 0, refused: 0 };
        let nowMs = startMs;
        for (const step of [...steps, { kind: 'written' } as const]) {
          if (step.kind === 'relayed') {
            nowMs += step.laterMs;
            ledger.addRelayed([[step.owner, relayed(step.bytesUp, step.bytesDown)]], 1000, nowMs);
            given.bytesUp += step.bytesUp;
            given.bytesDown += step.bytesDown;
          } else if (step.kind === 'refused') {
            nowMs += step.laterMs;
            ledger.addFailures(step.owner, 'banned', step.count, nowMs);
            given.refused += step.count;
          } else {
            const { usage, failures } = ledger.take();
            const from = step.kind === 'failed' ? step.from : Infinity;
            written.usage.push(...usage.slice(0, from));
            written.failures.push(...failures.slice(0, from));
            ledger.putBack({ usage: usage.slice(from), failures: failures.slice(from) });
          }
        }
        const { bytesUp, bytesDown } = sumOf(written.usage);
        const refused = written.failures.reduce((sum, { count }) => sum + count, 0);
        expect({ bytesUp, bytesDown, refused }).toEqual(given);
        expect(ledger.size).toBe(0);
      }),
    );
  });
});
