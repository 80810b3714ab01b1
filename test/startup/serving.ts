import { RunningProgram, projectRoot, type ProgramOptions } from './running-program.ts';
import path from 'node:path';
import { TurnClient } from '../support/turn-client.ts';
import { ip } from '../support/addresses.ts';

/** The command line's entry, for the Node.js that runs the test. */
export const commandLine = path.join(projectRoot, 'server/cli/main.ts');

/** The line that says that a server serves. */
export const readyLine = /"event":"ready"/;

const user = { name: 'startup', password: 'correct horse battery staple' };

/** Flags that keep a server on loopback, on ports that are free. */
export function loopbackFlags(dataDir: string): string[] {
  return [
    '--turn-listen=udp://127.0.0.1:0,tcp://127.0.0.1:0',
    '--http-public=http://127.0.0.1:0',
    '--http-admin=http://127.0.0.1:0',
    `--data-dir=${dataDir}`,
  ];
}

/** Starts `turnpike serve` under the Node.js that runs the test. */
export function serve(flags: readonly string[], options?: ProgramOptions): RunningProgram {
  const env = { ...process.env, TURNPIKE_TURN_USERS: JSON.stringify([user]), ...options?.env };
  return new RunningProgram(process.execPath, [commandLine, 'serve', ...flags], { ...options, env });
}

/** Opens an allocation on a ready server, so that it has something to drain. Closing the client does not release it. */
export async function allocateOn(server: RunningProgram): Promise<TurnClient> {
  const port = readyPort(server, 'udp');
  const credential = { username: user.name, password: user.password };
  const client = await TurnClient.overUdp({ ip: ip('127.0.0.1'), port }, credential);
  const { code } = await client.allocate();
  if (code !== 0) throw new Error(`Allocate was answered ${code}`);
  return client;
}

/** The port of a ready server's listener. */
function readyPort(server: RunningProgram, transport: 'udp' | 'tcp'): number {
  const line = server.stdout.split('\n').find((each) => each.includes('"event":"ready"')) ?? '{"turn":[]}';
  const { turn } = JSON.parse(line) as { turn: { transport: string; port: number }[] };
  const listener = turn.find((each) => each.transport === transport);
  if (listener === undefined) throw new Error(`no ${transport} listener in ${line}`);
  return listener.port;
}
