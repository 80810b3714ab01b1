import { describe, expect, test } from 'vitest';
import { iceUrls } from '../../server/app/ice-urls.ts';
import type { BoundListener } from '../../server/app/relay-messages.ts';
import { ip } from '../support/addresses.ts';

function bound(transport: BoundListener['transport'], host: string, port: number, wildcard: boolean): BoundListener {
  return { transport, address: { ip: ip(host), port }, wildcard, request: 0 };
}

describe('the URLs that clients are given', () => {
  const everywhere = [
    bound('udp', '127.0.0.1', 3478, true),
    bound('udp', '10.0.0.5', 3478, true),
    bound('tcp', '0.0.0.0', 3478, true),
    bound('tcp', '::', 3478, true),
  ];
  const interfaces = [ip('127.0.0.1'), ip('10.0.0.5')];
  const pair = { local: ip('10.0.0.5'), public: ip('203.0.113.9') };

  test.each([
    ['auto names the address that others reach', null, [], '10.0.0.5'],
    ['auto behind 1:1 NAT names the public address', null, [pair], '203.0.113.9'],
    ['a name is used as it is', 'turn.example.org', [pair], 'turn.example.org'],
    ['an IPv6 address is put in brackets', '2001:db8::5', [], '[2001:db8::5]'],
  ])('%s', (_rule, publicHost, translations, host) => {
    expect(iceUrls({ listeners: everywhere, publicHost, interfaces, translations })).toEqual({
      stun: [`stun:${host}:3478`],
      turn: [`turn:${host}:3478?transport=udp`, `turn:${host}:3478?transport=tcp`],
    });
  });

  test.each([
    ['an IPv6-only host, its loopback being of both families', ['127.0.0.1', '::1', '2001:db8::5'], '[2001:db8::5]'],
    ['a host of both families', ['::1', '2001:db8::5', '127.0.0.1', '10.0.0.5'], '10.0.0.5'],
    ['a host without a network', ['::1', '127.0.0.1'], '127.0.0.1'],
  ])('auto on %s', (_host, addresses, host) => {
    const known = addresses.map(ip);
    const { stun } = iceUrls({ listeners: everywhere, publicHost: null, interfaces: known, translations: [] });
    expect(stun).toEqual([`stun:${host}:3478`]);
  });

  test('TLS comes last, as turns: with its own port', () => {
    const listeners = [bound('tls', '0.0.0.0', 5349, true), bound('tls', '::', 5349, true), ...everywhere];
    expect(iceUrls({ listeners, publicHost: 'turn.example.org', interfaces, translations: [] }).turn).toEqual([
      'turn:turn.example.org:3478?transport=udp',
      'turn:turn.example.org:3478?transport=tcp',
      'turns:turn.example.org:5349?transport=tcp',
    ]);
  });

  test('listeners on named addresses are each named, UDP before TCP', () => {
    const listeners = [bound('tcp', '::1', 5000, false), bound('udp', '127.0.0.1', 5001, false)];
    expect(iceUrls({ listeners, publicHost: null, interfaces, translations: [] })).toEqual({
      stun: ['stun:127.0.0.1:5001'],
      turn: ['turn:127.0.0.1:5001?transport=udp', 'turn:[::1]:5000?transport=tcp'],
    });
  });
});
