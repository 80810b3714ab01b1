import { describe, expect, test } from 'vitest';
import { load, problemsOf, type Given } from './given-config.ts';

const files = { 'tls.certificate': ['chain.pem'], 'tls.key': ['/etc/turnpike/key.pem'] };

/** What a configuration listens on for TURN, as text. */
async function listenersOf(given: Given): Promise<string[]> {
  const { resolved } = await load(given);
  return resolved.turn.listen.map(({ transport, host, port }) => `${transport} ${host === '*' ? host : 'ip'} ${port}`);
}

describe('a certificate', () => {
  test('is named by paths that start at the working directory', async () => {
    const { resolved } = await load({ flags: files });
    expect(resolved.tls?.certificate).toMatch(/^\/.*\/chain\.pem$/);
    expect(resolved.tls?.key).toBe('/etc/turnpike/key.pem');
    expect((await load({})).resolved.tls).toBeNull();
  });

  test('adds tls://*:5349 while turn.listen is not set', async () => {
    expect(await listenersOf({ flags: files })).toEqual(['udp * 3478', 'tcp * 3478', 'tls * 5349']);
    expect(await listenersOf({})).toEqual(['udp * 3478', 'tcp * 3478']);
    expect(await listenersOf({ flags: { ...files, 'turn.listen': ['udp://*:3478'] } })).toEqual(['udp * 3478']);
  });

  test('makes http.public speak HTTPS; one who wrote http:// is told', async () => {
    const warningsOf = async (flags: Given['flags'] = {}): Promise<readonly string[]> =>
      (await load({ flags: { ...files, ...flags } })).warnings;
    expect(await warningsOf()).toEqual([]);
    expect(await warningsOf({ 'http.public': ['https://*:443'] })).toEqual([]);
    expect(await warningsOf({ 'http.public': ['http://127.0.0.1:8080'] })).toEqual([
      'http.public http://127.0.0.1:8080 speaks HTTPS, because tls is set: write https:// to say so.',
    ]);
  });

  test('is not given as text, and its key is not repeated in the message', async () => {
    const key = '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----';
    const messages = (await problemsOf({ ...files, 'tls.key': [key] })).map(({ message }) => message);
    expect(messages).toEqual([
      'tls.key (flag --tls-key): "PEM text" is the text of a PEM file. Write the path of the file.',
    ]);
  });

  test('one port is not for TURN over TLS and HTTPS at once', async () => {
    const flags = { ...files, 'turn.listen': ['udp://*:443', 'tls://*:443'], 'http.public': ['https://127.0.0.1:443'] };
    expect((await problemsOf(flags)).map(({ message }) => message)).toEqual([
      'http.public (flag --http-public): "https://127.0.0.1:443" needs port 443, which turn.listen has for tls://. Move one of them.',
    ]);
    expect(await problemsOf({ ...flags, 'turn.listen': ['udp://*:443'] })).toEqual([]);
  });

  test.each([
    ['a TCP and a TLS listener', ['tcp://*:443', 'tls://127.0.0.1:443'], 1],
    ['two TLS listeners', ['tls://*:443', 'tls://*:443'], 1],
    ['a UDP and a TLS listener', ['udp://*:443', 'tls://*:443'], 0],
  ])('%s on one port: sockets that collide are refused', async (_case, listen, problems) => {
    expect(await problemsOf({ ...files, 'turn.listen': listen })).toHaveLength(problems);
  });
});
