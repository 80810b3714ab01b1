import { describe, expect, test } from 'vitest';
import { interfaceAddresses, isPublic, planAddresses, preferredAddress } from '../../server/app/address-plan.ts';
import type { AddressPlanInput } from '../../server/app/address-plan.ts';
import { formatIp } from '../../server/stun/ip-text.ts';
import type { IpAddress } from '../../server/stun/transport-address.ts';
import { ip } from '../support/addresses.ts';

function plan(interfaces: string[], settings: Partial<AddressPlanInput> = {}) {
  const { plan, warnings } = planAddresses({
    interfaces: interfaces.map(ip),
    listeners: [],
    publicAddress: { kind: 'none' },
    relayAddress: 'auto',
    ...settings,
  });
  const show = (address: IpAddress | null): string | null => (address === null ? null : formatIp(address));
  return {
    own: plan.own.map(formatIp),
    relays: Object.fromEntries(plan.relays.map((row) => [formatIp(row.listener), [show(row.ipv4), show(row.ipv6)]])),
    translations: plan.translations.map((pair) => `${formatIp(pair.local)}=${formatIp(pair.public)}`),
    warnings,
  };
}

describe('DESIGN.md section 5: relayAddress', () => {
  const loopback = ['127.0.0.1', '::1'];
  test.each([
    ['auto is the address that the client called', [...loopback, '10.0.0.5'], '10.0.0.5', ['10.0.0.5', null]],
    ['loopback stays loopback', [...loopback, '10.0.0.5', '2001:db8::5'], '127.0.0.1', ['127.0.0.1', '::1']],
    [
      'the family that the listener lacks is the first of its scope',
      ['::1', '10.0.0.5', '2001:db8::5'],
      '10.0.0.5',
      ['10.0.0.5', '2001:db8::5'],
    ],
    [
      'a public address is preferred to a private one',
      ['2001:db8::5', '10.0.0.5', '8.8.8.8'],
      '2001:db8::5',
      ['8.8.8.8', '2001:db8::5'],
    ],
    ['an IPv6-only host has no IPv4 relays', ['::1', '2001:db8::5'], '2001:db8::5', [null, '2001:db8::5']],
  ])('%s', (_rule, interfaces, listener, expected) => {
    expect(plan(interfaces).relays[listener]).toEqual(expected);
  });

  test('an address that is listened on and that no interface shows is one of ours, and has its relays', () => {
    const { own, relays } = plan(['127.0.0.1', '10.0.0.5'], { listeners: [ip('127.0.0.2'), ip('198.51.100.9')] });
    expect(own).toEqual(['127.0.0.1', '10.0.0.5', '127.0.0.2', '198.51.100.9']);
    expect([relays['127.0.0.2'], relays['198.51.100.9']]).toEqual([
      ['127.0.0.2', null],
      ['198.51.100.9', null],
    ]);
  });

  test('the address that others reach comes first, loopback last', () => {
    expect(Object.keys(plan(['127.0.0.1', '10.0.0.5', '8.8.8.8']).relays)).toEqual([
      '8.8.8.8',
      '10.0.0.5',
      '127.0.0.1',
    ]);
  });

  test('a configured address serves every listener, its missing family none', () => {
    const { relays } = plan(['127.0.0.1', '10.0.0.5', '::1'], { relayAddress: [ip('10.0.0.5')] });
    expect(relays).toEqual({
      '127.0.0.1': ['10.0.0.5', null],
      '10.0.0.5': ['10.0.0.5', null],
      '::1': ['10.0.0.5', null],
    });
  });
});

test('a relay address that the host does not have is warned of', () => {
  const { warnings } = plan(['10.0.0.5'], { relayAddress: [ip('10.0.0.5'), ip('2001:db8::9')] });
  expect(warnings).toEqual([expect.stringMatching(/turn\.relayAddress 2001:db8::9/)]);
});

describe('DESIGN.md section 5: publicAddress', () => {
  test('one address stands for the first local one that is not loopback', () => {
    const { translations, own } = plan(['127.0.0.1', '10.0.0.5', '10.0.0.6'], {
      publicAddress: { kind: 'addresses', addresses: [ip('203.0.113.9')] },
    });
    expect(translations).toEqual(['10.0.0.5=203.0.113.9']);
    expect(own).toContain('203.0.113.9');
  });

  test('an address that the host has itself is not translated', () => {
    expect(
      plan(['203.0.113.9'], { publicAddress: { kind: 'addresses', addresses: [ip('203.0.113.9')] } }).translations,
    ).toEqual([]);
  });

  test('pairs are taken as they are', () => {
    const pairs = [{ local: ip('10.0.0.6'), public: ip('203.0.113.9') }];
    expect(plan(['10.0.0.5', '10.0.0.6'], { publicAddress: { kind: 'pairs', pairs } }).translations).toEqual([
      '10.0.0.6=203.0.113.9',
    ]);
  });

  test('a pair whose local address has left the host is warned of', () => {
    const pairs = [{ local: ip('10.0.0.5'), public: ip('203.0.113.9') }];
    const warningsWith = (...interfaces: string[]): readonly string[] =>
      plan(interfaces, { publicAddress: { kind: 'pairs', pairs } }).warnings;
    expect(warningsWith('127.0.0.1', '10.0.0.5')).toEqual([]);
    expect(warningsWith('127.0.0.1', '10.0.0.6')).toEqual([
      expect.stringMatching(
        /^the public address 203\.0\.113\.9 stands for 10\.0\.0\.5, which is no address of this host now/,
      ),
    ]);
  });

  test.each([
    ['a host with private addresses only is warned of, by the name of the key', ['127.0.0.1', '10.0.0.5'], 1],
    ['a host with a public address is not', ['127.0.0.1', '10.0.0.5', '8.8.8.8'], 0],
    ['a host with nothing but loopback is not', ['127.0.0.1'], 0],
  ])('auto: %s', (_rule, interfaces, count) => {
    const { warnings } = plan(interfaces, { publicAddress: { kind: 'auto' } });
    expect(warnings.filter((warning) => warning.includes('turn.publicAddress'))).toHaveLength(count);
  });
});

test('link-local IPv6 addresses and doubles are no addresses of the host', () => {
  const info = (address: string) =>
    ({ address }) as NonNullable<Parameters<typeof interfaceAddresses>[0][string]>[number];
  const found = interfaceAddresses({
    lo: [info('127.0.0.1')],
    eth0: [info('fe80::1'), info('10.0.0.5')],
    eth1: [info('10.0.0.5')],
  });
  expect(found.map(formatIp)).toEqual(['127.0.0.1', '10.0.0.5']);
});

test.each([
  ['8.8.8.8', true],
  ['10.1.2.3', false],
  ['100.64.0.1', false],
  ['100.127.255.255', false],
  ['100.128.0.0', true],
  ['172.15.255.255', true],
  ['172.16.0.0', false],
  ['172.31.255.255', false],
  ['172.32.0.0', true],
  ['192.168.0.1', false],
  ['169.254.1.1', false],
  ['127.0.0.1', false],
  ['0.0.0.0', false],
  ['1.0.0.0', true],
  ['223.255.255.255', true],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['2001:db8::1', true],
  ['fd00::1', false],
  ['::1', false],
])('isPublic(%s) is %s', (text, expected) => {
  expect(isPublic(ip(text))).toBe(expected);
});

test('preferredAddress is null for a family that is not there', () => {
  expect(preferredAddress([ip('10.0.0.5')], 6)).toBeNull();
});
