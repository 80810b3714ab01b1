import diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:dgram';
import { expect, test } from 'vitest';
import { createPlane } from '../../../server/relay/select.ts';
import type { ListenerId } from '../../../server/seam/client.ts';
import type { ForwardingPlane } from '../../../server/seam/plane.ts';
import type { RelayId } from '../../../server/seam/relay.ts';
import { ip } from '../../support/addresses.ts';

// What only some systems report, or only a raw socket can send, is told to the plane's real sockets by hand.

interface OpenPlane {
  readonly plane: ForwardingPlane;
  readonly listener: Socket;
  readonly relay: Socket;
  readonly punts: () => number;
}

async function withPlane(run: (open: OpenPlane) => void): Promise<void> {
  const sockets: Socket[] = [];
  const onSocket = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
  let punts = 0;
  diagnostics.subscribe('udp.socket', onSocket);
  const plane = createPlane('js', {
    channelRange: 'rfc8656',
    nowMs: () => 0,
    randomUint32: () => 1,
    events: {
      onClientMessage: () => punts++,
      onRelayOpened: () => undefined,
      onRelayFailed: () => undefined,
      onStreamDelivery: () => undefined,
      onPeerUnreachable: () => undefined,
    },
  });
  try {
    await plane.listen(1 as ListenerId, { ip: ip('127.0.0.1'), port: 0 });
    plane.openRelay(1 as RelayId, ip('127.0.0.1'), 0);
    const [listener, relay] = sockets;
    if (listener === undefined || relay === undefined) throw new Error('the plane made no sockets');
    run({ plane, listener, relay, punts: () => punts });
  } finally {
    diagnostics.unsubscribe('udp.socket', onSocket);
    await plane.close();
  }
}

test('an error that the system reports on a socket is counted, and ends nothing', () =>
  withPlane(({ plane, listener, relay }) => {
    for (const socket of [listener, relay]) {
      socket.emit('error', Object.assign(new Error('recvmsg'), { code: 'ECONNREFUSED' }));
    }
    expect(plane.drainCounters()).toMatchObject({
      drops: { notSent: 2 },
      relays: [{ relay: 1, clientToPeer: { packets: 0, drops: 1 } }],
    });
  }));

test.each([
  ['RFC 768: port 0, which cannot be answered', { address: '127.0.0.1', port: 0 }],
  ['RFC 4007 11: an address with a zone, which nobody can be told of', { address: 'fe80::1%lo', port: 7 }],
] as const)('a client that calls from %s is dropped and not punted', (_, remote) =>
  withPlane(({ plane, listener, punts }) => {
    listener.emit('message', Buffer.alloc(20), { ...remote, family: 'IPv4', size: 20 });
    expect(plane.drainCounters().drops).toMatchObject({ malformed: 1 });
    listener.emit('message', Buffer.alloc(20), { address: '127.0.0.1', port: 7, family: 'IPv4', size: 20 });
    expect(punts(), 'only the one that can be answered').toBe(1);
  }),
);
