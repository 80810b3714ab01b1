import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, TLSSocket } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { TlsAcceptor } from '../../server/transport/tls-acceptor.ts';
import { TlsListener } from '../../server/transport/tls-listener.ts';
import { makeAuthority, makeCertificate } from '../support/certificates.ts';
import { bindingRequest, loopback4, loopback6, openStreamBench, until } from './stream-bench.ts';
import type { StreamBench } from './stream-bench.ts';

const tls12 = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

/** Connects, and answers the client with the error that ended it, if one did. */
async function handshaken(bench: StreamBench, tls: ConnectionOptions): Promise<{ socket: TLSSocket; error?: unknown }> {
  const socket = await bench.connectUnhandled({ tls });
  if (!(socket instanceof TLSSocket)) throw new Error('the TCP connection was turned away');
  return socket.errored === null ? { socket } : { socket, error: socket.errored };
}

describe('RFC 8656 3.1: TURN over TLS', () => {
  test.each([
    ['IPv4', loopback4],
    ['IPv6', loopback6],
  ])('a client over %s is named by both ends of its connection', async (_family, ip) => {
    const bench = await openStreamBench({ transport: 'tls', ip });
    const { socket, client } = await bench.connectKnown();
    expect(client).toEqual({
      transport: 'tls',
      stream: 1,
      local: bench.address,
      remote: { ip, port: socket.localPort },
    });
    expect(bench.streams.counters).toMatchObject({ accepted: 1, tlsHandshakes: 1, tlsHandshakeFailures: 0 });
  });

  test('a client that checks the certificate is content', async () => {
    const authority = makeAuthority('Test authority');
    const material = makeCertificate({ names: ['turn.example.org', '127.0.0.1'], issuer: authority });
    const bench = await openStreamBench({ transport: 'tls', material });
    const checked = { ca: authority.certificate, rejectUnauthorized: true };
    for (const servername of ['turn.example.org', '']) {
      const { socket } = await handshaken(bench, { ...checked, servername, host: '127.0.0.1' });
      expect(socket.authorized).toBe(true);
    }
    expect((await handshaken(bench, { ...checked, servername: 'other.example.org' })).error).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  test('each message is a TLS record of its own, however many go at once', async () => {
    const bench = await openStreamBench({ transport: 'tls' });
    const { socket, client } = await bench.connectKnown();
    bench.streams.markAuthenticated(client);
    const records: number[][] = [];
    socket.on('data', (record: Uint8Array) => records.push([...record]));
    const header = Uint8Array.of(0x40, 0, 0, 3);
    for (let sent = 0; sent < 50; sent += 1) {
      bench.streams.deliver(client, header, Uint8Array.of(sent, 2, 3), 1);
      bench.streams.send(client, Uint8Array.of(1, 1, 0, sent));
    }
    await until(() => records.flat().length === 50 * 12);
    const expected = Array.from({ length: 50 }, (_, sent) => [
      [0x40, 0, 0, 3, sent, 2, 3, 0],
      [1, 1, 0, sent],
    ]).flat();
    expect(records).toEqual(expected);
  });

  test('TCP and TLS share the table of streams, its ids and its caps', async () => {
    const bench = await openStreamBench({ limits: { maxStreams: 2 } });
    const plain = await bench.connectKnown();
    const listener = new TlsListener({ ip: loopback4, port: 0 }, bench.acceptor);
    const { port } = await listener.listen();
    const secure = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(secure, 'secureConnect');
    secure.write(bindingRequest());
    await until(() => bench.seen.frames.length === 2);
    const client = bench.seen.frames[1]!.client;
    expect([plain.client.transport, client.transport]).toEqual(['tcp', 'tls']);
    expect(client.stream).not.toBe(plain.client.stream);
    const third = await bench.connect();
    await until(() => third.closed);
    expect(bench.streams.counters.refusedFull).toBe(1);
    secure.destroy();
    listener.close();
  });
});

describe('RFC 7443: the application protocol', () => {
  test.each([
    ['none', [], false],
    ['TURN', ['stun.turn'], 'stun.turn'],
    ['STUN', ['stun.nat-discovery'], 'stun.nat-discovery'],
    ['both', ['stun.nat-discovery', 'stun.turn'], 'stun.turn'],
    ['another and TURN', ['h2', 'stun.turn'], 'stun.turn'],
  ])('a client that offers %s is served', async (_what, offered, chosen) => {
    const bench = await openStreamBench({ transport: 'tls' });
    const { socket } = await handshaken(bench, { ALPNProtocols: offered });
    expect(socket.alpnProtocol).toBe(chosen);
    socket.write(bindingRequest());
    await until(() => bench.seen.frames.length === 1);
  });

  test.each([[['http/1.1']], [['h2', 'http/1.1']], [['ftp']]])(
    'RFC 7301 3.2: a client that offers %j only is refused by an alert',
    async (offered) => {
      const bench = await openStreamBench({ transport: 'tls' });
      const { error } = await handshaken(bench, { ALPNProtocols: offered });
      expect(error).toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' });
      await until(() => bench.streams.size === 0);
      expect(bench.streams.counters).toMatchObject({ tlsHandshakes: 0, tlsHandshakeFailures: 1 });
    },
  );
});

test.each<[string, ConnectionOptions, string]>([
  [
    'TLS 1.1',
    { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  ],
  // Its KeyUpdates, as many as a client likes, cost the relay thread and are seen by nobody.
  ['TLS 1.3 alone', { minVersion: 'TLSv1.3' }, 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'],
  [
    'a cipher without authenticated encryption',
    { ...tls12, ciphers: 'ECDHE-ECDSA-AES128-SHA256' },
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  ],
])('RFC 9325, SECURITY.md 10: %s is refused', async (_what, tls, code) => {
  const bench = await openStreamBench({ transport: 'tls' });
  expect((await handshaken(bench, tls)).error).toMatchObject({ code });
});

test('SECURITY.md 10: a client that asks for a second handshake loses its stream', async () => {
  const bench = await openStreamBench({ transport: 'tls' });
  const { socket, client } = await bench.connectKnown();
  if (!(socket instanceof TLSSocket)) throw new Error('not a client of TLS');
  socket.on('error', () => undefined);
  socket.renegotiate({ rejectUnauthorized: false }, () => undefined);
  await until(() => bench.seen.gone.length === 1);
  expect(bench.seen.gone).toEqual([client]);
});

test('SECURITY.md 10: a broken record ends the stream', async () => {
  const bench = await openStreamBench({ transport: 'tls' });
  const { socket, client } = await bench.connectKnown();
  bench.beneath(socket).write(Buffer.from(`1703030020${'ab'.repeat(32)}`, 'hex'));
  await until(() => bench.seen.gone.length === 1);
  expect(bench.seen.gone).toEqual([client]);
});

describe('a certificate that is replaced', () => {
  const first = makeCertificate({ names: ['first.example.org'] });
  const second = makeCertificate({ names: ['second.example.org'] });
  const shown = (socket: Socket): unknown => socket instanceof TLSSocket && socket.getPeerCertificate().subject.CN;

  test('is not shown from then on, and live streams go on', async () => {
    const bench = await openStreamBench({ transport: 'tls', material: first });
    const old = await bench.connectKnown();
    bench.acceptor.setCertificate(second);
    const { socket } = await bench.connectKnown();
    expect([shown(old.socket), shown(socket)]).toEqual(['first.example.org', 'second.example.org']);
    old.socket.write(bindingRequest());
    await until(() => bench.seen.frames.length === 3);
    expect(bench.seen.frames[2]?.client).toEqual(old.client);
    bench.streams.send(old.client, Uint8Array.of(1, 2, 3, 4));
    const [answer] = (await once(old.socket, 'data')) as [Uint8Array];
    expect([...answer]).toEqual([1, 2, 3, 4]);
    expect(bench.seen.gone).toEqual([]);
  });

  test('is not kept alive by resumption', async () => {
    const bench = await openStreamBench({ transport: 'tls', material: first });
    const options = { host: '127.0.0.1', port: bench.address.port, rejectUnauthorized: false };
    const opening = connect(options);
    const [session] = (await once(opening, 'session')) as [Buffer];
    opening.destroy();
    for (const swap of [() => undefined, () => bench.acceptor.setCertificate(second)]) {
      swap();
      const again = connect({ ...options, session });
      await once(again, 'secureConnect');
      expect(again.isSessionReused()).toBe(false);
      again.destroy();
    }
  });

  test('is shown to the end of a handshake that began with it', async () => {
    const bench = await openStreamBench({ transport: 'tls', material: first });
    const tcp = await bench.connectTcp();
    await until(() => bench.acceptor.handshaking === 1);
    bench.acceptor.setCertificate(second);
    const socket = connect({ socket: tcp, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    expect(shown(socket)).toBe('first.example.org');
    socket.destroy();
  });

  test('stays when the new one is unusable', async () => {
    const bench = await openStreamBench({ transport: 'tls', material: first });
    expect(() => {
      bench.acceptor.setCertificate({ certificate: first.certificate, key: second.key });
    }).toThrow('key values mismatch');
    expect(() => new TlsAcceptor({ streams: bench.streams, material: { certificate: 'none', key: 'none' } })).toThrow();
    expect(shown(await bench.connect())).toBe('first.example.org');
  });
});
