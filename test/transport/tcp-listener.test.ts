import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { StreamClients } from '../../server/transport/stream-clients.ts';
import { TcpListener } from '../../server/transport/tcp-listener.ts';
import { bindingRequest, loopback4, loopback6, openStreamBench, until } from './stream-bench.ts';

const silent = { onFrame: () => undefined, onGone: () => undefined };

test.each([
  ['IPv4', loopback4],
  ['IPv6', loopback6],
])('RFC 8656 3.1: a TCP client over %s is named by both ends of its connection', async (_family, ip) => {
  const bench = await openStreamBench({ ip });
  const socket = await bench.connect();
  socket.write(bindingRequest());
  await until(() => bench.seen.frames.length === 1);
  expect(bench.seen.frames[0]?.client).toEqual({
    transport: 'tcp',
    stream: 1,
    local: bench.address,
    remote: { ip, port: socket.localPort },
  });
});

test('port 0 takes a free port and says which', async () => {
  const bench = await openStreamBench();
  expect(bench.address.ip).toEqual(loopback4);
  expect(bench.address.port).toBeGreaterThan(0);
});

test('every stream has an id of its own, also across listeners', async () => {
  const bench = await openStreamBench();
  const second = new TcpListener({ ip: loopback6, port: 0 }, bench.streams);
  const address = await second.listen();
  const first = await bench.connectKnown();
  const other = connect(address.port, '::1');
  await once(other, 'connect');
  other.write(bindingRequest());
  await until(() => bench.seen.frames.length === 2);
  expect(bench.seen.frames[1]?.client.stream).not.toBe(first.client.stream);
  other.destroy();
  second.close();
});

test('an IPv6 listener leaves the IPv4 port of the same number to others', async () => {
  const streams = new StreamClients({ channelRange: 'rfc8656', events: silent });
  const six = new TcpListener({ ip: { ...loopback6, w3: 0 }, port: 0 }, streams);
  const { port } = await six.listen();
  const four = new TcpListener({ ip: { ...loopback4, w0: 0 }, port }, streams);
  expect((await four.listen()).port).toBe(port);
  six.close();
  four.close();
});

test('a taken port rejects with the code of the system', async () => {
  const bench = await openStreamBench();
  const second = new TcpListener(bench.address, bench.streams);
  await expect(second.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  second.close();
});

test('close frees the port at once, leaves streams alone, and may be repeated', async () => {
  const bench = await openStreamBench();
  const { socket } = await bench.connectKnown();
  bench.listener.close();
  bench.listener.close();
  const second = new TcpListener(bench.address, bench.streams);
  expect(await second.listen()).toEqual(bench.address);
  second.close();
  socket.write(bindingRequest());
  await until(() => bench.seen.frames.length === 2);
  expect(bench.seen.gone).toEqual([]);
});
