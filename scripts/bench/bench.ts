import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge } from './budgets.ts';
import { killAll } from './child-processes.ts';
import { availableContestants } from './contestants/all-contestants.ts';
import { describeMachine, planCpus } from './machine.ts';
import { renderMarkdown } from './markdown.ts';
import { compileNativePrograms } from './native-programs.ts';
import { publish } from './publish.ts';
import { readOptions, UsageError, USAGE, type BenchOptions, type ScenarioName } from './options.ts';
import type { Results } from './results.ts';
import { measureAllocate } from './scenarios/allocate.ts';
import { measureBinding } from './scenarios/binding.ts';
import { measureBusy } from './scenarios/busy.ts';
import { measureIssuing } from './scenarios/issuing.ts';
import { measureRelay } from './scenarios/relay.ts';
import { messageOf, type ScenarioContext } from './scenarios/scenario.ts';
import { measureSoak } from './scenarios/soak.ts';
import { measureStart } from './scenarios/start.ts';
import { measureStreams } from './scenarios/streams.ts';

async function measureAll(options: BenchOptions, scratchDirectory: string): Promise<Results> {
  const notes: string[] = [];
  const say = (line: string): void => console.error(line);
  const note = (line: string): void => {
    notes.push(line);
    say(`  ${line}`);
  };
  const cpuPlan = planCpus(cpus().length);
  const place = { programs: await compileNativePrograms(), cpus: cpuPlan.servers, scratchDirectory };
  const contestants = await availableContestants(options.contestants, note);
  const context: ScenarioContext = { options, contestants, place, cpuPlan, say, note };
  const when = async <Sample>(name: ScenarioName, measure: (context: ScenarioContext) => Promise<Sample[]>) =>
    options.scenarios.includes(name) ? measure(context) : [];
  return {
    relay: await when('relay', measureRelay),
    busy: await when('busy', measureBusy),
    issuing: await when('issuing', measureIssuing),
    streams: await when('streams', measureStreams),
    allocate: await when('allocate', measureAllocate),
    binding: await when('binding', measureBinding),
    start: await when('start', measureStart),
    soak: await when('soak', measureSoak),
    machine: await describeMachine(Date.now()),
    options,
    notes,
  };
}

async function bench(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    console.log(USAGE);
    return 0;
  }
  if (process.platform !== 'linux') {
    console.error('The bench runs on Linux only: its load generator uses recvmmsg, and reads /proc.');
    return 1;
  }
  const scratchDirectory = mkdtempSync(join(tmpdir(), 'turnpike-bench-'));
  process.on('exit', () => {
    killAll();
    rmSync(scratchDirectory, { recursive: true, force: true });
  });
  const results = await measureAll(options, scratchDirectory);
  const verdicts = judge(results);
  const page = renderMarkdown(results);
  await mkdir(options.outDirectory, { recursive: true });
  await writeFile(join(options.outDirectory, 'results.json'), `${JSON.stringify({ verdicts, ...results }, null, 2)}\n`);
  await writeFile(join(options.outDirectory, 'results.md'), page);
  if (options.publish) await publish(page);
  console.log(page);
  return verdicts.some(({ verdict }) => verdict === 'OVER') ? 3 : 0;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

try {
  process.exitCode = await bench(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n\n${USAGE}` : messageOf(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
