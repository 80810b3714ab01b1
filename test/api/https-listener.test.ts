import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { connected, listened, listening, livez, livezAnswer } from './public-clients.ts';

const tls = makeCertificate({ names: ['turn.example.org'] });
/** So many at once, then none for as long as a test lasts. */
const atOnce = (burst: number) => ({ perSecond: 0.01, burst });

/** A client of HTTPS that has asked for `/livez`; nothing is received by one that is turned away. */
async function asking(port: number, localAddress = '127.0.0.1') {
  // What node:net connects with is handed on to it.
  const options = { host: '127.0.0.1', port, localAddress, rejectUnauthorized: false };
  const secure = listened(connect(options));
  secure.socket.write(livez);
  await expect.poll(() => secure.socket.closed || secure.received() !== '', { timeout: 10_000 }).toBe(true);
  return secure;
}

describe('SECURITY.md 2: strangers on HTTPS take bounded room and time', () => {
  test('one source takes no more than its share, before its handshake or after, and others are served', async () => {
    const { port } = await listening({ tls, limits: { maxConnectionsPerSource: 3 } });
    const served = await asking(port);
    await connected(port);
    const silent = await connected(port);
    expect((await asking(port)).received()).toBe('');
    expect((await asking(port, '127.0.0.2')).received()).toMatch(livezAnswer);
    expect([served.socket.closed, silent.socket.closed]).toEqual([false, false]);

    silent.socket.destroy();
    await expect.poll(async () => (await asking(port)).received(), { timeout: 10_000 }).toMatch(livezAnswer);
  });

  test('a place is free again when a client that was served leaves', async () => {
    const { port } = await listening({ tls, limits: { maxConnectionsPerSource: 1 } });
    const served = await asking(port);
    expect((await asking(port)).received()).toBe('');
    served.socket.destroy();
    await expect.poll(async () => (await asking(port)).received(), { timeout: 10_000 }).toMatch(livezAnswer);
  });

  test('a source that connects too fast is reset, and others are served', async () => {
    const { server, port } = await listening({ tls, limits: { handshakesPerSource: atOnce(2) } });
    const broken: unknown[] = [];
    server.server.on('tlsClientError', (error) => broken.push(error));
    const answers = [await asking(port), await asking(port), await asking(port), await asking(port, '127.0.0.2')];
    expect(answers.map(({ received }) => livezAnswer.test(received()))).toEqual([true, true, false, true]);
    expect(broken, 'nothing of TLS is done for who is reset').toEqual([]);
  });

  test('all sources together connect no faster than they may', async () => {
    const { port } = await listening({ tls, limits: { handshakes: atOnce(2) } });
    const answers = [await asking(port), await asking(port, '127.0.0.2'), await asking(port, '127.0.0.3')];
    expect(answers.map(({ received }) => livezAnswer.test(received()))).toEqual([true, true, false]);
  });

  test('plain HTTP costs no handshake and has no rate', async () => {
    const { port } = await listening({ limits: { handshakes: atOnce(1), handshakesPerSource: atOnce(1) } });
    for (let round = 0; round < 3; round += 1) {
      const { socket, received } = await connected(port);
      socket.write(livez);
      await expect.poll(received, { timeout: 10_000 }).toMatch(livezAnswer);
    }
  });

  test('a client cannot have another handshake on its connection', async () => {
    const { port } = await listening({ tls });
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
    listened(socket);
    await once(socket, 'secureConnect');
    expect(await renegotiated(socket)).not.toBe(null);
  });
});

test.each([
  ['HTTPS, before its handshake', { tls }],
  ['plain HTTP, before its request', {}],
])('close waits for no client of %s', async (_what, options) => {
  const { server, port } = await listening(options);
  const ended: string[] = [];
  server.server.on('tlsClientError', (error: NodeJS.ErrnoException) => ended.push(error.code ?? ''));
  const accepted = once(server.server, 'connection');
  const { socket } = await connected(port);
  await accepted;
  await server.close();
  await expect.poll(() => socket.closed, { timeout: 10_000 }).toBe(true);
  expect(ended).not.toContain('ERR_TLS_HANDSHAKE_TIMEOUT');
});

/** Asks for another handshake: null when there was one, and otherwise why not. */
async function renegotiated(socket: TLSSocket): Promise<Error | null> {
  return new Promise((resolve) => {
    socket.once('error', resolve);
    socket.once('close', () => resolve(new Error('closed')));
    socket.renegotiate({ rejectUnauthorized: false }, resolve);
  });
}
