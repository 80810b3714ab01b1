import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { callControl } from '../../../server/app/control-client.ts';
import type { HealthReply } from '../../../server/contract/control.ts';
import { freePort } from '../binding-probe.ts';
import { startServer, type StartedProcess } from '../child-processes.ts';
import { benchCertificate } from '../contestants/bench-certificate.ts';
import { serveScript, writeBenchConfig } from '../contestants/turnpike.ts';
import { BindingProber } from '../soak/binding-prober.ts';
import { Census, type LoadCounts } from '../soak/census.ts';
import { readListenerDrops, readServerFigures } from '../soak/server-figures.ts';
import { failuresOf, heldBy, type SoakMoment, type SoakRun } from '../soak/soak-run.ts';
import { messageOf, type ScenarioContext } from './scenario.ts';

const loadScript = fileURLToPath(new URL('../soak/load-process.ts', import.meta.url));
/** A server that has just started still compiles and collects. */
const settleMs = 3000;
/** What clients leave behind has expired by then, with what a busy machine takes longer. */
const longestRestMs = 90_000;
const shortestIntervalMs = 2000;
const momentsInAll = 600;

/** A server under a soak. */
interface SoakServer {
  readonly process: StartedProcess;
  readonly port: number;
  readonly tlsPort: number;
  readonly dataDir: string;
  readonly secret: string;
  readonly errorLines: string[];
}

/** Watches one Turnpike while clients of every kind come and go, and after the last has left. */
export async function measureSoak(context: ScenarioContext): Promise<SoakRun[]> {
  if (!context.contestants.some(({ name }) => name === 'turnpike')) return [];
  const { soakMinutes } = context.options;
  context.say(`soak: ${soakMinutes} minutes of clients that come and go`);
  const server = await startSoakServer(context);
  try {
    const run = await soak(context, server);
    for (const [kind, count] of failuresOf(run)) context.note(`soak: ${count} x ${kind}`);
    for (const line of run.errorLines.slice(0, 20)) context.note(`soak: the server said ${line}`);
    return [run];
  } finally {
    await server.process.stop();
  }
}

async function startSoakServer({ place }: ScenarioContext): Promise<SoakServer> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const secret = randomBytes(32).toString('base64');
  // A client that vanishes leaves its allocation behind. With strictExpiry that ends with the credential and not after 600 s, so
  // that within a minute the population is level.
  const turn = { strictExpiry: true, secrets: [secret] };
  const config = await writeBenchConfig(place.scratchDirectory, { port, tlsPort }, turn);
  const errorLines: string[] = [];
  const process_ = startServer({
    command: place.programs.launch,
    args: [place.cpus, process.execPath, serveScript, 'serve', '--config', config],
    onOutput: byLine((line) => {
      if (isErrorLine(line)) errorLines.push(line);
    }),
  });
  await process_.ready;
  return { process: process_, port, tlsPort, dataDir: join(dirname(config), 'data'), secret, errorLines };
}

async function soak(context: ScenarioContext, server: SoakServer): Promise<SoakRun> {
  const prober = await BindingProber.start(server.port);
  try {
    await delay(settleMs);
    forgetSummary(server.errorLines);
    const observer = new Observer(server, prober);
    const before = await observer.look(null);
    const load = startLoad(context, server);
    const under: SoakMoment[] = [];
    let after = before;
    try {
      await watch(context, observer, load, under);
      after = await rest(observer, before, load.counts());
    } catch (error) {
      // What was seen until then is judged, and cannot pass.
      after = under.at(-1) ?? before;
      server.errorLines.push(`The soak broke off after ${after.atS.toFixed(0)} s: ${messageOf(error)}`);
    }
    return {
      minutes: context.options.soakMinutes,
      before,
      under,
      after,
      load: load.counts(),
      bindingsLost: prober.lost,
      listenerDrops: await readListenerDrops(server.port),
      errorLines: server.errorLines,
    };
  } finally {
    prober.stop();
  }
}

/** Looks at a server from outside. */
class Observer {
  readonly #server: SoakServer;
  readonly #prober: BindingProber;
  readonly #beganMs = performance.now();

  constructor(server: SoakServer, prober: BindingProber) {
    this.#server = server;
    this.#prober = prober;
  }

  async look(load: LoadCounts | null): Promise<SoakMoment> {
    const {
      process: { pid },
      dataDir,
    } = this.#server;
    const atS = (performance.now() - this.#beganMs) / 1000;
    const server = await readServerFigures(pid);
    const { allocations, counts } = (await callControl(dataDir, { command: 'health' })) as HealthReply;
    return { atS, server, allocations, counts, bindings: this.#prober.take(), load };
  }
}

/** The load's process. */
interface RunningLoad {
  readonly ended: Promise<void>;
  /** What it last reported. */
  counts(): LoadCounts;
  /** What it printed that is no report. */
  said(): string;
}

function startLoad({ place, cpuPlan, options }: ScenarioContext, server: SoakServer): RunningLoad {
  let counts = new Census().counts;
  let said = '';
  const { certificate } = benchCertificate(place.scratchDirectory);
  const load = startServer({
    command: place.programs.launch,
    args: [
      ...[cpuPlan.generator === -1 ? 'any' : String(cpuPlan.generator), process.execPath, loadScript],
      ...[String(server.port), String(server.tlsPort), certificate, server.secret, String(options.soakMinutes * 60)],
    ],
    onOutput: byLine((line) => {
      if (line.startsWith('{')) counts = JSON.parse(line) as LoadCounts;
      else if (said.length < 5000) said += `${line}\n`;
    }),
  });
  return { ended: load.ended, counts: () => counts, said: () => said };
}

/** Looks again and again until the load has ended. Rejects when it does not end well, and when the server does not answer. */
async function watch(
  context: ScenarioContext,
  observer: Observer,
  load: RunningLoad,
  moments: SoakMoment[],
): Promise<void> {
  const loadMs = context.options.soakMinutes * 60_000;
  const intervalMs = Math.max(shortestIntervalMs, loadMs / momentsInAll);
  const longestMs = loadMs + longestRestMs;
  const beganMs = performance.now();
  const ended = load.ended.then(() => true);
  while (!(await Promise.race([delay(intervalMs, false), ended]))) {
    const elapsedMs = performance.now() - beganMs;
    if (elapsedMs > longestMs) throw new Error('the clients do not come to an end');
    // What is seen while everybody leaves is no part of the level.
    if (elapsedMs > loadMs) continue;
    moments.push(await observer.look(load.counts()));
    tell(context, moments);
  }
  if (load.counts().live > 0 || load.said() !== '') throw new Error(`the load ended early: ${load.said()}`);
}

/** Says once a minute how it goes. */
function tell({ say }: ScenarioContext, moments: readonly SoakMoment[]): void {
  const [last, previous] = [moments.at(-1), moments.at(-2)];
  if (last === undefined || previous === undefined) return;
  if (Math.floor(last.atS / 60) === Math.floor(previous.atS / 60)) return;
  const { atS, server, allocations, bindings, load } = last;
  const mib = (server.residentBytes / 1024 / 1024).toFixed(1);
  const failures = Object.values(load?.failures ?? {}).reduce((sum, count) => sum + count, 0);
  say(
    `  ${(atS / 60).toFixed(1)} min: ${mib} MiB, ${server.descriptors} descriptors, ${allocations} allocations, ` +
      `Binding p50 ${bindings.p50Us?.toFixed(0)} us, p99 ${bindings.p99Us?.toFixed(0)} us, ${failures} failures`,
  );
}

/** Waits until the server has let go of everything, as long as that may take, and looks once more. */
async function rest(observer: Observer, before: SoakMoment, load: LoadCounts): Promise<SoakMoment> {
  const untilMs = performance.now() + longestRestMs;
  for (;;) {
    await delay(settleMs);
    const moment = await observer.look(load);
    const isBack = heldBy(moment) === 0 && moment.server.descriptors <= before.server.descriptors;
    if (isBack || performance.now() > untilMs) return moment;
  }
}

/** What the server says to people when it has started is no log line, and no error. */
function forgetSummary(lines: string[]): void {
  const logged = lines.filter((line) => line.startsWith('{'));
  lines.splice(0, lines.length, ...logged);
}

/** Gives out whole lines of what arrives in pieces. */
function byLine(onLine: (line: string) => void): (text: string) => void {
  let held = '';
  return (text) => {
    const lines = `${held}${text}`.split('\n');
    held = lines.pop() ?? '';
    lines.filter((line) => line !== '').forEach(onLine);
  };
}

/** Whether a line of the server tells of an error: one of the log at `error`, or none of the log at all, as a crash prints. */
function isErrorLine(line: string): boolean {
  try {
    const entry = JSON.parse(line) as { readonly level?: unknown };
    return entry.level === 'error' || entry.level === 'fatal';
  } catch {
    return true;
  }
}
