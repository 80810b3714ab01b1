import { expect, test, type TestContext } from 'vitest';
import { formatIp } from '../../server/stun/ip-text.ts';
import { LabHost } from './lab-host.ts';
import { serveIn, type LabServer } from './lab-server.ts';
import { connect, namespacesOf, type Namespace } from './namespaces.ts';
import { expectEcho, expectExchange } from './relayed-exchange.ts';

/** The server's networks, each with a client that calls the addresses of the other network too. */
const networks = [
  {
    device: 'eth0',
    server: ['11.22.0.1/24', '11.22.0.2/24', '2600:1::1/64', '2600:1::2/64'],
    client: { ipv4: '11.22.0.100', ipv6: '2600:1::100' },
    gateways: ['11.22.0.1', '2600:1::1'],
  },
  {
    device: 'eth1',
    server: ['11.33.0.1/24', '2600:3::1/64'],
    client: { ipv4: '11.33.0.100', ipv6: '2600:3::100' },
    gateways: ['11.33.0.1', '2600:3::1'],
  },
] as const;
const served = networks.flatMap(({ server }) => server.map((address) => address.replace(/\/.*/, '')));
/** Come and go while the server runs. */
const passing = ['11.22.0.3', '2600:1::3'];
/** The interfaces are read every five seconds. */
const followed = { timeout: 20_000, interval: 500 };

interface Caller {
  readonly host: LabHost;
  readonly ipv4: string;
  readonly ipv6: string;
}

interface ManyAddressesLab {
  readonly namespace: Namespace;
  readonly server: LabServer;
  /** One in each network. */
  readonly callers: readonly [Caller, Caller];
}

async function manyAddressesLab(context: TestContext): Promise<ManyAddressesLab> {
  const addNamespace = await namespacesOf(context);
  const namespace = await addNamespace('server');
  const callerIn = async ({ device, server, client, gateways }: (typeof networks)[number]): Promise<Caller> => {
    const neighbour = await addNamespace(`client-${device}`);
    await connect(
      { namespace, device, addresses: server },
      { namespace: neighbour, device: 'eth0', addresses: [`${client.ipv4}/24`, `${client.ipv6}/64`] },
    );
    for (const gateway of gateways) await neighbour.routeEverythingVia(gateway);
    return { host: await LabHost.start(neighbour), ...client };
  };
  const callers = [await callerIn(networks[0]), await callerIn(networks[1])] as const;
  return { namespace, callers, server: await serveIn(namespace, ['--turn-default-address-family=client']) };
}

/** A caller's own address of the family of another one. */
function ownAddress(caller: Caller, address: string): string {
  return address.includes(':') ? caller.ipv6 : caller.ipv4;
}

function answeredFrom(address: string): string {
  return address.includes(':') ? `[${address}]:3478` : `${address}:3478`;
}

test('`*` serves from the address that was called, over UDP and TCP, and relays from it', async (context) => {
  const { callers } = await manyAddressesLab(context);
  for (const caller of callers) {
    for (const address of served) {
      const [answer] = await caller.host.bindings(address);
      expect(answer?.from).toBe(answeredFrom(address));
      expect(answer?.mapped).toContain(ownAddress(caller, address));
    }
  }
  for (const caller of callers) {
    for (const address of served) {
      for (const transport of ['udp', 'tcp'] as const) {
        const allocation = await caller.host.allocate(transport, address);
        expect(formatIp(allocation.relayed.ip)).toBe(address);
        await expectEcho(allocation, caller.host, ownAddress(caller, address));
      }
    }
  }
});

test('relays of different addresses reach each other', async (context) => {
  const { callers } = await manyAddressesLab(context);
  const [here, there] = [callers[0].host, callers[1].host];
  await expectExchange(await here.allocate('udp', '11.22.0.1'), await here.allocate('udp', '11.22.0.2'));
  await expectExchange(await here.allocate('udp', '11.22.0.2'), await there.allocate('tcp', '11.33.0.1'));
  await expectExchange(await here.allocate('udp', '2600:1::2'), await there.allocate('tcp', '2600:3::1'));
});

test(
  '`*` follows addresses that come and go while it serves',
  { timeout: 2 * followed.timeout + 10_000 },
  async (context) => {
    const { namespace, server, callers } = await manyAddressesLab(context);
    const [caller] = callers;
    const { host } = caller;
    const listeners = async (): Promise<string[]> => (await server.health()).listeners.map(({ url }) => url);
    const urls = passing.map((address) => `udp://${answeredFrom(address)}`);
    expect(await listeners()).not.toEqual(expect.arrayContaining(urls));

    for (const address of passing) await namespace.addAddress('eth0', `${address}/${address.includes(':') ? 64 : 24}`);
    await expect.poll(listeners, followed).toEqual(expect.arrayContaining(urls));
    for (const address of passing) {
      expect((await host.bindings(address))[0]?.from).toBe(answeredFrom(address));
      for (const transport of ['udp', 'tcp'] as const) {
        const allocation = await host.allocate(transport, address);
        expect(formatIp(allocation.relayed.ip)).toBe(address);
        await expectEcho(allocation, host, ownAddress(caller, address));
      }
    }

    for (const address of passing) {
      await namespace.ip('address', 'delete', `${address}/${address.includes(':') ? 64 : 24}`, 'dev', 'eth0');
    }
    await expect.poll(async () => (await listeners()).filter((url) => urls.includes(url)), followed).toEqual([]);
    expect(await host.bindings(passing[0] ?? '')).toEqual([null]);
    expect((await server.health()).status).toBe('ok');
    await expectEcho(await host.allocate('udp', '11.22.0.2'), host, '11.22.0.100');
  },
);
