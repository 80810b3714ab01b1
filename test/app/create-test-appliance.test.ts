import { expect, test } from 'vitest';
import type { CreateApplianceOptions } from '../../server/app/appliance-options.ts';
import { ip } from '../support/addresses.ts';
import { connectedClient, startedAppliance } from '../support/embedded-appliance.ts';

const nothing: CreateApplianceOptions = {
  dataDir: undefined,
  publicHost: undefined,
  turn: { realm: undefined, listen: undefined, publicAddress: undefined, peers: undefined, limits: undefined },
  tls: undefined,
  http: undefined,
  logger: undefined,
};

test.each<[string, CreateApplianceOptions]>([
  ['omitted', {}],
  ['undefined', nothing],
  [
    'undefined in their groups',
    { turn: { peers: { allow: undefined, deny: undefined } }, http: { public: undefined } },
  ],
])('with options that are %s it stays on loopback, at free ports, and reaches peers there', async (_, options) => {
  const appliance = await startedAppliance(options);
  expect(appliance.addresses).toMatchObject({
    listeners: [
      { transport: 'udp', address: '127.0.0.1' },
      { transport: 'tcp', address: '127.0.0.1' },
    ],
    http: null,
    dataDir: null,
  });
  expect(appliance.addresses?.listeners.map(({ port }) => port)).not.toContain(3478);
  const client = await connectedClient(appliance, 'udp');
  expect((await client.allocate()).relayed?.ip).toEqual(ip('127.0.0.1'));
  expect((await client.permit({ ip: ip('127.0.0.9'), port: 9 })).code).toBe(0);
});

test('options that are given take the place of its own', async () => {
  const listen = ['tcp://127.0.0.2:0'];
  const peers = { allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16'] };
  const appliance = await startedAppliance({ turn: { listen: ['udp://127.0.0.1:0'], peers } });
  const other = await startedAppliance({ turn: { listen, publicAddress: '127.0.0.2=203.0.113.9' } });
  expect(other.addresses).toMatchObject({ listeners: [{ transport: 'tcp', address: '127.0.0.2' }] });
  expect(other.addresses?.urls.turn[0]).toMatch(/^turn:203\.0\.113\.9:/);
  const client = await connectedClient(appliance, 'udp');
  await client.allocate();
  const codes: number[] = [];
  for (const peer of ['10.0.0.1', '10.9.0.1', '127.0.0.9']) {
    codes.push((await client.permit({ ip: ip(peer), port: 9 })).code);
  }
  expect(codes).toEqual([0, 403, 403]);
});
