import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { bindingRequest, openStreamBench, until } from './stream-bench.ts';
import type { StreamBench } from './stream-bench.ts';
import { makeCertificate } from '../support/certificates.ts';

/** One handshake at once, then none for as long as a test lasts. */
const oneHandshake = { handshakesPerSecond: 0.01, handshakeBurst: 1 };

/** Plain TCP connections to a TLS port, once the server has admitted them. */
async function silent(bench: StreamBench, count: number, localAddress = '127.0.0.1'): Promise<Socket[]> {
  const accepted = bench.streams.counters.accepted + count;
  const sockets = await Promise.all(Array.from({ length: count }, () => bench.connectTcp({ localAddress })));
  for (const socket of sockets) socket.resume();
  await until(() => bench.streams.counters.accepted === accepted);
  return sockets;
}

/** The first bytes that a TLS client sends. */
async function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        resolve(chunk);
        done();
      },
    });
    connectTls({ socket: wire }).on('error', () => undefined);
  });
}

describe('SECURITY.md 10: TLS handshakes per second bounded', () => {
  test('a flood from one address does not keep another one waiting', async () => {
    const bench = await openStreamBench({
      transport: 'tls',
      tlsLimits: { handshakesPerSecond: 20, handshakeBurst: 1 },
    });
    await silent(bench, 200);
    const { client } = await bench.connectKnown({ localAddress: '127.0.0.2' });
    expect(client.remote.ip.w0).toBe(0x7f000002);
    expect(bench.acceptor.waiting).toBeGreaterThan(100);
  });

  test('beyond the rate connections wait, unread, and are served in the end', async () => {
    const bench = await openStreamBench({
      transport: 'tls',
      tlsLimits: { handshakesPerSecond: 5, handshakeBurst: 1 },
    });
    const connecting = Array.from({ length: 8 }, () => bench.connectUnhandled());
    await until(() => bench.acceptor.waiting > 0);
    for (const client of await Promise.all(connecting)) client.write(bindingRequest());
    await until(() => bench.seen.frames.length === 8);
    expect(bench.streams.counters).toMatchObject({ tlsHandshakes: 8, tlsWaitsTimedOut: 0, tlsWaitsCrowdedOut: 0 });
  });

  describe('a key that takes longer to sign with has fewer', () => {
    const names = ['turn.example.org'];
    const fast = makeCertificate({ names });
    const slow = makeCertificate({ names, rsaBits: 4104 });
    test.each([
      ['and no more after a renewal that brings its like', slow, slow, 'some wait'],
      ['from the renewal on that brings it', fast, slow, 'some wait'],
      ['until the renewal that brings another', slow, fast, 'all begin'],
      ['and another has more', fast, fast, 'all begin'],
    ])('%s', async (_when, material, renewed, expected) => {
      const bench = await openStreamBench({ transport: 'tls', material });
      bench.acceptor.setCertificate(renewed);
      await silent(bench, 20);
      expect(bench.acceptor.waiting > 0 ? 'some wait' : 'all begin').toBe(expected);
    });

    test('from the start on', async () => {
      const bench = await openStreamBench({ transport: 'tls', material: slow });
      await silent(bench, 20);
      expect(bench.acceptor.waiting).toBeGreaterThan(0);
    });
  });

  test('a handshake that is not completed is ended, and traffic does not extend it', async () => {
    const bench = await openStreamBench({ transport: 'tls', tlsLimits: { handshakeTimeoutMs: 300 } });
    const hello = await clientHello();
    const [mute, slow] = (await silent(bench, 2)) as [Socket, Socket];
    let sent = 0;
    const drip = setInterval(() => slow.write(hello.subarray(sent, ++sent)), 20);
    await until(() => mute.closed && slow.closed);
    clearInterval(drip);
    expect(sent).toBeLessThan(hello.length);
    expect(bench.streams.counters).toMatchObject({ tlsHandshakesTimedOut: 2, tlsHandshakeFailures: 0 });
    expect([bench.streams.size, bench.acceptor.handshaking]).toEqual([0, 0]);
  });

  test('who waits for too long is turned away', async () => {
    const tlsLimits = { handshakesPerSecond: 1, handshakeBurst: 1, waitTimeoutMs: 100 };
    const bench = await openStreamBench({ transport: 'tls', tlsLimits });
    const sockets = await silent(bench, 5);
    await until(() => sockets.filter((socket) => socket.closed).length >= 3);
    expect(bench.streams.counters.tlsWaitsTimedOut).toBeGreaterThanOrEqual(3);
    expect(bench.acceptor.waiting).toBe(0);
  });

  test('when too many wait, an address with many loses one of its own', async () => {
    const bench = await openStreamBench({ transport: 'tls', tlsLimits: { ...oneHandshake, maxWaiting: 3 } });
    const [shaking, ...flood] = await silent(bench, 4);
    const [other] = await silent(bench, 1, '127.0.0.2');
    await until(() => flood.some((socket) => socket.closed));
    expect(bench.streams.counters.tlsWaitsCrowdedOut).toBe(1);
    expect([shaking?.closed, other?.closed]).toEqual([false, false]);
    expect([bench.acceptor.handshaking, bench.acceptor.waiting, bench.streams.size]).toEqual([1, 3, 4]);
  });

  test('when too many are under way, the oldest is ended', async () => {
    const bench = await openStreamBench({ transport: 'tls', tlsLimits: { maxHandshaking: 2 } });
    const [oldest] = await silent(bench, 1);
    const later = await silent(bench, 1);
    const { socket } = await bench.connectKnown();
    await until(() => oldest?.closed === true);
    expect([later[0]?.closed, socket.closed]).toEqual([false, false]);
    expect(bench.streams.counters).toMatchObject({ tlsHandshakesCrowdedOut: 1, tlsHandshakes: 1 });
  });
});

describe('SECURITY.md 10: connections before their handshake', () => {
  test.each([
    ['in all', { maxStreams: 3 }, 'refusedFull'],
    ['of their address', { maxUnauthenticatedPerAddress: 3 }, 'refusedAddressFull'],
  ] as const)('count as streams %s', async (_what, limits, counter) => {
    const bench = await openStreamBench({ transport: 'tls', limits, tlsLimits: oneHandshake });
    await silent(bench, 3);
    expect([bench.acceptor.handshaking, bench.acceptor.waiting, bench.streams.size]).toEqual([1, 2, 3]);
    const refused = await bench.connectTcp();
    await until(() => refused.closed);
    expect(bench.streams.counters[counter]).toBe(1);
  });

  test('are ended by closeAll, whether they wait or shake hands', async () => {
    const bench = await openStreamBench({ transport: 'tls', tlsLimits: oneHandshake });
    const sockets = await silent(bench, 3);
    await bench.streams.closeAll();
    expect([bench.acceptor.handshaking, bench.acceptor.waiting, bench.streams.size]).toEqual([0, 0, 0]);
    await until(() => sockets.every((socket) => socket.closed));
    expect(bench.streams.counters).toMatchObject({ tlsHandshakeFailures: 0 });
    expect(bench.seen.gone).toEqual([]);
  });
});

describe('SECURITY.md 10: whatever comes instead of a handshake ends it, and leaves nothing', () => {
  const sslv2Hello = Buffer.from('802e010002001500000010010080030080', 'hex');
  test.each<[string, (socket: Socket, hello: Buffer) => void]>([
    ['a STUN message', (socket) => socket.write(bindingRequest())],
    ['an HTTP request', (socket) => socket.write('GET / HTTP/1.1\r\n\r\n')],
    ['garbage', (socket) => socket.write(Buffer.alloc(100_000, 0xaa))],
    ['an SSLv2 hello', (socket) => socket.end(sslv2Hello)],
    ['a hello with a broken length', (socket, hello) => socket.end(hello.fill(0xff, 6, 9))],
    ['half a hello and FIN', (socket, hello) => socket.end(hello.subarray(0, 50))],
    ['half a hello and RST', (socket, hello) => socket.write(hello.subarray(0, 50), () => socket.resetAndDestroy())],
    ['a hello and RST', (socket, hello) => socket.write(hello, () => socket.resetAndDestroy())],
    ['a hello and garbage', (socket, hello) => socket.write(Buffer.concat([hello, Buffer.alloc(5000, 0xaa)]))],
    ['an alert', (socket) => socket.write(Buffer.from('15030300020228', 'hex'))],
    ['FIN', (socket) => socket.end()],
    ['RST', (socket) => socket.resetAndDestroy()],
  ])('%s', async (_what, misbehave) => {
    // Fewer than come in all: who is gone does not count.
    const limits = { maxStreams: 5, maxUnauthenticatedPerAddress: 5 };
    const bench = await openStreamBench({ transport: 'tls', limits });
    const [timers, descriptors] = [activeTimers(), openDescriptors()];
    const hello = await clientHello();
    for (let round = 1; round <= 5; round += 1) {
      const sockets = await silent(bench, 4);
      for (const socket of sockets) misbehave(socket, Buffer.from(hello));
      await until(() => bench.streams.size === 0 && sockets.every((socket) => socket.closed));
      expect(bench.streams.counters.tlsHandshakeFailures).toBe(4 * round);
    }
    expect(bench.seen).toEqual({ frames: [], gone: [] });
    await until(() => activeTimers() <= timers && openDescriptors() <= descriptors);
    await bench.connectKnown();
  });
});

test('SECURITY.md 10: a frame, a bad one and the end of the stream may come at once', async () => {
  const bench = await openStreamBench({ transport: 'tls' });
  for (let round = 1; round <= 20; round += 1) {
    const client = await heldBackClient(bench);
    await until(() => bench.streams.counters.tlsHandshakes === round);
    client.hold();
    client.socket.write(bindingRequest());
    client.socket.end(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    await once(client.socket, 'finish');
    client.send();
    await until(() => bench.seen.gone.length === round);
  }
  expect(bench.streams.counters).toMatchObject({ tlsHandshakes: 20, badFrames: 20 });
  expect(bench.seen.frames).toHaveLength(20);
});

test('SECURITY.md 10: a flood of tiny TLS records on one stream leaves turns to the others', async () => {
  let framesThisTurn = 0;
  let mostFramesInATurn = 0;
  const bench = await openStreamBench({
    transport: 'tls',
    onFrame: () => {
      framesThisTurn += 1;
      mostFramesInATurn = Math.max(mostFramesInATurn, framesThisTurn);
    },
  });
  const records = 20_000;
  const client = await heldBackClient(bench);
  await until(() => bench.streams.counters.tlsHandshakes === 1);
  client.hold();
  for (let n = 0; n < records; n += 1) {
    await new Promise((resolve) => client.socket.write(Uint8Array.of(0x40, 0, 0, 0), resolve));
  }
  let turns: NodeJS.Immediate;
  const nextTurn = (): void => {
    framesThisTurn = 0;
    turns = setImmediate(nextTurn);
  };
  turns = setImmediate(nextTurn);
  client.send();
  await until(() => bench.seen.frames.length === records);
  clearImmediate(turns);
  expect(mostFramesInATurn).toBeLessThan(2000);
});

/** A TLS client that has sent its hello, and whose bytes do not leave from a certain point on, until all of them are sent at once. */
interface HeldBackClient {
  readonly socket: TLSSocket;
  hold(): void;
  send(): void;
}

async function heldBackClient(bench: StreamBench): Promise<HeldBackClient> {
  const tcp = await bench.connectTcp();
  const held: Buffer[] = [];
  let isHolding = false;
  let hasSent = false;
  const wire = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      if (isHolding) held.push(chunk);
      else hasSent = tcp.write(chunk);
      done();
    },
  });
  tcp.on('data', (chunk) => wire.push(chunk));
  const socket = connectTls({ socket: wire, rejectUnauthorized: false });
  socket.on('error', () => undefined);
  await until(() => hasSent);
  return {
    socket,
    hold: () => {
      isHolding = true;
    },
    send: () => tcp.write(Buffer.concat(held)),
  };
}

function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
