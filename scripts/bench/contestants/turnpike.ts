import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../binding-probe.ts';
import { startServer } from '../child-processes.ts';
import { benchCertificate } from './bench-certificate.ts';
import { benchUser, type Contestant } from './contestant.ts';

/** The script of the command `turnpike`. */
export const serveScript = fileURLToPath(new URL('../../../server/cli/main.ts', import.meta.url));

/** Turnpike itself, as `turnpike serve` starts it, with nothing changed but what the bench must change. */
export const turnpike: Contestant = {
  name: 'turnpike',
  label: 'Turnpike (js plane)',
  topology: 'turn',
  toward: 'both',
  transports: ['udp', 'tcp', 'tls'],
  unavailable: () => Promise.resolve(null),
  start: async (place) => {
    const [port, tlsPort] = [await freePort(), await freePort()];
    const server = startServer({
      command: place.programs.launch,
      args: [place.cpus, process.execPath, ...(await serveArguments(place.scratchDirectory, { port, tlsPort }))],
    });
    await server.ready;
    return { ...server, port, tlsPort };
  },
};

/** Where a server of the bench is to listen, on 127.0.0.1. Without `tlsPort` it has no TLS, and speaks plain HTTP. */
export interface BenchPorts {
  readonly port: number;
  readonly tlsPort?: number;
}

/** More of the configuration's `turn`, where a scenario needs it. */
type MoreTurnKeys = Readonly<Record<string, unknown>>;

/** The script and arguments of a server of the bench. */
export async function serveArguments(scratchDirectory: string, ports: BenchPorts): Promise<string[]> {
  return [serveScript, 'serve', '--config', await writeBenchConfig(scratchDirectory, ports)];
}

/** Writes the configuration of a server of the bench: on 127.0.0.1, with a data directory of its own. Returns its path. */
export async function writeBenchConfig(
  scratchDirectory: string,
  { port, tlsPort }: BenchPorts,
  moreTurnKeys: MoreTurnKeys = {},
): Promise<string> {
  const directory = await mkdtemp(join(scratchDirectory, 'turnpike-'));
  const file = join(directory, 'turnpike.yaml');
  const config = {
    dataDir: join(directory, 'data'),
    drainSeconds: 0,
    turn: {
      realm: benchUser.realm,
      engine: 'js',
      listen: [
        `udp://127.0.0.1:${port}`,
        `tcp://127.0.0.1:${port}`,
        ...(tlsPort === undefined ? [] : [`tls://127.0.0.1:${tlsPort}`]),
      ],
      publicAddress: 'none',
      users: [{ name: benchUser.name, password: benchUser.password }],
      // The generator's peers are on this host, where by default only other relays are reached.
      peers: { allow: ['127.0.0.1/32'] },
      ...moreTurnKeys,
    },
    ...(tlsPort === undefined ? {} : { tls: benchCertificate(scratchDirectory) }),
    http: { public: `${tlsPort === undefined ? 'http' : 'https'}://127.0.0.1:0`, admin: 'http://127.0.0.1:0' },
    log: { format: 'json' },
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
