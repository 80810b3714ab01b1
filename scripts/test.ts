/**
 * `npm test`: every suite under the pinned Node.js, and start and conformance again under Node 24.
 * The last line is the count: `N passed, N failed` and, where tests were skipped, `, N skipped`.
 * Arguments are filters for vitest (`npm test -- test/stun`): those files alone are run, once.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { projectRoot, runProgram } from './run-program.ts';
import { addCounts, countLeftOut, countReport, formatCounts, type TestCounts } from './test-counts.ts';
import { provideTools, testTools } from './test-tools.ts';

const reports = path.join(projectRoot, 'node_modules', '.cache', 'test-reports');

/** Runs vitest under this Node.js binary; counts what it reports. */
async function runVitest(node: string, name: string, args: readonly string[]): Promise<TestCounts> {
  const report = path.join(reports, `${name}.json`);
  rmSync(report, { force: true });
  mkdirSync(reports, { recursive: true });
  const { exitCode } = await runProgram(
    node,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...args,
    ],
    'inherit',
    { ...process.env, PATH: [path.dirname(node), process.env.PATH].join(path.delimiter) },
  );
  return countReport(exitCode, () => readFileSync(report, 'utf8'));
}

/** The Node 24 that the development package carries; null on a platform for which it carries none. */
function node24(): string | null {
  try {
    const manifest = createRequire(import.meta.url).resolve('node24-linux-x64/package.json');
    return path.join(path.dirname(manifest), 'bin', 'node');
  } catch {
    return null;
  }
}

async function runEverySuite(): Promise<TestCounts> {
  const missing = await provideTools(testTools);
  for (const tool of missing) {
    console.log(
      `test: ${tool.name} is missing, so these suites are left out: ${tool.projects.join(', ')}. ${tool.remedy}`,
    );
  }
  const leftOut = [...new Set(missing.flatMap((tool) => tool.projects))];
  const projects = leftOut.map((project) => `--project=!${project}`);
  const pinned = await runVitest(process.execPath, 'pinned', projects);
  const counts = addCounts(countLeftOut(leftOut, process.env.CI), pinned);
  const older = node24();
  if (older === null) {
    console.log(`test: no Node 24 is packaged for ${process.platform}-${process.arch}; its run is left out.`);
    return counts;
  }
  console.log('\ntest: start and conformance under Node 24');
  return addCounts(counts, await runVitest(older, 'node24', ['test/conformance', 'test/startup/serve']));
}

const filters = process.argv.slice(2);
const counts = filters.length === 0 ? await runEverySuite() : await runVitest(process.execPath, 'filtered', filters);
console.log(formatCounts(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;
