import type { TestContext } from 'vitest';
import type { RunningProgram } from '../startup/running-program.ts';
import { canaryAddresses, serverAddresses, turnPort } from './lab-addresses.ts';
import { serveIn } from './lab-server.ts';
import { connect, namespacesOf, type Namespace } from './namespaces.ts';

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

/** Builds a lab that is torn down when the test ends; skips the test as `namespacesOf` does. */
export async function networkLab(context: TestContext): Promise<NetworkLab> {
  const addNamespace = await namespacesOf(context);
  const server = await addNamespace('server');
  const canary = await addNamespace('canary');
  await connect(
    { namespace: server, device: 'eth0', addresses: [`${serverAddresses.ipv4}/32`, `${serverAddresses.ipv6}/128`] },
    { namespace: canary, device: 'eth0', addresses: [`${canaryAddresses.ipv4}/32`, `${canaryAddresses.ipv6}/128`] },
  );
  // The canary is the server's way to everywhere.
  for (const gateway of [canaryAddresses.ipv4, canaryAddresses.ipv6]) await server.routeEverythingVia(gateway);
  await claimEveryAddress(canary);
  return {
    serve: async (flags) => {
      const common = [
        `--turn-listen=udp://*:${turnPort},tcp://*:${turnPort}`,
        '--http-public=http://127.0.0.1:0',
        '--http-admin=http://127.0.0.1:0',
      ];
      return (await serveIn(server, [...common, ...flags])).program;
    },
    runBesideServer: (script, args) => server.start([script, ...args]),
    runBehindEveryAddress: (script, args) => canary.start([script, ...args]),
  };
}

/** In the main table, where the more specific routes back to the server come first. */
async function claimEveryAddress(canary: Namespace): Promise<void> {
  await canary.ip('route', 'add', `${serverAddresses.ipv4}/32`, 'dev', 'eth0');
  await canary.ip('-6', 'route', 'add', `${serverAddresses.ipv6}/128`, 'dev', 'eth0');
  await canary.ip('route', 'add', 'local', '0.0.0.0/0', 'dev', 'lo', 'table', 'main');
  await canary.ip('-6', 'route', 'add', 'local', '::/0', 'dev', 'lo', 'table', 'main');
}
