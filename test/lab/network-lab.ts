import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { onTestFinished, type TestContext } from 'vitest';
import { RunningProgram } from '../startup/running-program.ts';
import { commandLine, readyLine } from '../startup/serving.ts';
import { tempDir } from '../support/temp-dir.ts';
import { canaryAddresses, labUser, serverAddresses, turnPort } from './lab-addresses.ts';

/**
 * Two network namespaces and the cable between them: in one a server and its clients, in the other a network that says of
 * every address there is that it is its own. Nothing that is sent in either leaves the machine.
 */
export interface NetworkLab {
  /** Starts `turnpike serve` on every address of the server's namespace and waits until it is ready. */
  serve(flags: readonly string[]): Promise<RunningProgram>;
  /** Runs a script under this Node.js where the server is. */
  runBesideServer(script: string, args: readonly string[]): RunningProgram;
  /** Runs a script under this Node.js where every address is local. */
  runBehindEveryAddress(script: string, args: readonly string[]): RunningProgram;
}

/**
 * Builds a lab that is torn down when the test ends. Where namespaces cannot be had the test is skipped, or fails where
 * `CI` is `true`, since nobody reads what a CI skips.
 */
export async function networkLab(context: TestContext): Promise<NetworkLab> {
  const id = randomBytes(4).toString('hex');
  const server = `turnpike-${id}-server`;
  const canary = `turnpike-${id}-canary`;
  for (const namespace of [server, canary]) await addNamespace(context, namespace);
  await ip('link', 'add', 'name', 'eth0', 'netns', server, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', canary);
  await connectServer(server);
  await connectCanary(canary);
  const run = (namespace: string, args: readonly string[], env?: NodeJS.ProcessEnv): RunningProgram => {
    const program = ['netns', 'exec', namespace, process.execPath, ...args];
    return new RunningProgram('ip', program, { env: { ...process.env, ...env } });
  };
  return {
    serve: async (flags) => {
      const users = JSON.stringify([{ name: labUser.username, password: labUser.password }]);
      const common = [`--turn-listen=udp://*:${turnPort},tcp://*:${turnPort}`, '--http-public=http://127.0.0.1:0'];
      const args = [commandLine, 'serve', `--data-dir=${tempDir()}`, ...common, ...flags];
      const program = run(server, args, { TURNPIKE_TURN_USERS: users });
      await program.seen(readyLine);
      return program;
    },
    runBesideServer: (script, args) => run(server, [script, ...args]),
    runBehindEveryAddress: (script, args) => run(canary, [script, ...args]),
  };
}

async function addNamespace(context: TestContext, namespace: string): Promise<void> {
  try {
    await ip('netns', 'add', namespace);
  } catch (error) {
    const missing = `no network namespace can be made: be root, with iproute2 (on Debian, apt-get install iproute2): ${String(error)}`;
    if (process.env.CI === 'true') throw new Error(missing, { cause: error });
    // Skipping alone is silent in most reports.
    console.warn(`Skipped "${context.task.name}": ${missing}`);
    context.skip(missing);
  }
  onTestFinished(() => ip('netns', 'delete', namespace));
}

/** The canary is the server's way to everywhere. */
async function connectServer(namespace: string): Promise<void> {
  await connect(namespace, serverAddresses);
  await ip('-n', namespace, 'route', 'add', 'default', 'via', canaryAddresses.ipv4, 'dev', 'eth0', 'onlink');
  await ip('-n', namespace, '-6', 'route', 'add', 'default', 'via', canaryAddresses.ipv6, 'dev', 'eth0', 'onlink');
}

/** In the main table, where the more specific routes back to the server come first. */
async function connectCanary(namespace: string): Promise<void> {
  await connect(namespace, canaryAddresses);
  await ip('-n', namespace, 'route', 'add', `${serverAddresses.ipv4}/32`, 'dev', 'eth0');
  await ip('-n', namespace, '-6', 'route', 'add', `${serverAddresses.ipv6}/128`, 'dev', 'eth0');
  await ip('-n', namespace, 'route', 'add', 'local', '0.0.0.0/0', 'dev', 'lo', 'table', 'main');
  await ip('-n', namespace, '-6', 'route', 'add', 'local', '::/0', 'dev', 'lo', 'table', 'main');
}

async function connect(namespace: string, { ipv4, ipv6 }: { ipv4: string; ipv6: string }): Promise<void> {
  await ip('-n', namespace, 'link', 'set', 'lo', 'up');
  await ip('-n', namespace, 'address', 'add', `${ipv4}/32`, 'dev', 'eth0');
  await ip('-n', namespace, 'address', 'add', `${ipv6}/128`, 'dev', 'eth0', 'nodad');
  await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
}

async function ip(...args: string[]): Promise<void> {
  await promisify(execFile)('ip', args);
}
