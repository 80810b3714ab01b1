import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createPublicListener } from '../../server/api/public-listener.ts';

const maxConnections = 256;
const livez = 'GET /livez HTTP/1.1\r\nHost: turnpike\r\n\r\n';

/** The port of a public listener on loopback, closed when the test ends. */
async function listening(): Promise<number> {
  const server = createPublicListener({ readiness: () => ({ ready: true }), onFailure: () => undefined });
  await server.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  return (server.server.address() as AddressInfo).port;
}

/** A connection and everything that came on it so far. */
async function connected(port: number): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect({ host: '127.0.0.1', port });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(socket, 'connect');
  return { socket, received: () => text };
}

test.each([
  ['a path that is not there', '/nowhere', 404, 'not_found'],
  ['a path that cannot be decoded', '/%zz', 400, 'bad_request'],
])('RFC 9457: %s is answered by a problem document', async (_what, url, status, code) => {
  const server = createPublicListener({ readiness: () => ({ ready: true }), onFailure: () => undefined });
  onTestFinished(() => server.close());
  const reply = await server.inject({ method: 'GET', url });
  expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(reply.json()).toMatchObject({ status, code });
});

describe('SECURITY.md 2: strangers on HTTP take bounded room', () => {
  test('one connection too many is dropped, and those that are open are served', async () => {
    const port = await listening();
    const open = await Promise.all(Array.from({ length: maxConnections }, () => connected(port)));
    const answersOf = async (count: number): Promise<void> => {
      for (const { socket } of open) socket.write(livez);
      const counts = () => new Set(open.map(({ received }) => received().split('{"status":"ok"}').length - 1));
      await expect.poll(counts, { timeout: 10_000 }).toEqual(new Set([count]));
    };
    await answersOf(1);
    const surplus = await connected(port);
    await expect.poll(() => surplus.socket.closed, { timeout: 4_000 }).toBe(true);
    expect(surplus.received()).toBe('');
    await answersOf(2);

    open[0]?.socket.destroy();
    const late = async (): Promise<string> => {
      const { socket, received } = await connected(port);
      socket.write(livez);
      await expect.poll(() => socket.closed || received() !== '').toBe(true);
      return received();
    };
    await expect.poll(late, { timeout: 5_000 }).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('a connection does not hold its place by being slow', { timeout: 40_000 }, async () => {
    const port = await listening();
    const silent = await connected(port);
    const withoutBody = await connected(port);
    withoutBody.socket.write('POST /livez HTTP/1.1\r\nHost: turnpike\r\nContent-Length: 5000\r\n\r\n');
    const withoutEnd = await connected(port);
    withoutEnd.socket.write('GET /livez HTTP/1.1\r\nHost: turnpike\r\nX-Slow: ');
    // A byte now and then buys no time.
    const drip = setInterval(() => [withoutBody, withoutEnd].forEach(({ socket }) => socket.write('x')), 500);
    onTestFinished(() => clearInterval(drip));
    const closed = () => [silent, withoutBody, withoutEnd].map(({ socket }) => socket.closed);
    await expect.poll(closed, { timeout: 25_000 }).toEqual([true, true, true]);
  });
});
