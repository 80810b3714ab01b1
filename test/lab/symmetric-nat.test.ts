import { expect, test } from 'vitest';
import { homesLab, serverIps } from './homes.ts';
import { LabHost } from './lab-host.ts';
import { expectRelayedCall } from './relayed-call.ts';
import { expectExchange } from './relayed-exchange.ts';

test('the NATs are symmetric: each destination sees another port', async (context) => {
  const { homes } = await homesLab(context);
  for (const { client, publicIp } of homes) {
    const host = await LabHost.start(client);
    const answers = await host.bindings(...serverIps);
    expect(answers.map((answer) => answer?.from)).toEqual(serverIps.map((ip) => `${ip}:3478`));
    const mapped = answers.map((answer) => answer?.mapped ?? 'no address');
    expect(mapped.filter((address) => address.startsWith(`${publicIp}:`))).toHaveLength(serverIps.length);
    // Two of the random ports may happen to be the same.
    expect(new Set(mapped).size).toBeGreaterThan(1);
  }
});

test.for([
  ['udp', 'udp'],
  ['tcp', 'tcp'],
  ['udp', 'tcp'],
] as const)(
  'a client over %s and one over %s, each behind a symmetric NAT, reach each other',
  async (transports, context) => {
    const { homes } = await homesLab(context);
    const hosts = [await LabHost.start(homes[0].client), await LabHost.start(homes[1].client)] as const;
    const one = await hosts[0].allocate(transports[0], serverIps[0]);
    await expectExchange(one, await hosts[1].allocate(transports[1], serverIps[0]));
  },
);

test('two browsers, each behind a symmetric NAT, hold a call', { timeout: 60_000 }, async (context) => {
  const { server, homes } = await homesLab(context);
  const { iceServers } = await server.ice();
  const clients = [homes[0].client, homes[1].client] as const;
  await expectRelayedCall(context, { server, clients, iceServers, relayProtocol: 'udp' });
});
