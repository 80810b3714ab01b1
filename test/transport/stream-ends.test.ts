import { describe, expect, test } from 'vitest';
import type { Socket } from 'node:net';
import { bindingRequest, openStreamBench, readBytes, streamTransports, until } from './stream-bench.ts';
import type { StreamBench } from './stream-bench.ts';

describe.each(streamTransports)('the end of a stream over %s is reported exactly once', (transport) => {
  test.each<[string, (socket: Socket, bench: StreamBench) => void]>([
    ['FIN', (socket) => socket.end()],
    ['RST', (socket, bench) => bench.reset(socket)],
    ['a frame and FIN', (socket) => socket.end(bindingRequest())],
    ['half a frame and FIN', (socket) => socket.end(bindingRequest().subarray(0, 7))],
  ])('after %s', async (_how, end) => {
    const bench = await openStreamBench({ transport });
    const { socket, client } = await bench.connectKnown();
    end(socket, bench);
    await until(() => bench.seen.gone.length > 0);
    bench.streams.close(client);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(bench.seen.gone).toEqual([client]);
    expect(bench.streams.size).toBe(0);
  });

  test('after close, which is repeatable and flushes what was sent before', async () => {
    const bench = await openStreamBench({ transport });
    const { socket, client } = await bench.connectKnown();
    const received = readBytes(socket, 4);
    bench.streams.send(client, Uint8Array.of(9, 9, 9, 9));
    bench.streams.close(client);
    bench.streams.close(client);
    bench.streams.send(client, Uint8Array.of(8, 8, 8, 8));
    bench.streams.deliver(client, Uint8Array.of(7, 7), Uint8Array.of(7, 7), 0);
    await until(() => bench.seen.gone.length > 0 && socket.closed);
    expect([...(await received)]).toEqual([9, 9, 9, 9]);
    expect(bench.seen.gone).toEqual([client]);
    expect(bench.streams.counters.droppedDeliveries).toBe(1);
  });

  test('after close of a client that reads nothing', async () => {
    const bench = await openStreamBench({ transport, limits: { closeTimeoutMs: 50, maxQueuedControlBytes: 64e6 } });
    const { socket, client } = await bench.connectKnown();
    bench.streams.markAuthenticated(client);
    socket.pause();
    bench.streams.send(client, new Uint8Array(32e6));
    bench.streams.close(client);
    await until(() => bench.seen.gone.length === 1);
  });

  test('after closeAll, which is repeatable and lets nobody in afterwards', async () => {
    const bench = await openStreamBench({ transport });
    const clients = [await bench.connectKnown(), await bench.connectKnown()];
    await Promise.all([bench.streams.closeAll(), bench.streams.closeAll()]);
    await bench.streams.closeAll();
    expect(new Set(bench.seen.gone)).toEqual(new Set(clients.map(({ client }) => client)));
    expect(bench.seen.gone).toHaveLength(2);
    const { accepted } = bench.streams.counters;
    const late = await bench.connectUnhandled();
    await until(() => late.closed);
    expect(bench.streams.counters.accepted).toBe(accepted);
  });
});

test.each(streamTransports)(
  'SECURITY.md 10: many streams over %s that came and went leave nothing',
  async (transport) => {
    const bench = await openStreamBench({ transport, limits: { maxUnauthenticatedPerAddress: 60, maxStreams: 80 } });
    const timersBefore = activeTimers();
    for (let round = 0; round < 4; round += 1) {
      const sockets = await Promise.all(Array.from({ length: 50 }, () => bench.connect()));
      const acceptedSoFar = 50 * (round + 1);
      await until(() => bench.handled() === acceptedSoFar);
      for (const [index, socket] of sockets.entries()) {
        socket.write(index % 2 === 0 ? bindingRequest() : bindingRequest().subarray(0, 9));
        if (index % 3 === 0) bench.reset(socket);
        else socket.end();
      }
      await until(() => bench.streams.size === 0);
    }
    expect(bench.seen.gone).toHaveLength(200);
    expect(new Set(bench.seen.gone.map((client) => client.stream)).size).toBe(200);
    expect(bench.streams.counters).toMatchObject({ accepted: 200, refusedFull: 0, refusedAddressFull: 0 });
    await until(() => activeTimers() <= timersBefore);
  },
);

function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
