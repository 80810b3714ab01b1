import { describe, expect, onTestFinished, test } from 'vitest';
import { sourceOfSocket } from '../../server/app/http-listener.ts';
import { connected, listening, livez, livezAnswer, publicListener } from './public-clients.ts';

const maxConnections = 256;
const maxConnectionsPerSource = 128;

test.each([
  ['a path that is not there', '/nowhere', 404, 'not_found'],
  ['a path that cannot be decoded', '/%zz', 400, 'bad_request'],
])('RFC 9457: %s is answered by a problem document', async (_what, url, status, code) => {
  const reply = await publicListener().inject({ method: 'GET', url });
  expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(reply.json()).toMatchObject({ status, code });
});

describe('SECURITY.md 2: strangers on HTTP take bounded room', () => {
  test('one connection too many is dropped, and those that are open are served', async () => {
    const { port } = await listening();
    const open = await Promise.all(
      Array.from({ length: maxConnections }, (_, index) => connected(port, `127.0.0.${1 + (index % 4)}`)),
    );
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
    await expect.poll(late, { timeout: 5_000 }).toMatch(livezAnswer);
  });

  test('one source takes no more than its share, silent or not, and others are served', async () => {
    const { port } = await listening();
    const open = await Promise.all(Array.from({ length: maxConnections }, () => connected(port)));
    const stillOpen = () => open.filter(({ socket }) => !socket.closed).length;
    await expect.poll(stillOpen, { timeout: 4_000 }).toBe(maxConnectionsPerSource);
    const other = await connected(port, '127.0.0.2');
    other.socket.write(livez);
    await expect.poll(other.received, { timeout: 4_000 }).toMatch(livezAnswer);

    open.find(({ socket }) => !socket.closed)?.socket.destroy();
    const again = async (): Promise<string> => {
      const { socket, received } = await connected(port);
      socket.write(livez);
      await expect.poll(() => socket.closed || received() !== '').toBe(true);
      return received();
    };
    await expect.poll(again, { timeout: 5_000 }).toMatch(livezAnswer);
  });

  test.each([
    ['203.0.113.9', '203.0.113.9', 'one'],
    ['::ffff:203.0.113.9', '203.0.113.9', 'one'],
    ['::ffff:203.0.113.9', '::ffff:203.0.113.8', 'two'],
    ['2620:fe:0:1:2:3:4:5', '2620:fe:0:1::', 'one'],
    ['2620:fe:0:1::', '2620:fe:0:2::', 'two'],
    ['fe80::1%eth0', 'fe80::2%eth1', 'one'],
    ['fe80::1%eth0', '', 'two'],
    ['0.0.0.0', '::', 'two'],
  ])('%s and %s count as %s', (address, other, sources) => {
    expect(sourceOfSocket(address) === sourceOfSocket(other) ? 'one' : 'two').toBe(sources);
  });

  test('a connection does not hold its place by being slow', { timeout: 40_000 }, async () => {
    const { port } = await listening();
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
