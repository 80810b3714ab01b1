import { describe, expect, test } from 'vitest';
import { addCounts, countLeftOut, countReport, formatCounts } from '../../scripts/test-counts.ts';

function report(
  passed: number,
  failed: number,
  pending: number,
  files: readonly [string, readonly string[]][],
): string {
  return JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: pending,
    numTodoTests: 0,
    testResults: files.map(([status, tests]) => ({
      status,
      assertionResults: tests.map((each) => ({ status: each })),
    })),
  });
}

describe('countReport', () => {
  test.each([
    ['all passed', 0, report(2, 0, 0, [['passed', ['passed', 'passed']]]), { passed: 2, failed: 0, skipped: 0 }],
    ['one failed', 1, report(1, 1, 0, [['failed', ['passed', 'failed']]]), { passed: 1, failed: 1, skipped: 0 }],
    ['skipped', 0, report(1, 0, 3, [['passed', ['passed']]]), { passed: 1, failed: 0, skipped: 3 }],
    [
      'a file that could not be loaded',
      1,
      report(1, 0, 0, [
        ['passed', ['passed']],
        ['failed', []],
      ]),
      { passed: 1, failed: 1, skipped: 0 },
    ],
    [
      'a failure that no test accounts for',
      1,
      report(1, 0, 0, [['passed', ['passed']]]),
      { passed: 1, failed: 1, skipped: 0 },
    ],
  ])('%s', (_, exitCode, text, counts) => {
    expect(countReport(exitCode, () => text)).toEqual(counts);
  });

  test.each([
    [
      'vitest died before it wrote its report',
      () => {
        throw new Error('ENOENT');
      },
    ],
    ['vitest died while it wrote its report', () => '{"numPassed'],
  ])('%s', (_, read) => {
    expect(countReport(1, read)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

test('addCounts sums two runs', () => {
  expect(addCounts({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 })).toEqual({
    passed: 11,
    failed: 22,
    skipped: 33,
  });
});

describe('countLeftOut', () => {
  test.each([
    ['a suite that a missing tool leaves out is a failure under CI', 'true', 1],
    ['elsewhere it is said, and counts nothing', undefined, 0],
    ['CI=false is elsewhere', 'false', 0],
  ])('%s', (_, ci, failed) => {
    expect(countLeftOut(['e2e'], ci)).toEqual({ passed: 0, failed, skipped: 0 });
  });
});

describe('formatCounts', () => {
  test.each([
    [{ passed: 3, failed: 0, skipped: 0 }, '3 passed, 0 failed'],
    [{ passed: 3, failed: 1, skipped: 2 }, '3 passed, 1 failed, 2 skipped'],
  ])('%o', (counts, line) => {
    expect(formatCounts(counts)).toBe(line);
  });
});
