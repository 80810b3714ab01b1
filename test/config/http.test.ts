import { describe, expect, test } from 'vitest';
import { formatCidr } from '../../server/stun/cidr.ts';
import { load, problemsOf, type Given } from './given-config.ts';

const files = { 'tls.certificate': ['chain.pem'], 'tls.key': ['key.pem'] };

describe('DESIGN.md section 5: the admin listener speaks plain HTTP on loopback only', () => {
  test.each([
    'http://127.0.0.1:8081',
    'http://127.9.9.9:0',
    'http://[::1]:8081',
    'https://*:8443',
    'https://192.0.2.1:8443',
    'null',
  ])('%s is taken, with a certificate of tls or without', async (text) => {
    expect(await problemsOf({ 'http.admin': [text] })).toEqual([]);
    expect(await problemsOf({ ...files, 'http.admin': [text] })).toEqual([]);
  });

  test.each([
    'http://*:8081',
    'http://192.168.1.5:8081',
    'http://[::]:8081',
    'http://0.0.0.0:8081',
    'http://[2001:db8::1]:8081',
  ])('%s is refused, with the remedy', async (text) => {
    const found = await problemsOf({ 'http.admin': [text] });
    expect(found.map(({ code, message }) => [code, message])).toEqual([
      [
        'config_impossible_value',
        `http.admin (flag --http-admin): "${text}" is plain HTTP, which would show passwords to the network. Write https:// ` +
          '(a certificate is made where none is configured), or 127.0.0.1 behind a proxy or "ssh -L".',
      ],
    ]);
  });
});

describe('listeners that collide', () => {
  test.each<[string, Given['flags'], string]>([
    [
      'public and admin',
      { 'http.admin': ['https://*:8080'] },
      'http.admin (flag --http-admin): "https://*:8080" needs port 8080, which http.public has. Move one of them.',
    ],
    [
      'the metrics on the admin listener’s port',
      { 'http.metrics': ['http://127.0.0.1:8081'] },
      'http.metrics (flag --http-metrics): "http://127.0.0.1:8081" needs port 8081, which http.admin has. Move one of them.',
    ],
    [
      'TURN over TCP and admin',
      { 'turn.listen': ['tcp://*:8081'] },
      'http.admin (default): "http://127.0.0.1:8081" needs port 8081, which turn.listen has for tcp://. Move one of them.',
    ],
  ])('%s', async (_what, flags, message) => {
    expect((await problemsOf(flags ?? {})).map((problem) => problem.message)).toEqual([message]);
  });

  test.each<[string, Given['flags']]>([
    ['any free port several times', { 'http.admin': ['http://127.0.0.1:0'], 'http.metrics': ['http://127.0.0.1:0'] }],
    ['one port of several addresses', { 'http.public': ['http://127.0.0.2:8081'] }],
    ['TURN over UDP', { 'turn.listen': ['udp://*:8081'] }],
  ])('%s does not', async (_what, flags) => {
    expect(await problemsOf(flags ?? {})).toEqual([]);
  });
});

describe('http.publicUrl and http.adminUrl', () => {
  test.each([
    ['auto', null],
    ['https://turn.example.org', 'https://turn.example.org'],
    ['https://turn.example.org/', 'https://turn.example.org'],
    ['https://ops.example.org/tools/turnpike/', 'https://ops.example.org/tools/turnpike'],
    ['http://localhost:9000', 'http://localhost:9000'],
    ['HTTPS://Turn.Example.Org:443', 'https://turn.example.org'],
  ])('%s is %s', async (text, expected) => {
    const { resolved } = await load({ flags: { 'http.publicUrl': [text], 'http.adminUrl': [text] } });
    expect([resolved.http.publicUrl, resolved.http.adminUrl]).toEqual([expected, expected]);
  });

  test.each([
    ['turn.example.org', 'is no http:// or https:// URL. Write e.g. https://turn.example.org.'],
    ['wss://turn.example.org', 'is no http:// or https:// URL. Write e.g. https://turn.example.org.'],
    ['', 'is no http:// or https:// URL. Write e.g. https://turn.example.org.'],
    ['https://turn.example.org/?a=b', 'has more than a host and a path. Write e.g. https://turn.example.org/turnpike.'],
    ['https://turn.example.org/#a', 'has more than a host and a path. Write e.g. https://turn.example.org/turnpike.'],
    ['https://me@turn.example.org', 'has more than a host and a path. Write e.g. https://turn.example.org/turnpike.'],
    ['https://:p@turn.example.org', 'has more than a host and a path. Write e.g. https://turn.example.org/turnpike.'],
  ])('%s is refused', async (text, reason) => {
    expect((await problemsOf({ 'http.publicUrl': [text] })).map(({ message }) => message)).toEqual([
      `http.publicUrl (flag --http-public-url): "${text}" ${reason}`,
    ]);
  });
});

describe('http.trustedProxies', () => {
  test('takes ranges of both families', async () => {
    const { resolved } = await load({ flags: { 'http.trustedProxies': ['10.1.2.0/24,2001:db8::/33'] } });
    expect(resolved.http.trustedProxies.map(formatCidr)).toEqual(['10.1.2.0/24', '2001:db8::/33']);
  });

  test.each([
    ['10.1.2.3', 'has no prefix length. For this address alone write 10.1.2.3/32.'],
    ['10.1.2.3/24', 'has bits set after its prefix. The network is 10.1.2.0/24; the address alone is 10.1.2.3/32.'],
    ['proxy.example.org', 'is no address range. Write e.g. 10.1.2.0/24 or fd12:3456:789a::/48.'],
  ])('%s is refused', async (text, reason) => {
    expect((await problemsOf({ 'http.trustedProxies': [text] })).map(({ message }) => message)).toEqual([
      `http.trustedProxies (flag --http-trusted-proxies): "${text}" ${reason}`,
    ]);
  });
});
