import { describe, expect, test, type TestContext } from 'vitest';
import { formatIp } from '../../server/stun/ip-text.ts';
import { Internet } from './internet.ts';
import { LabHost } from './lab-host.ts';
import { serveIn, type LabServer } from './lab-server.ts';
import { namespacesOf } from './namespaces.ts';
import { expectEcho, expectExchange } from './relayed-exchange.ts';

const serverIp = '2600:1::1';
const clientIp = '2600:1::100';
const peerIp = '2600:1::200';

interface Ipv6OnlyLab {
  readonly server: LabServer;
  readonly client: LabHost;
  readonly peer: LabHost;
}

/** A server with all defaults on a host without IPv4, or with no more of it than loopback. */
async function ipv6OnlyLab(context: TestContext, loopback: 'with 127.0.0.1' | 'without'): Promise<Ipv6OnlyLab> {
  const addNamespace = await namespacesOf(context);
  const internet = await Internet.build(addNamespace);
  const [server, client, peer] = [
    await addNamespace('server'),
    await addNamespace('client'),
    await addNamespace('peer'),
  ];
  await internet.attach(server, serverIp);
  await internet.attach(client, clientIp);
  await internet.attach(peer, peerIp);
  if (loopback === 'without') await server.ip('address', 'delete', '127.0.0.1/8', 'dev', 'lo');
  return {
    server: await serveIn(server, []),
    client: await LabHost.start(client),
    peer: await LabHost.start(peer),
  };
}

describe.for(['with 127.0.0.1', 'without'] as const)('an IPv6-only host, loopback %s', (loopback) => {
  test('who names no address family gets an IPv6 relay, over UDP and TCP, that reaches peers and relays', async (context) => {
    const { client, peer } = await ipv6OnlyLab(context, loopback);
    const allocations = [await client.allocate('udp', serverIp), await client.allocate('tcp', serverIp)] as const;
    for (const allocation of allocations) {
      expect(formatIp(allocation.relayed.ip)).toBe(serverIp);
      await expectEcho(allocation, peer, peerIp);
    }
    await expectExchange(...allocations);
  });

  test('`turnpike ice` writes the address in brackets', async (context) => {
    const { server } = await ipv6OnlyLab(context, loopback);
    const { iceServers } = await server.ice();
    expect(iceServers.flatMap(({ urls }) => urls)).toEqual([
      `stun:[${serverIp}]:3478`,
      `turn:[${serverIp}]:3478?transport=udp`,
      `turn:[${serverIp}]:3478?transport=tcp`,
    ]);
    expect((await server.health()).status).toBe('ok');
  });
});
