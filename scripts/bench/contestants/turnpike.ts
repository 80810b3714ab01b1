import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../binding-probe.ts';
import { startServer } from '../child-processes.ts';
import { benchUser, type Contestant } from './contestant.ts';

const command = fileURLToPath(new URL('../../../server/cli/main.ts', import.meta.url));

/** Turnpike itself, as `turnpike serve` starts it, with nothing changed but what the bench must change. */
export const turnpike: Contestant = {
  name: 'turnpike',
  label: 'Turnpike (js plane)',
  topology: 'turn',
  toward: 'both',
  tcp: true,
  unavailable: () => Promise.resolve(null),
  start: async (place) => {
    const port = await freePort();
    const server = startServer({
      command: place.programs.launch,
      args: [place.cpus, process.execPath, ...(await serveArguments(place.scratchDirectory, port))],
    });
    await server.ready;
    return { ...server, port };
  },
};

/** The script and arguments of a server of the bench. */
export async function serveArguments(scratchDirectory: string, port: number): Promise<string[]> {
  return [command, 'serve', '--config', await writeBenchConfig(scratchDirectory, port)];
}

/** Writes the configuration of a server of the bench: on 127.0.0.1, with a data directory of its own. Returns its path. */
export async function writeBenchConfig(scratchDirectory: string, port: number): Promise<string> {
  const directory = await mkdtemp(join(scratchDirectory, 'turnpike-'));
  const file = join(directory, 'turnpike.yaml');
  const config = {
    dataDir: join(directory, 'data'),
    drainSeconds: 0,
    turn: {
      realm: benchUser.realm,
      engine: 'js',
      listen: [`udp://127.0.0.1:${port}`, `tcp://127.0.0.1:${port}`],
      publicAddress: 'none',
      users: [{ name: benchUser.name, password: benchUser.password }],
      // The generator's peers are on this host, where by default only other relays are reached.
      peers: { allow: ['127.0.0.1/32'] },
    },
    http: { public: 'http://127.0.0.1:0' },
    log: { format: 'json' },
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
