import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

const cli = fileURLToPath(new URL('../../server/cli/main.ts', import.meta.url));
const startTimeoutMs = 20_000;
const stopTimeoutMs = 10_000;

/** One entry of RTCConfiguration.iceServers. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** A served appliance, as a process of its own. */
export interface ApplianceProcess {
  /** What `turnpike ice` prints for a person to paste. */
  printedIce(): Promise<string>;
  /** What `turnpike ice --json` prints for a program. */
  iceServers(): Promise<readonly IceServer[]>;
}

/** Starts `turnpike serve` on loopback and waits until it is ready. It is stopped, and its files removed, when the test ends. */
export async function startAppliance(): Promise<ApplianceProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-e2e-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const configFile = join(directory, 'turnpike.yaml');
  await writeFile(
    configFile,
    [
      `dataDir: ${join(directory, 'data')}`,
      'publicHost: 127.0.0.1',
      'turn: { listen: ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"] }',
      'http: { public: "http://127.0.0.1:0" }',
      'drainSeconds: 1',
      '',
    ].join('\n'),
  );
  const child = spawn(process.execPath, [cli, 'serve', '--config', configFile], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => stop(child));
  await ready(child);
  const ice = async (...flags: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [cli, 'ice', '--config', configFile, ...flags])).stdout;
  return {
    printedIce: () => ice(),
    iceServers: async () => (JSON.parse(await ice('--json')) as { iceServers: IceServer[] }).iceServers,
  };
}

/** Waits for the log line that says so. */
async function ready(child: ChildProcess): Promise<void> {
  const output: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (why: string): void => reject(new Error(`turnpike serve ${why}; it printed:\n${output.join('\n')}`));
  const timer = setTimeout(() => fail(`was not ready within ${startTimeoutMs} ms`), startTimeoutMs);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface(stream).on('line', (line) => {
      output.push(line);
      if (line.startsWith('{') && (JSON.parse(line) as { event?: string }).event === 'ready') resolve();
    });
  }
  child.once('exit', (code, signal) => fail(`ended with ${code ?? signal ?? 'nothing'}`));
  return promise.finally(() => clearTimeout(timer));
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  const [code] = (await exited) as [number | null];
  clearTimeout(insist);
  if (code !== 0) throw new Error(`turnpike serve did not end by itself within ${stopTimeoutMs} ms of SIGTERM`);
}
