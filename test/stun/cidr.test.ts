import { describe, expect, test } from 'vitest';
import {
  cidrContains,
  formatCidr,
  networkAddress,
  parseCidr,
  parseCidrWithHostBits,
  type Cidr,
} from '../../server/stun/cidr.ts';
import { formatIp, parseIp } from '../../server/stun/ip-text.ts';
import type { IpAddress } from '../../server/stun/transport-address.ts';

function ip(text: string): IpAddress {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === null) throw new Error(`not a range: ${text}`);
  return parsed;
}

describe('parseCidr reads what RFC 4632 section 3.1 and RFC 4291 section 2.3 allow', () => {
  test.each([
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['198.18.0.0/15', '198.18.0.0/15'],
    ['192.0.2.1/32', '192.0.2.1/32'],
    ['::/0', '::/0'],
    ['2001::/23', '2001::/23'],
    ['3fff::/20', '3fff::/20'],
    ['2001:DB8:0:0::/32', '2001:db8::/32'],
    ['2001:db8:8000::/33', '2001:db8:8000::/33'],
    ['::1/128', '::1/128'],
  ])('%s is %s', (text, canonical) => {
    expect(formatCidr(cidr(text))).toBe(canonical);
  });

  test.each([
    ['no prefix length', '10.0.0.0'],
    ['empty prefix length', '10.0.0.0/'],
    ['prefix length too long for IPv4', '10.0.0.0/33'],
    ['prefix length too long for IPv6', '2001:db8::/129'],
    ['leading zero', '10.0.0.0/08'],
    ['sign', '10.0.0.0/+8'],
    ['blank', '10.0.0.0/ 8'],
    ['fraction', '10.0.0.0/8.0'],
    ['netmask', '10.0.0.0/255.0.0.0'],
    ['two slashes', '10.0.0.0/8/8'],
    ['shortened IPv4', '10/8'],
    ['not an address', 'example.org/8'],
    ['nothing', ''],
    ['host bits set', '10.0.0.1/8'],
    ['host bits set after a prefix inside a byte', '198.19.0.0/14'],
    ['IPv6 host bits set after a prefix inside a byte', '2001:db8:8000::/32'],
    ['IPv6 host bit set in the last word', '2001:db8::1/127'],
    ['any address but zero with a zero prefix', '0.0.0.1/0'],
  ])('%s is malformed: %s', (_, text) => {
    expect(parseCidr(text)).toBeNull();
  });
});

describe('cidrContains', () => {
  test.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '9.255.255.255', false],
    ['172.16.0.0/12', '172.31.255.255', true],
    ['172.16.0.0/12', '172.32.0.0', false],
    ['100.64.0.0/10', '100.127.255.255', true],
    ['100.64.0.0/10', '100.128.0.0', false],
    ['240.0.0.0/4', '255.255.255.255', true],
    ['168.63.129.16/32', '168.63.129.16', true],
    ['168.63.129.16/32', '168.63.129.17', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '::', false],
    ['::/0', '0.0.0.0', false],
    ['::/0', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', true],
    ['2000::/3', '3fff:ffff::', true],
    ['2000::/3', '4000::', false],
    ['2001::/23', '2001:1ff:ffff::', true],
    ['2001::/23', '2001:200::', false],
    ['2001:db8:8000::/33', '2001:db8:8000::1', true],
    ['2001:db8:8000::/33', '2001:db8:7fff::1', false],
    ['2001:db8:0:0:8000::/65', '2001:db8::8000:0:0:1', true],
    ['2001:db8:0:0:8000::/65', '2001:db8::7000:0:0:1', false],
    ['2001:db8::8/125', '2001:db8::f', true],
    ['2001:db8::8/125', '2001:db8::10', false],
    ['fe80::/10', 'febf::1', true],
    ['fe80::/10', 'fec0::1', false],
  ])('%s holds %s: %s', (range, address, expected) => {
    expect(cidrContains(cidr(range), ip(address))).toBe(expected);
  });
});

test('the network that was meant can be named when host bits are set', () => {
  const loose = parseCidrWithHostBits('10.1.2.3/12');
  expect(loose && formatIp(networkAddress(loose.ip, loose.prefixLength))).toBe('10.0.0.0');
  const six = parseCidrWithHostBits('2001:db8:ffff::1/33');
  expect(six && formatCidr({ ip: networkAddress(six.ip, six.prefixLength), prefixLength: 33 })).toBe(
    '2001:db8:8000::/33',
  );
});
