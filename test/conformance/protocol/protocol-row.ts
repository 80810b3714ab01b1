import { expect, test } from 'vitest';
import type { Reply } from '../../turn/reply.ts';
import { TestMachine, type TestMachineSettings } from '../../turn/test-machine.ts';

/**
 * One rule of a specification: its source and what it says; a script that ends in the answer under test; and the
 * answer's error code, 0 for success, or `silent` for none.
 */
export type ProtocolRow = readonly [
  rule: string,
  script: (machine: TestMachine) => Reply | undefined,
  expected: number | 'silent',
  settings?: TestMachineSettings,
];

/** Declares one test for each row. */
export function testRows(rows: readonly ProtocolRow[]): void {
  for (const [rule, script, expected, settings] of rows) {
    test(rule, () => {
      const reply = script(new TestMachine(settings));
      expect(reply === undefined ? 'silent' : reply.code).toBe(expected);
    });
  }
}
