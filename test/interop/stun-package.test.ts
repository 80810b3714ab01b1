import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { expect, onTestFinished, test } from 'vitest';
import { startAppliance } from '../support/appliance.ts';

/** The part of the npm package stun, which has no types of its own, that is used here. */
interface StunPackage {
  request(url: string, options: { socket: ReturnType<typeof createSocket> }): Promise<{ getXorAddress(): unknown }>;
}

const stun = createRequire(import.meta.url)('stun') as StunPackage;

test('RFC 8489 section 7: the npm package stun learns its own transport address', async () => {
  const { udp } = await startAppliance();
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  const { port } = socket.address();
  const response = await stun.request(`stun://127.0.0.1:${String(udp.port)}`, { socket });
  expect(response.getXorAddress()).toEqual({ address: '127.0.0.1', port, family: 'IPv4' });
});
