import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIp, formatTransportAddress, parseIp, parseIpInto } from '../../server/stun/ip-text.ts';
import { ipv4, ipv6, type IpAddress } from '../../server/stun/transport-address.ts';

describe('IPv4: the strict dotted quad', () => {
  test.each<[string, number]>([
    ['0.0.0.0', 0],
    ['127.0.0.1', 0x7f000001],
    ['192.0.2.1', 0xc0000201],
    ['255.255.255.255', 0xffffffff],
    ['1.10.100.200', 0x010a64c8],
  ])('%s', (text, word) => {
    expect(parseIp(text)).toEqual(ipv4(word));
    expect(formatIp(ipv4(word))).toBe(text);
  });

  test.each([
    '',
    '1',
    '.',
    '...',
    '1.2.3',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    '1.2.3.4.',
    '1.2.3.4.5',
    '256.0.0.1',
    '1.2.3.256',
    '1.2.3.1000',
    '1.2.3.99999999999',
    '01.2.3.4',
    '1.2.3.04',
    '1.2.3.00',
    '0x7f.0.0.1',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.a',
    '1.2.3.-4',
    '1.2.3.+4',
    '１.2.3.4',
    '1.2.3.4/32',
    '1.2.3.4:80',
    '2130706433',
    'localhost',
    'example.org',
    'a.b.c.d',
    '1.2.3.4\0',
  ])('%j is none', (text) => {
    expect(parseIp(text)).toBeNull();
  });
});

describe('IPv6: RFC 4291 2.2 in, RFC 5952 out', () => {
  test.each<[string, string, IpAddress, string]>([
    [
      'RFC 4291 2.2.1: eight groups',
      '2001:db8:0:0:8:800:200c:417a',
      ipv6(0x20010db8, 0, 0x00080800, 0x200c417a),
      '2001:db8::8:800:200c:417a',
    ],
    ['RFC 4291 2.2.2: all zero', '::', ipv6(0, 0, 0, 0), '::'],
    ['RFC 4291 2.2.2: loopback', '::1', ipv6(0, 0, 0, 1), '::1'],
    ['RFC 4291 2.2.2: a gap at the end', 'ff01::', ipv6(0xff010000, 0, 0, 0), 'ff01::'],
    [
      'RFC 4291 2.2.2: a gap of one group',
      '1:2:3:4:5:6::8',
      ipv6(0x00010002, 0x00030004, 0x00050006, 8),
      '1:2:3:4:5:6:0:8',
    ],
    [
      'RFC 4291 2.2.2: a gap of one group in front',
      '::2:3:4:5:6:7:8',
      ipv6(2, 0x00030004, 0x00050006, 0x00070008),
      '0:2:3:4:5:6:7:8',
    ],
    [
      'RFC 4291 2.2.2: a gap of one group behind',
      '1:2:3:4:5:6:7::',
      ipv6(0x00010002, 0x00030004, 0x00050006, 0x00070000),
      '1:2:3:4:5:6:7:0',
    ],
    ['RFC 4291 2.2.3: a trailing quad', '0:0:0:0:0:0:13.1.68.3', ipv6(0, 0, 0, 0x0d014403), '::d01:4403'],
    ['RFC 4291 2.2.3: a trailing quad behind a gap', '::13.1.68.3', ipv6(0, 0, 0, 0x0d014403), '::d01:4403'],
    ['RFC 4291 2.5.5.2: IPv4-mapped', '::ffff:129.144.52.38', ipv6(0, 0, 0xffff, 0x81903426), '::ffff:129.144.52.38'],
    [
      'RFC 5952 5: IPv4-mapped in hexadecimal',
      '::ffff:8190:3426',
      ipv6(0, 0, 0xffff, 0x81903426),
      '::ffff:129.144.52.38',
    ],
    [
      'RFC 6052 2.4: a quad behind an odd group',
      '64:ff9b::192.0.2.33',
      ipv6(0x0064ff9b, 0, 0, 0xc0000221),
      '64:ff9b::c000:221',
    ],
    [
      'a quad behind six groups',
      '1:2:3:4:5:6:7.8.9.10',
      ipv6(0x00010002, 0x00030004, 0x00050006, 0x0708090a),
      '1:2:3:4:5:6:708:90a',
    ],
    [
      'a quad behind five groups and a gap',
      '1:2:3:4:5::7.8.9.10',
      ipv6(0x00010002, 0x00030004, 0x00050000, 0x0708090a),
      '1:2:3:4:5:0:708:90a',
    ],
    ['RFC 5952 4.1: leading zeros', '2001:0db8::0001', ipv6(0x20010db8, 0, 0, 1), '2001:db8::1'],
    [
      'RFC 5952 4.2.2: one zero group is not shortened',
      '2001:db8:0:1:1:1:1:1',
      ipv6(0x20010db8, 1, 0x00010001, 0x00010001),
      '2001:db8:0:1:1:1:1:1',
    ],
    ['RFC 5952 4.2.3: the longest run', '2001:0:0:1:0:0:0:1', ipv6(0x20010000, 1, 0, 1), '2001:0:0:1::1'],
    [
      'RFC 5952 4.2.3: the first of two',
      '2001:db8:0:0:1:0:0:1',
      ipv6(0x20010db8, 0, 0x00010000, 1),
      '2001:db8::1:0:0:1',
    ],
    ['RFC 5952 4.3: lower case', '2001:DB8::ABCD:EF', ipv6(0x20010db8, 0, 0, 0xabcd00ef), '2001:db8::abcd:ef'],
    ['a run at the end', '1:2:3:4:5:0:0:0', ipv6(0x00010002, 0x00030004, 0x00050000, 0), '1:2:3:4:5::'],
    [
      'all ones',
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      ipv6(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff),
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ],
  ])('%s: %s', (_, text, ip, canonical) => {
    expect(parseIp(text)).toEqual(ip);
    expect(formatIp(ip)).toBe(canonical);
    expect(parseIp(canonical)).toEqual(ip);
  });

  test.each([
    ':',
    ':::',
    '::::',
    '1:',
    ':1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '1:2:3:4::5:6:7:8',
    '::1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:8::',
    '1::2::3',
    '1:::2',
    '::1:',
    '12345::',
    '00001::',
    'g::1',
    '::g',
    '::@',
    '::1 ',
    ' ::1',
    'fe80::1%eth0',
    'fe80::1%1',
    '[::1]',
    '::1/128',
    '::1.2.3',
    '::1.2.3.4.5',
    '::1.2.3.256',
    '::01.2.3.4',
    '::a.2.3.4',
    '::12a.2.3.4',
    '1.2.3.4::',
    '1.2.3.4::1',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    '1:2:3:4:5:1.2.3.4',
    '::1:2:3:4:5:6:1.2.3.4',
    '::ffff:1.2.3.4\0',
  ])('%j is none', (text) => {
    expect(parseIp(text)).toBeNull();
  });
});

test.each([
  [{ ip: ipv4(0xc0000201), port: 3478 }, '192.0.2.1:3478'],
  [{ ip: ipv6(0x20010db8, 0, 0, 1), port: 65535 }, '[2001:db8::1]:65535'],
  [{ ip: ipv6(0, 0, 0, 0), port: 0 }, '[::]:0'],
])('RFC 5952 6: %o as text', (address, text) => {
  expect(formatTransportAddress(address)).toBe(text);
});

describe('parseIpInto', () => {
  test('answers the family and leaves nothing of what the words held', () => {
    const words = new Uint32Array(4).fill(0xffffffff);
    expect(parseIpInto('1.2.3.4', words)).toBe(4);
    expect([...words]).toEqual([0x01020304, 0, 0, 0]);
    words.fill(0xffffffff);
    expect(parseIpInto('::1', words)).toBe(6);
    expect([...words]).toEqual([0, 0, 0, 1]);
    expect(parseIpInto('nothing', words)).toBe(0);
  });
});

describe('agreement with the system', () => {
  const group = fc.nat(0xffff).map((value) => value.toString(16));
  const octet = fc.nat(300).map(String);
  const piece = fc.oneof(group, octet, fc.constantFrom('', ':', '::', '.', '0', '00', 'g'));
  const likely = fc
    .array(fc.tuple(piece, fc.constantFrom(':', ':', '.', '')), { maxLength: 9 })
    .map((parts) => parts.flat().join(''));

  test('a text is an address for us exactly when it is for the system', () => {
    const counts = { 0: 0, 4: 0, 6: 0 };
    fc.assert(
      fc.property(fc.oneof(likely, fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 20 })), (text) => {
        fc.pre(!text.includes('%'));
        const family = parseIpInto(text, new Uint32Array(4));
        expect(family).toBe(isIP(text));
        counts[family]++;
      }),
      { numRuns: 5000 },
    );
    expect(Math.min(counts[0], counts[4], counts[6])).toBeGreaterThan(100);
  });

  test('every address survives its own text', () => {
    const word = fc.oneof(fc.nat(0xffffffff), fc.nat(0xffff), fc.constantFrom(0, 0xffff0000));
    fc.assert(
      fc.property(word, word, word, word, (w0, w1, w2, w3) => {
        expect(parseIp(formatIp(ipv6(w0, w1, w2, w3)))).toEqual(ipv6(w0, w1, w2, w3));
        expect(parseIp(formatIp(ipv4(w0)))).toEqual(ipv4(w0));
      }),
      { numRuns: 1000 },
    );
  });

  test('RFC 5952: the text of an address is the one that URLs use', () => {
    const word = fc.oneof(fc.nat(0xffffffff), fc.nat(0xffff), fc.constantFrom(0, 0xffff0000));
    fc.assert(
      fc.property(word, word, word, word, (w0, w1, w2, w3) => {
        fc.pre(!(w0 === 0 && w1 === 0 && w2 === 0xffff));
        const ip = ipv6(w0, w1, w2, w3);
        expect(`[${formatIp(ip)}]`).toBe(new URL(`http://[${formatIp(ip)}]`).hostname);
      }),
    );
  });
});
