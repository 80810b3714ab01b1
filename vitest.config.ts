import { defineConfig } from 'vitest/config';

/** Suites that talk to real sockets, processes or browsers in earnest; everything else in test/ is a unit test. */
const suites = [
  'conformance',
  'interop',
  'lab',
  'security',
  'startup',
  'package',
  'packaging',
  'e2e',
  'fuzz',
  'simulation',
];

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // A test that is left focused would silence all others.
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: suites.map((suite) => `test/${suite}/**`),
          sequence: { groupOrder: 0 },
        },
      },
      ...suites.map((suite, index) => ({
        extends: true as const,
        test: { name: suite, include: [`test/${suite}/**/*.test.ts`], sequence: { groupOrder: index + 1 } },
      })),
    ],
  },
});
