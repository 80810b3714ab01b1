import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ipKey,
  ipv4,
  ipv6,
  sameIp,
  sameTransportAddress,
  sourceKey,
  sourceOf,
  transportAddressKey,
  type IpAddress,
} from '../../server/stun/transport-address.ts';

// Few words, so that equal and nearly equal addresses are common.
const word = fc.constantFrom(0, 1, 36, 0x7f000001, 0xffffffff);
const anyIp: fc.Arbitrary<IpAddress> = fc.oneof(
  word.map((w0) => ipv4(w0)),
  fc.tuple(word, word, word, word).map(([w0, w1, w2, w3]) => ipv6(w0, w1, w2, w3)),
);
const anyAddress = fc.record({ ip: anyIp, port: fc.constantFrom(0, 1, 36, 3478, 65535) });

test.each<[string, IpAddress, IpAddress]>([
  ['an IPv4 address and the IPv6 one of the same word', ipv4(1), ipv6(1, 0, 0, 0)],
  ['an IPv4 address and its mapped form', ipv4(1), ipv6(0, 0, 0xffff, 1)],
  ['groups that run together', ipv6(0x11, 1, 0, 0), ipv6(1, 0x11, 0, 0)],
])('%s differ', (_, a, b) => {
  expect(sameIp(a, b)).toBe(false);
  expect(ipKey(a)).not.toBe(ipKey(b));
});

test.each<[string, IpAddress, IpAddress, boolean]>([
  ['two IPv4 addresses', ipv4(0xc0000201), ipv4(0xc0000202), false],
  ['an IPv4 address', ipv4(0xc0000201), ipv4(0xc0000201), true],
  ['two addresses of a /64', ipv6(0x20010db8, 1, 0, 1), ipv6(0x20010db8, 1, 0xffffffff, 2), true],
  ['two /64 of a /48', ipv6(0x20010db8, 1, 0, 1), ipv6(0x20010db8, 2, 0, 1), false],
  ['an IPv4 address and an IPv6 network', ipv4(1), ipv6(1, 0, 0, 0), false],
])('%s: one source to a limit?', (_, a, b, isOne) => {
  expect(sourceKey(a) === sourceKey(b)).toBe(isOne);
  expect(sameIp(sourceOf(a), sourceOf(b))).toBe(isOne);
});

test('words are unsigned, however they are given', () => {
  expect(ipv4(-1)).toEqual(ipv4(0xffffffff));
  expect(ipv6(-1, -1, -1, -1)).toEqual(ipv6(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff));
});

test('keys are equal exactly when the addresses are', () => {
  const counts = { same: 0, different: 0 };
  fc.assert(
    fc.property(anyAddress, anyAddress, fc.boolean(), (a, other, copy) => {
      const b = copy ? { ip: { ...a.ip }, port: a.port } : other;
      const same = JSON.stringify(a) === JSON.stringify(b);
      counts[same ? 'same' : 'different']++;
      expect(sameTransportAddress(a, b)).toBe(same);
      expect(transportAddressKey(a) === transportAddressKey(b)).toBe(same);
      expect(ipKey(a.ip) === ipKey(b.ip)).toBe(sameIp(a.ip, b.ip));
    }),
    { numRuns: 1000 },
  );
  expect(Math.min(counts.same, counts.different)).toBeGreaterThan(100);
});
