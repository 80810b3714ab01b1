import { describe, expect, test } from 'vitest';
import type { AddressPlan } from '../../server/seam/relay.ts';
import { parseCidr, type Cidr } from '../../server/stun/cidr.ts';
import { formatIp } from '../../server/stun/ip-text.ts';
import { writeAdditionalAddressFamily } from '../../server/stun/turn-attributes.ts';
import { ip } from './addresses.ts';
import { TestClient } from './test-client.ts';
import { dualStackPlan, TestMachine } from './test-machine.ts';

const own = ip('198.19.0.1');
const publicIp = ip('11.22.33.44');
const behindNat: AddressPlan = {
  own: [own, publicIp, ip('2620:fe::1')],
  relays: [{ listener: own, ipv4: own, ipv6: ip('2620:fe::1') }],
  translations: [{ local: own, public: publicIp }],
};

function cidrs(...texts: string[]): Cidr[] {
  return texts.map((text) => {
    const cidr = parseCidr(text);
    if (cidr === null) throw new Error(`${text} is no range`);
    return cidr;
  });
}

interface PeerSettings {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly plan?: AddressPlan;
}

/** What each path that names a peer makes of this one: an error code, or how far the plane lets it reach. */
function verdicts(
  peer: string,
  { allow = [], deny = [], plan = dualStackPlan }: PeerSettings = {},
): (number | string)[] {
  const paths = [
    (client: TestClient) => client.createPermission({ ip: ip(peer), port: 9 }),
    (client: TestClient) => client.channelBind(0x4000, { ip: ip(peer), port: 9 }),
  ];
  return paths.map((path) => {
    const peers = { allow: cidrs(...allow), deny: cidrs(...deny) };
    const machine = new TestMachine({ options: { peers, relayPorts: { first: 50000, last: 50009 } }, plan });
    const client = new TestClient(machine);
    client.allocate((writer) => void writeAdditionalAddressFamily(writer, 6));
    const code = path(client)?.code ?? -1;
    const reaches = [...machine.plane.relays.values()].flatMap(({ permitted }) => [...permitted.values()]);
    expect(reaches).toHaveLength(code === 0 ? 1 : 0);
    return reaches[0] ?? code;
  });
}

function both(verdict: number | string): (number | string)[] {
  return [verdict, verdict];
}

describe('SECURITY.md 1: peers that are refused by default', () => {
  /** First and last address of each range, and their neighbours outside it unless those are refused as well. */
  const ipv4Ranges: readonly [first: string, last: string, before: string | null, after: string | null][] = [
    ['0.0.0.0', '0.255.255.255', null, '1.0.0.0'],
    ['10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
    ['100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'],
    ['127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
    ['168.63.129.16', '168.63.129.16', '168.63.129.15', '168.63.129.17'],
    ['169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
    ['172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
    ['192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'],
    ['192.0.2.0', '192.0.2.255', '192.0.1.255', '192.0.3.0'],
    ['192.88.99.0', '192.88.99.255', '192.88.98.255', '192.88.100.0'],
    ['192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
    ['198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
    ['198.51.100.0', '198.51.100.255', '198.51.99.255', '198.51.101.0'],
    ['203.0.113.0', '203.0.113.255', '203.0.112.255', '203.0.114.0'],
    ['224.0.0.0', '239.255.255.255', '223.255.255.255', null],
    ['240.0.0.0', '255.255.255.255', null, null],
  ];
  const ipv6Ranges: readonly [first: string, last: string, before: string | null, after: string | null][] = [
    ['::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null, '2000::'],
    ['2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff', '2000:ffff::', '2001:200::'],
    ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db7::', '2001:db9::'],
    ['2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2001:ffff::', '2003::'],
    ['3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff', '3ffe:ffff::', '3fff:1000::'],
    ['4000::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '3fff:ffff::', null],
  ];
  const inside = [...ipv4Ranges, ...ipv6Ranges].flatMap(([first, last]) => [first, last]);
  const outside = [...ipv4Ranges, ...ipv6Ranges].flatMap(([, , before, after]) => [before, after]);

  test.each([...new Set(inside)])('%s: 403 on every path', (peer) => {
    expect(verdicts(peer)).toEqual(both(403));
  });

  test.each(['::1', 'fe80::1', 'fd00::1', 'fec0::1', 'ff02::1', '64:ff9b:1::8.8.8.8', '100::1', '::ffff:0:8.8.8.8'])(
    '%s: 403 on every path',
    (peer) => {
      expect(verdicts(peer)).toEqual(both(403));
    },
  );

  test.each([...new Set(outside.filter((peer) => peer !== null))])('%s is public, and reached', (peer) => {
    expect(verdicts(peer)).toEqual(both('any'));
  });
});

describe('SECURITY.md 1: addresses within addresses', () => {
  const everything = ['0.0.0.0/0', '::/0'];

  test.each([
    ['IPv4-mapped', '::ffff:8.8.8.8'],
    ['IPv4-mapped, of ours', '::ffff:198.19.0.1'],
    ['IPv4-compatible', '::8.8.8.8'],
    ['6to4', '2002:808:808::1'],
    ['Teredo', '2001:0:808:808::1'],
    ['unspecified', '0.0.0.0'],
    ['unspecified', '::'],
  ])('%s %s is refused, whatever is allowed', (_, peer) => {
    expect(verdicts(peer)).toEqual(both(403));
    expect(verdicts(peer, { allow: everything })).toEqual(both(403));
  });

  test.each([
    ['a public address', '64:ff9b::8.8.8.8', {}, 'any'],
    ['a private one', '64:ff9b::10.0.0.1', {}, 403],
    ['loopback', '64:ff9b::127.0.0.1', {}, 403],
    ['a private one that is allowed', '64:ff9b::10.0.0.1', { allow: ['10.0.0.0/8'] }, 'any'],
    ['a private one, though NAT64 is allowed', '64:ff9b::10.0.0.1', { allow: ['64:ff9b::/96'] }, 403],
    ['a public one that is denied', '64:ff9b::8.8.8.8', { deny: ['8.8.8.8/32'] }, 403],
    ['a public one, NAT64 being denied', '64:ff9b::8.8.8.8', { deny: ['64:ff9b::/96'] }, 403],
    ['one of ours', '64:ff9b::198.19.0.1', {}, 'own-relays'],
    ['one of ours whose ports are open', '64:ff9b::198.19.0.1', { allow: ['198.18.0.0/15'] }, 'own-relays'],
  ])('NAT64 gets the verdict of %s inside (%s)', (_, peer, settings, verdict) => {
    expect(verdicts(peer, settings)).toEqual(both(verdict));
  });
});

describe('SECURITY.md 1: our own addresses, peers.allow and peers.deny', () => {
  test.each<[string, string, PeerSettings, number | string]>([
    ['ours: relays only, private or not', '198.19.0.1', {}, 'own-relays'],
    ['ours on IPv6', '2620:fe::1', {}, 'own-relays'],
    ['loopback, where it is ours', '::1', { plan: { ...dualStackPlan, own: [ip('::1')] } }, 'own-relays'],
    ['ours and allowed: all but listeners', '198.19.0.1', { allow: ['198.19.0.1/32'] }, 'own-except-listeners'],
    ['ours and denied', '198.19.0.1', { deny: ['198.19.0.0/16'] }, 403],
    ['ours, allowed and denied', '198.19.0.1', { allow: ['198.19.0.1/32'], deny: ['198.19.0.1/32'] }, 403],
    ['private and allowed', '10.1.2.3', { allow: ['10.1.0.0/16'] }, 'any'],
    ['private beside what is allowed', '10.2.0.0', { allow: ['10.1.0.0/16'] }, 403],
    ['public and denied', '8.8.8.8', { deny: ['8.8.8.0/24'] }, 403],
    ['allowed and denied', '10.1.2.3', { allow: ['10.0.0.0/8'], deny: ['10.1.2.3/32'] }, 403],
    ['an IPv6 range that ends within a byte', 'fd00:1234:5fff::1', { allow: ['fd00:1234:4000::/35'] }, 'any'],
    ['beside that range', 'fd00:1234:6000::1', { allow: ['fd00:1234:4000::/35'] }, 403],
    ['beside that range, below', 'fd00:1234:3fff::1', { allow: ['fd00:1234:4000::/35'] }, 403],
    ['an IPv4 range that ends within a byte', '10.20.63.255', { allow: ['10.20.32.0/19'] }, 'any'],
    ['beside it', '10.20.64.0', { allow: ['10.20.32.0/19'] }, 403],
    ['our public address behind NAT', '11.22.33.44', { plan: behindNat }, 'own-relays'],
    ['our local address behind NAT', '198.19.0.1', { plan: behindNat }, 'own-relays'],
    [
      'our public address, the local one being denied',
      '11.22.33.44',
      { plan: behindNat, deny: ['198.18.0.0/15'] },
      403,
    ],
    ['our local address, the public one being denied', '198.19.0.1', { plan: behindNat, deny: ['11.0.0.0/8'] }, 403],
    [
      'our public address, the local one being allowed',
      '11.22.33.44',
      { plan: behindNat, allow: ['198.19.0.1/32'] },
      'own-except-listeners',
    ],
    [
      'a public address that is translated to a private one which is not ours',
      '11.22.33.44',
      { plan: { ...behindNat, own: [], translations: [{ local: ip('10.0.0.9'), public: publicIp }] } },
      403,
    ],
  ])('%s: %s', (_, peer, settings, verdict) => {
    expect(verdicts(peer, settings)).toEqual(both(verdict));
  });

  test('a refusal is counted, and shown to the operator with the peer', () => {
    const machine = new TestMachine();
    const client = new TestClient(machine);
    client.allocate();
    client.createPermission({ ip: ip('8.8.8.8'), port: 0 }, { ip: ip('10.0.0.1'), port: 0 });
    expect(machine.server.stats.peersDenied).toBe(1);
    const refused = machine.events.find(({ type }) => type === 'refused');
    expect(refused).toMatchObject({ type: 'refused', cause: 'peer-denied', username: 'alice', client: client.client });
    expect(refused?.type === 'refused' && refused.peer && formatIp(refused.peer)).toBe('10.0.0.1');
  });
});

describe('SECURITY.md 1: a change of the address plan judges live permissions anew', () => {
  function permittedAfter(plan: AddressPlan, peer: string, allow: string[] = []): (string | undefined)[] {
    const machine = new TestMachine({ options: { peers: { allow: cidrs(...allow), deny: [] } } });
    const client = new TestClient(machine);
    client.allocate();
    client.channelBind(0x4000, { ip: ip(peer), port: 9 });
    const reach = (): string | undefined => [...machine.plane.relays.values()][0]?.permitted.values().next().value;
    const before = reach();
    machine.setPlan(plan);
    return [before, reach()];
  }

  test('an address that is no longer ours, and private: revoked', () => {
    expect(permittedAfter({ ...dualStackPlan, own: [] }, '198.19.0.1')).toEqual(['own-relays', undefined]);
  });

  test('an address that has become ours: relays only', () => {
    const plan = { ...dualStackPlan, own: [...dualStackPlan.own, ip('11.1.1.1')] };
    expect(permittedAfter(plan, '11.1.1.1')).toEqual(['any', 'own-relays']);
  });

  test('an address that has become ours and is allowed: all but listeners', () => {
    const plan = { ...dualStackPlan, own: [...dualStackPlan.own, ip('11.1.1.1')] };
    expect(permittedAfter(plan, '11.1.1.1', ['11.0.0.0/8'])).toEqual(['any', 'own-except-listeners']);
  });

  test('a permission that was revoked cannot be had again, and its channel carries nothing', () => {
    const machine = new TestMachine();
    const client = new TestClient(machine);
    client.allocate();
    client.channelBind(0x4000, { ip: own, port: 9 });
    machine.setPlan({ ...dualStackPlan, own: [] });
    expect(client.channelBind(0x4000, { ip: own, port: 9 })?.code).toBe(403);
    expect([...machine.plane.relays.values()][0]?.permitted.size).toBe(0);
  });
});
