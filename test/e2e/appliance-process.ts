import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { callControl } from '../../server/app/control-client.ts';
import type { AdminMethod, AdminReply } from '../../server/contract/control.ts';
import { RunningProgram } from '../startup/running-program.ts';
import { commandLine, readyLine } from '../startup/serving.ts';
import type { TestCertificate } from '../support/certificates.ts';
import { tempDir } from '../support/temp-dir.ts';

const stopTimeoutMs = 10_000;

/** One entry of RTCConfiguration.iceServers. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** How a page reaches the relay: the end of a `turn:` URL, or `turns:`. */
export type IceTransport = 'udp' | 'tcp' | 'tls';

/** What a started session logs: the client's address, what it came by, and its relayed transport addresses. */
export interface LoggedSession {
  readonly client: string;
  readonly transport: IceTransport;
  readonly relayed: readonly string[];
}

/** A served appliance, as a process of its own. */
export interface ApplianceProcess {
  /** What `turnpike ice` prints for a person to paste. */
  printedIce(): Promise<string>;
  /** What `turnpike ice --json` prints for a program, without the URLs of the other transports. */
  iceServers(transport: IceTransport): Promise<readonly IceServer[]>;
  /** A request of the admin API as a local command makes it: the document of its answer. */
  admin(method: AdminMethod, path: string, body?: unknown): Promise<unknown>;
  /** The sessions that were started so far. */
  sessions(): readonly LoggedSession[];
  /** The peers for which a session was refused a permission, as logged so far: the log names the first of several. */
  deniedPeers(): readonly string[];
}

/** How an appliance is served, where it matters. */
export interface ApplianceOptions {
  /** The loopback address of all listeners; 127.0.0.1 when omitted. */
  readonly host?: '127.0.0.1' | '::1';
  /** What the URLs call it; `host` when omitted. */
  readonly publicHost?: string;
  /** `turn.defaultAddressFamily`. */
  readonly defaultAddressFamily?: 'ipv4' | 'client';
  /** Without one there is no `tls` listener. */
  readonly certificate?: TestCertificate;
}

/** Starts `turnpike serve` on loopback and waits until it is ready. It is stopped, and its files removed, when the test ends. */
export async function startAppliance(options: ApplianceOptions = {}): Promise<ApplianceProcess> {
  const directory = tempDir();
  const configFile = join(directory, 'turnpike.yaml');
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(await configOf(options, directory)));
  const program = new RunningProgram(process.execPath, [commandLine, 'serve', '--config', configFile]);
  onTestFinished(() => stop(program));
  await program.seen(readyLine);
  const ice = async (...flags: string[]): Promise<string> =>
    (await promisify(execFile)(process.execPath, [commandLine, 'ice', '--config', configFile, ...flags])).stdout;
  return {
    printedIce: () => ice(),
    iceServers: async (transport) => {
      const { iceServers } = JSON.parse(await ice('--json')) as { iceServers: IceServer[] };
      return iceServers
        .map((server) => ({ ...server, urls: server.urls.filter((url) => transportOf(url) === transport) }))
        .filter((server) => server.urls.length > 0);
    },
    admin: async (method, path, body) => {
      const request = { command: 'admin', method, path, ...(body === undefined ? {} : { body }) } as const;
      const reply = (await callControl(join(directory, 'data'), request)) as AdminReply;
      if (reply.status >= 400) throw new Error(`${method} ${path}: ${JSON.stringify(reply.body)}`);
      return reply.body;
    },
    sessions: () => logged<LoggedSession>(program, 'session_started'),
    deniedPeers: () => logged<{ peer?: string }>(program, 'refused').flatMap(({ peer }) => peer ?? []),
  };
}

async function configOf(options: ApplianceOptions, directory: string): Promise<object> {
  const { host = '127.0.0.1', publicHost = host, defaultAddressFamily = 'ipv4', certificate } = options;
  const transports: IceTransport[] = certificate === undefined ? ['udp', 'tcp'] : ['udp', 'tcp', 'tls'];
  const urlHost = host === '::1' ? '[::1]' : host;
  const files = { certificate: join(directory, 'certificate.pem'), key: join(directory, 'key.pem') };
  if (certificate !== undefined) {
    await writeFile(files.certificate, certificate.certificate);
    await writeFile(files.key, certificate.key);
  }
  return {
    dataDir: join(directory, 'data'),
    publicHost,
    turn: { listen: transports.map((transport) => `${transport}://${urlHost}:0`), defaultAddressFamily },
    ...(certificate === undefined ? {} : { tls: files }),
    http: { public: null, admin: null },
    log: { level: 'debug' },
    drainSeconds: 0,
  };
}

/** RFC 7065 section 3.1; a `stun:` URL has none. */
function transportOf(url: string): IceTransport | null {
  if (url.startsWith('turns:')) return 'tls';
  if (!url.startsWith('turn:')) return null;
  return url.endsWith('?transport=tcp') ? 'tcp' : 'udp';
}

function logged<Line>(program: RunningProgram, event: string): Line[] {
  const lines = program.stdout.slice(0, program.stdout.lastIndexOf('\n') + 1).split('\n');
  return lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line & { event: string })
    .filter((line) => line.event === event);
}

/** A server that must be killed is a failure of its own. */
async function stop(program: RunningProgram): Promise<void> {
  if (!program.hasEnded) program.signal('SIGTERM');
  const insist = setTimeout(() => program.signal('SIGKILL'), stopTimeoutMs);
  const { code } = await program.end;
  clearTimeout(insist);
  if (code !== 0) throw new Error(`turnpike serve did not end by itself after SIGTERM:\n${program.output}`);
}
