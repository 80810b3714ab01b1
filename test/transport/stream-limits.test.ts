import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { StreamClient } from '../../server/seam/client.ts';
import { queuedWriteCostBytes } from '../../server/transport/stream-limits.ts';
import { bindingRequest, openStreamBench, readBytes, streamTransports, until } from './stream-bench.ts';
import type { StreamBench } from './stream-bench.ts';

const deadlineMs = 1_500;

describe.each(streamTransports)('SECURITY.md 10: the deadline before an allocation over %s', (transport) => {
  test('ends a stream, and traffic does not extend it', async () => {
    const bench = await openStreamBench({ transport, limits: { unauthenticatedTimeoutMs: deadlineMs } });
    const socket = await bench.connect();
    const chatter = setInterval(() => socket.write(bindingRequest()), 20);
    await until(() => bench.seen.gone.length === 1);
    clearInterval(chatter);
    expect(bench.streams.counters.timedOut).toBe(1);
    expect(bench.seen.frames.length).toBeGreaterThan(2);
  });

  test('is lifted by an allocation and starts anew when it is gone', async () => {
    const bench = await openStreamBench({ transport, limits: { unauthenticatedTimeoutMs: deadlineMs } });
    const { socket, client } = await bench.connectKnown();
    bench.streams.markAuthenticated(client);
    await new Promise((resolve) => setTimeout(resolve, deadlineMs + 500));
    expect(bench.seen.gone).toEqual([]);
    expect(socket.closed).toBe(false);
    bench.streams.markIdle(client);
    await until(() => bench.seen.gone.length === 1);
    expect(bench.streams.counters.timedOut).toBe(1);
  });
});

describe.each(streamTransports)('SECURITY.md 10: caps over %s', (transport) => {
  test('on streams in all, across listeners and with or without an allocation', async () => {
    const bench = await openStreamBench({ transport, limits: { maxStreams: 2 } });
    const { client, socket: first } = await bench.connectKnown();
    bench.streams.markAuthenticated(client);
    await bench.connect();
    const third = await bench.connect();
    await until(() => third.closed);
    expect(bench.streams.size).toBe(2);
    expect(bench.streams.counters).toMatchObject({ accepted: 2, refusedFull: 1 });
    first.destroy();
    await until(() => bench.streams.size === 1);
    await bench.connect();
    expect(bench.streams.size).toBe(2);
  });

  test('on streams without an allocation from one address, below those in all however few these are', async () => {
    const bench = await openStreamBench({ transport, limits: { maxStreams: 8 } });
    for (let stream = 1; stream <= 6; stream += 1) await bench.connect();
    const refused = await bench.connect();
    await until(() => refused.closed);
    await bench.connect({ localAddress: '127.0.0.2' });
    expect(bench.streams.counters).toMatchObject({ accepted: 7, refusedAddressFull: 1, refusedFull: 0 });
  });

  test('on streams without an allocation from one address only', async () => {
    const bench = await openStreamBench({ transport, limits: { maxUnauthenticatedPerAddress: 1 } });
    const { client } = await bench.connectKnown();
    const refused = await bench.connect();
    await until(() => refused.closed);
    expect(bench.streams.counters).toMatchObject({ accepted: 1, refusedAddressFull: 1 });
    await bench.connect({ localAddress: '127.0.0.2' });
    expect(bench.streams.size).toBe(2);
    bench.streams.markAuthenticated(client);
    bench.streams.markAuthenticated(client);
    await bench.connect();
    expect(bench.streams.size).toBe(3);
    bench.streams.markIdle(client);
    bench.streams.markIdle(client);
    await bench.connect();
    expect(bench.streams.counters).toMatchObject({ accepted: 3, refusedAddressFull: 2 });
  });
});

/** What is sent after this many bytes waits on our side. */
const moreThanTheKernelHolds = 64e6;

/** A client that reads nothing, and how much of what it was sent is still to reach it. */
interface BlockedReader {
  readonly socket: Socket;
  readonly client: StreamClient;
  readonly deliveredBytes: number;
}

/** Delivers 1,000-byte payloads to a client that reads nothing until the first one is dropped. */
async function blockReader(bench: StreamBench): Promise<BlockedReader> {
  const known = await bench.connectKnown();
  bench.streams.markAuthenticated(known.client);
  known.socket.pause();
  const payload = new Uint8Array(1000);
  for (let delivered = 0; ; delivered += 1) {
    expect(delivered).toBeLessThan(moreThanTheKernelHolds / payload.length);
    bench.streams.deliver(known.client, new Uint8Array(4), payload, 0);
    if (bench.streams.counters.droppedDeliveries > 0) {
      return { ...known, deliveredBytes: delivered * (4 + payload.length) };
    }
    if (delivered % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.each(streamTransports)('SECURITY.md 10: a slow reader over %s', (transport) => {
  const limits = { maxQueuedBytes: 100_000, maxQueuedControlBytes: 150_000 };

  test('drops media but keeps its stream, and gets whole frames when it reads again', async () => {
    const bench = await openStreamBench({ transport, limits });
    const { socket, client, deliveredBytes } = await blockReader(bench);
    expect(bench.streams.counters).toMatchObject({ droppedDeliveries: 1, droppedDeliveryBytes: 1004 });
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    socket.resume();
    await until(() => received === deliveredBytes);
    bench.streams.deliver(client, new Uint8Array(4), new Uint8Array(1000), 0);
    await until(() => received === deliveredBytes + 1004);
    expect(bench.streams.counters.droppedDeliveries).toBe(1);
    expect(bench.seen.gone).toEqual([]);
  });

  test('still gets responses, until those pile up unread too: then the stream ends', async () => {
    const bench = await openStreamBench({ transport, limits });
    const { client } = await blockReader(bench);
    const response = new Uint8Array(100);
    let sent = 0;
    while (bench.streams.counters.unreadResponses === 0 && sent < 10_000) {
      bench.streams.send(client, response);
      sent += 1;
    }
    expect(sent).toBeGreaterThan(40_000 / (response.length + queuedWriteCostBytes));
    expect(sent).toBeLessThan(60_000 / (response.length + queuedWriteCostBytes));
    await until(() => bench.seen.gone.length === 1);
  });

  test('holds no more than a few hundred empty packets', async () => {
    const bench = await openStreamBench({ transport, limits });
    const { client } = await blockReader(bench);
    for (let n = 0; n < 10_000; n += 1) bench.streams.deliver(client, new Uint8Array(4), new Uint8Array(), 0);
    expect(bench.streams.counters.droppedDeliveries).toBeGreaterThan(9_990);
  });

  test('without an allocation may leave far less unread', async () => {
    const bench = await openStreamBench({ transport, limits });
    const { client } = await blockReader(bench);
    bench.streams.send(client, new Uint8Array(100));
    bench.streams.markIdle(client);
    expect(bench.streams.counters.unreadResponses).toBe(0);
    bench.streams.send(client, new Uint8Array(100));
    expect(bench.streams.counters.unreadResponses).toBe(1);
    await until(() => bench.seen.gone.length === 1);
  });
});

test.each(streamTransports)('a reader that keeps up loses nothing over %s', async (transport) => {
  const bench = await openStreamBench({ transport, limits: { maxQueuedBytes: 100_000 } });
  const { socket, client } = await bench.connectKnown();
  const received = readBytes(socket, 5_000 * 1004);
  for (let n = 0; n < 5_000; n += 1) {
    bench.streams.deliver(client, new Uint8Array(4), new Uint8Array(1000), 0);
    if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await received).length).toBe(5_000 * 1004);
  expect(bench.streams.counters.droppedDeliveries).toBe(0);
});
