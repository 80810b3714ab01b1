/** `npm run check`: format, lint, types, dependencies, architecture and unit tests, two at a time. */
import { availableParallelism } from 'node:os';
import { runProgram } from './run-program.ts';

interface Check {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

// Longest first, so that the last one to end is a short one.
const checks: Check[] = [
  { name: 'lint', program: 'node_modules/eslint/bin/eslint.js', args: ['--max-warnings=0', '.'] },
  {
    name: 'unit and architecture tests',
    program: 'node_modules/vitest/vitest.mjs',
    args: ['run', '--project=unit', '--reporter=dot', '--maxWorkers=2'],
  },
  { name: 'types', program: 'node_modules/typescript/bin/tsc', args: ['-p', '.'] },
  { name: 'format', program: 'node_modules/prettier/bin/prettier.cjs', args: ['--check', '--log-level=warn', '.'] },
  {
    name: 'dependencies',
    program: 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
    args: ['--config', '.dependency-cruiser.cjs', 'server', 'scripts', 'test'],
  },
];

const waiting = checks.values();
let failures = 0;

async function work(): Promise<void> {
  for (const check of waiting) {
    const startedMs = performance.now();
    const { exitCode, output } = await runProgram(process.execPath, [check.program, ...check.args], 'capture');
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    console.log(`${exitCode === 0 ? 'ok    ' : 'FAILED'} ${check.name} (${seconds} s)`);
    if (exitCode !== 0) {
      failures += 1;
      console.log(output.trimEnd());
    }
  }
}

await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work));
process.exitCode = failures === 0 ? 0 : 1;
