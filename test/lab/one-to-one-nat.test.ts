import { describe, expect, test, type TestContext } from 'vitest';
import { formatIp } from '../../server/stun/ip-text.ts';
import { Internet } from './internet.ts';
import { LabHost } from './lab-host.ts';
import { serveIn, type LabServer } from './lab-server.ts';
import { connect, namespacesOf, type Namespace } from './namespaces.ts';
import { expectRelayedCall } from './relayed-call.ts';
import { expectEcho, expectExchange } from './relayed-exchange.ts';

/** The server's addresses and what the router makes of them. */
const pairs = [
  { local: '10.0.0.10', public: '11.22.0.10' },
  { local: '10.0.0.11', public: '11.22.0.11' },
] as const;
const clientIps = ['11.22.1.1', '11.22.1.2'] as const;

interface NattedLab {
  readonly server: LabServer;
  readonly router: Namespace;
  /** Both outside. */
  readonly clients: readonly [Namespace, Namespace];
}

/** A server in a private network, behind a router that translates 1:1 and drops what comes from inside for a public address. */
async function nattedLab(
  context: TestContext,
  addresses: typeof pairs | readonly [(typeof pairs)[0]],
): Promise<NattedLab> {
  const addNamespace = await namespacesOf(context);
  const internet = await Internet.build(addNamespace);
  const [server, router] = [await addNamespace('server'), await addNamespace('router')];
  await internet.attach(router, ...addresses.map((pair) => pair.public));
  await connect(
    { namespace: server, device: 'eth0', addresses: addresses.map(({ local }) => `${local}/24`) },
    { namespace: router, device: 'lan0', addresses: ['10.0.0.1/24'] },
  );
  await server.routeEverythingVia('10.0.0.1');
  await router.forward();
  for (const pair of addresses) {
    await router.iptables(`-t nat -A PREROUTING -i eth0 -d ${pair.public} -j DNAT --to-destination ${pair.local}`);
    await router.iptables(`-t nat -A POSTROUTING -o eth0 -s ${pair.local} -j SNAT --to-source ${pair.public}`);
    await router.iptables(`-t raw -A PREROUTING -i lan0 -d ${pair.public} -j DROP`);
  }
  const clients = [await addNamespace('one'), await addNamespace('other')] as const;
  for (const [index, client] of clients.entries()) await internet.attach(client, clientIps[index] ?? '');
  const publicAddress = addresses.map((pair) =>
    addresses.length === 1 ? pair.public : `${pair.local}=${pair.public}`,
  );
  return { server: await serveIn(server, [`--turn-public-address=${publicAddress.join(',')}`]), router, clients };
}

/** What wanted to leave the server for one of its own public addresses. */
async function hairpins({ router }: NattedLab): Promise<number> {
  const packets = await router.packetsPerRule('raw', 'PREROUTING');
  return packets.reduce((sum, each) => sum + each, 0);
}

describe('behind 1:1 NAT without hairpin', () => {
  test.for([
    ['one public address, each by its own transport', [pairs[0]], ['udp', 'tcp']],
    ['one public address, both over UDP', [pairs[0]], ['udp', 'udp']],
    ['one public address, both over TCP', [pairs[0]], ['tcp', 'tcp']],
    ['local=public pairs, each by its own address', pairs, ['udp', 'tcp']],
  ] as const)('%s: relays reach peers outside and each other', async ([, addresses, transports], context) => {
    const lab = await nattedLab(context, addresses);
    const called = [addresses[0].public, (addresses[1] ?? addresses[0]).public] as const;
    const hosts = [await LabHost.start(lab.clients[0]), await LabHost.start(lab.clients[1])] as const;
    const one = await hosts[0].allocate(transports[0], called[0]);
    const other = await hosts[1].allocate(transports[1], called[1]);
    expect([one, other].map(({ relayed }) => formatIp(relayed.ip))).toEqual(called);
    await expectExchange(one, other);
    await expectEcho(one, hosts[1], clientIps[1]);
    await expectEcho(other, hosts[0], clientIps[0]);
    expect(await hairpins(lab)).toBe(0);
  });

  test('two relay-only browsers outside hold a call', { timeout: 60_000 }, async (context) => {
    const lab = await nattedLab(context, [pairs[0]]);
    const { iceServers } = await lab.server.ice();
    expect(iceServers.flatMap(({ urls }) => urls)).toEqual([
      'stun:11.22.0.10:3478',
      'turn:11.22.0.10:3478?transport=udp',
      'turn:11.22.0.10:3478?transport=tcp',
    ]);
    await expectRelayedCall(context, { server: lab.server, clients: lab.clients, iceServers, relayProtocol: 'udp' });
    expect(await hairpins(lab)).toBe(0);
  });
});
