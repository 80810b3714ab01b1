import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TrustedProxies, type RequestPath } from '../../server/api/trusted-proxies.ts';
import { parseCidr } from '../../server/stun/cidr.ts';

const proxies = new TrustedProxies(
  ['10.0.0.0/8', '127.0.0.1/32', '2001:db8:0:1::/64'].map((text) => {
    const range = parseCidr(text);
    if (range === null) throw new Error(text);
    return range;
  }),
);
const plain = { isTls: false, forwardedFor: undefined, forwardedProto: undefined };
const clientOn = (path: Partial<RequestPath> & { peer: string }) => proxies.clientOnPath({ ...plain, ...path });

describe('SECURITY.md 13: forwarded addresses are believed from http.trustedProxies only', () => {
  test.each<[string, string, string | undefined, string]>([
    ['no proxy', '203.0.113.9', undefined, '203.0.113.9'],
    ['a stranger that names another', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['a stranger that names a proxy', '203.0.113.9', '10.0.0.1', '203.0.113.9'],
    ['a proxy', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['a proxy whose client names another', '10.0.0.1', '192.0.2.66, 198.51.100.1', '198.51.100.1'],
    ['two proxies', '10.0.0.1', '198.51.100.1, 10.0.0.2', '198.51.100.1'],
    ['two proxies whose client names another', '10.0.0.1', '192.0.2.66, 198.51.100.1, 10.0.0.2', '198.51.100.1'],
    ['a client that is a proxy itself', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['a proxy that names nobody', '10.0.0.1', undefined, '10.0.0.1'],
    ['a proxy that hides its client', '10.0.0.1', 'unknown', '10.0.0.1'],
    ['a proxy that hides its client, which names another', '10.0.0.1', '192.0.2.66, _hidden', '10.0.0.1'],
    ['an empty entry', '10.0.0.1', '192.0.2.66,', '10.0.0.1'],
    ['an entry with a port', '10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['an IPv6 entry', '10.0.0.1', '2001:DB8:0::9', '2001:db8::9'],
    ['an IPv6 entry with a port', '10.0.0.1', '[2001:db8::9]:4711', '2001:db8::9'],
    ['a proxy on a socket of both families', '::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['a mapped entry is the IPv4 address', '10.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
    ['an IPv6 proxy', '2001:db8:0:1::5', '198.51.100.1', '198.51.100.1'],
    ['an IPv6 neighbour of it', '2001:db8:0:2::5', '198.51.100.1', '2001:db8:0:2::5'],
    ['a link-local address', 'fe80::1%eth0', undefined, 'fe80::1'],
    ['a connection that has ended', '', '198.51.100.1', ''],
  ])('%s', (_what, peer, forwardedFor, address) => {
    expect(clientOn({ peer, forwardedFor }).address).toBe(address);
  });

  test.each<[string, Partial<RequestPath> & { peer: string }, boolean]>([
    ['TLS of our own', { peer: '203.0.113.9', isTls: true }, true],
    ['plain HTTP from beyond', { peer: '203.0.113.9' }, false],
    ['plain HTTP from a network that is called private', { peer: '192.168.1.9' }, false],
    ['a stranger that says https', { peer: '203.0.113.9', forwardedProto: 'https' }, false],
    ['this host', { peer: '127.0.0.5' }, true],
    ['this host over IPv6', { peer: '::1' }, true],
    ['this host on a socket of both families', { peer: '::ffff:127.0.0.1' }, true],
    ['a proxy that says https', { peer: '10.0.0.1', forwardedFor: '198.51.100.1', forwardedProto: 'https' }, true],
    ['in capitals', { peer: '10.0.0.1', forwardedFor: '198.51.100.1', forwardedProto: 'HTTPS' }, true],
    ['a proxy that says http', { peer: '10.0.0.1', forwardedFor: '198.51.100.1', forwardedProto: 'http' }, false],
    ['a proxy that says nothing', { peer: '10.0.0.1', forwardedFor: '198.51.100.1' }, false],
    [
      'a proxy that is spoken to over TLS, and says http of its client',
      { peer: '10.0.0.1', isTls: true, forwardedFor: '198.51.100.1', forwardedProto: 'http' },
      false,
    ],
    [
      'a proxy on this host that says http of a client beyond',
      { peer: '127.0.0.1', forwardedFor: '198.51.100.1', forwardedProto: 'http' },
      false,
    ],
    [
      'two proxies, the outer of which is spoken to over TLS and the inner not',
      { peer: '10.0.0.1', forwardedFor: '198.51.100.1, 10.0.0.2', forwardedProto: 'https, http' },
      true,
    ],
    [
      'two proxies, the inner of which is spoken to over TLS and the outer not',
      { peer: '10.0.0.1', forwardedFor: '198.51.100.1, 10.0.0.2', forwardedProto: 'http, https' },
      false,
    ],
    [
      'two proxies, the outer of which has the only word',
      { peer: '10.0.0.1', forwardedFor: '198.51.100.1, 10.0.0.2', forwardedProto: 'https' },
      true,
    ],
    [
      'a client that says https before its proxy says http',
      { peer: '10.0.0.1', forwardedFor: '198.51.100.1', forwardedProto: 'https, http' },
      false,
    ],
  ])('whether a request could be read along: %s', (_what, path, isConfidential) => {
    expect(clientOn(path).isConfidential).toBe(isConfidential);
  });

  test('nobody is believed where no proxy is named', () => {
    const nobody = new TrustedProxies([]);
    const path = { ...plain, peer: '127.0.0.1', forwardedFor: '198.51.100.1', forwardedProto: 'http' };
    expect(nobody.clientOnPath(path)).toEqual({ address: '127.0.0.1', isConfidential: true });
  });
});

const octet = fc.integer({ min: 0, max: 255 });
const proxy = fc.tuple(octet, octet, octet).map((bytes) => `10.${bytes.join('.')}`);
const outside = fc.tuple(fc.integer({ min: 11, max: 126 }), octet, octet, octet).map((bytes) => bytes.join('.'));
const anything = fc.oneof(
  fc.string(),
  outside,
  proxy,
  fc.constantFrom('unknown', '', ',', '[::1]:1', '::ffff:10.0.0.1'),
);

describe('whatever is sent', () => {
  test('behind any proxies of ours it is the address that they saw, whatever that client has written before', () => {
    fc.assert(
      fc.property(fc.array(anything), outside, fc.array(proxy, { minLength: 1 }), (forged, client, chain) => {
        const forwardedFor = [...forged, client, ...chain.slice(1)].join(', ');
        expect(clientOn({ peer: chain[0] ?? '', forwardedFor }).address).toBe(client);
      }),
      { seed: 4 },
    );
  });

  test('a stranger is known by the address of its socket, and never thought to be on this host', () => {
    fc.assert(
      fc.property(outside, anything, anything, (peer, forwardedFor, forwardedProto) => {
        expect(clientOn({ peer, forwardedFor, forwardedProto })).toEqual({ address: peer, isConfidential: false });
      }),
      { seed: 4 },
    );
  });

  test('no header throws, and what comes out is an address', () => {
    fc.assert(
      fc.property(anything, anything, anything, (peer, forwardedFor, forwardedProto) => {
        const { address } = clientOn({ peer, forwardedFor, forwardedProto });
        expect(address).toMatch(/^$|^[0-9a-f.:]+$/);
      }),
      { seed: 4, numRuns: 500 },
    );
  });
});
