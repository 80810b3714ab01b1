import { createSocket, type Socket } from 'node:dgram';
import { once, type EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { expect, onTestFinished, test } from 'vitest';
import { ip } from '../support/addresses.ts';
import { startOpenAppliance } from './open-appliance.ts';

/** What the package makes of a Binding response. */
interface BindingResponse {
  getXorAddress(): { readonly address: string; readonly port: number; readonly family: string };
}

/** The part of the npm package stun, which has no types of its own, that is used here. */
interface StunPackage {
  readonly constants: { readonly STUN_BINDING_REQUEST: number; readonly STUN_EVENT_BINDING_RESPONSE: string };
  createMessage(type: number): object;
  createServer(options: {
    type: 'udp4' | 'udp6';
    socket: Socket;
  }): EventEmitter & { send(message: object, port: number, host: string): void };
}

const stun = createRequire(import.meta.url)('stun') as StunPackage;

test.each([
  ['127.0.0.1', 'udp4', 'IPv4'],
  ['::1', 'udp6', 'IPv6'],
] as const)(
  'RFC 8489 section 7: the npm package stun learns its own transport address on %s',
  async (host, type, family) => {
    const { server } = await startOpenAppliance();
    const socket = createSocket(type).bind(0, host);
    await once(socket, 'listening');
    onTestFinished(() => void socket.close());
    // Its request(url) takes no IPv6 address; this is what that does.
    const client = stun.createServer({ type, socket });
    client.send(stun.createMessage(stun.constants.STUN_BINDING_REQUEST), server('udp', host).port, host);
    const [response] = (await once(client, stun.constants.STUN_EVENT_BINDING_RESPONSE)) as [BindingResponse];
    const { address, ...learned } = response.getXorAddress();
    expect(learned).toEqual({ port: socket.address().port, family });
    expect(ip(address)).toEqual(ip(host));
  },
);
