import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { callControl } from '../../../server/app/control-client.ts';
import type { AdminReply, HealthReply } from '../../../server/contract/control.ts';
import { freePort } from '../binding-probe.ts';
import { startServer, type StartedProcess } from '../child-processes.ts';
import { serveScript, turnpike, writeBenchConfig } from '../contestants/turnpike.ts';
import { median } from '../statistics.ts';
import { relayOnce, type RelaySample } from './relay.ts';
import type { Entrant, ScenarioContext } from './scenario.ts';

/** The rate of relayed packets beside which credentials are issued. */
const packetRate = 5_000;
/** Credentials a second (docs/performance.md). */
export const issuedPerSecond = 2_000;

/** One round: the latency of relaying alone, and beside the issuing of credentials. */
export interface IssuingSample {
  readonly round: number;
  readonly alone: RelaySample;
  readonly beside: RelaySample;
  /** Credentials that were issued in a second, the median of the round. */
  readonly grantedPerSecond: number;
  readonly refused: number;
}

const issuingProcess = fileURLToPath(new URL('../issuing-process.ts', import.meta.url));

/** Relays through one server, by turns alone and while back ends ask it for credentials. Nothing keeps to a CPU, as in production. */
export async function measureIssuing(context: ScenarioContext): Promise<IssuingSample[]> {
  context.say(`issuing: ${packetRate} packets/s beside ${issuedPerSecond} credentials/s`);
  const anywhere = { ...context, place: { ...context.place, cpus: 'any' } };
  const port = await freePort();
  const config = await writeBenchConfig(context.place.scratchDirectory, { port });
  const server = startServer({ command: process.execPath, args: [serveScript, 'serve', '--config', config] });
  try {
    await server.ready;
    const dataDir = join(config, '..', 'data');
    const target = { url: await publicUrl(dataDir), apiKey: await makeKey(dataDir) };
    const entrant: Entrant = { contestant: turnpike, server: { ...server, port } };
    const relay = (round: number): Promise<RelaySample> =>
      relayOnce(anywhere, entrant, round, { rate: packetRate, transport: 'udp' });
    const samples: IssuingSample[] = [];
    for (let round = 0; round < context.options.rounds; round++) {
      const alone = await relay(round);
      const backEnds = startBackEnds(target);
      await backEnds.process.ready;
      const beside = await relay(round);
      await backEnds.process.stop();
      samples.push({ round, alone, beside, ...backEnds.figures() });
    }
    return samples;
  } finally {
    await server.stop();
  }
}

interface BackEnds {
  readonly process: StartedProcess;
  figures(): { readonly grantedPerSecond: number; readonly refused: number };
}

function startBackEnds({ url, apiKey }: { readonly url: string; readonly apiKey: string }): BackEnds {
  let output = '';
  const process_ = startServer({
    command: process.execPath,
    args: [issuingProcess, url, apiKey, String(issuedPerSecond)],
    onOutput: (text) => (output += text),
  });
  const figures = (): { grantedPerSecond: number; refused: number } => {
    const lines = output.split('\n').filter((line) => line.includes('"issued"'));
    const seconds = lines.map((line) => JSON.parse(line) as { granted: number; refused: number });
    return {
      grantedPerSecond: median(seconds.map(({ granted }) => granted)),
      refused: seconds.reduce((sum, { refused }) => sum + refused, 0),
    };
  };
  return { process: process_, figures };
}

async function publicUrl(dataDir: string): Promise<string> {
  const { listeners } = (await callControl(dataDir, { command: 'health' })) as HealthReply;
  const url = listeners.find(({ role }) => role === 'http')?.url;
  if (url === undefined) throw new Error('the server has no public HTTP listener');
  return url;
}

async function makeKey(dataDir: string): Promise<string> {
  const body = { name: 'bench', requestsPerSecond: 100_000 };
  const request = { command: 'admin', method: 'POST', path: '/apps/default/keys', body } as const;
  const { status, body: made } = (await callControl(dataDir, request)) as AdminReply;
  if (status !== 201) throw new Error(`no API key could be made: ${JSON.stringify(made)}`);
  return (made as { readonly text: string }).text;
}
