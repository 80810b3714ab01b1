import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ban } from '../../server/credentials/credential-set.ts';
import { subjectKey, userKey } from '../../server/credentials/credential.ts';
import { cidrContains, formatCidr, networkAddress } from '../../server/stun/cidr.ts';
import { ipv4, ipv6, type IpAddress } from '../../server/stun/transport-address.ts';
import { Bans } from '../../server/turn/bans.ts';

const word = fc.constantFrom(0x0a000001, 0x0a000002, 0x0affffff, 0xffffffff, 0, 0x20010db8);
const address: fc.Arbitrary<IpAddress> = fc.oneof(
  word.map(ipv4),
  fc.tuple(word, word, word, word).map((words) => ipv6(...words)),
);
const range = fc.tuple(address, fc.nat(128)).map(([ip, bits]) => {
  const prefixLength = ip.family === 4 ? bits % 33 : bits;
  return { ip: networkAddress(ip, prefixLength), prefixLength };
});
const step = fc.oneof(
  fc.record({ id: fc.nat(5), range, expiresAtS: fc.constantFrom(null, 10, 20) }),
  fc.record({ id: fc.nat(5), range: fc.constant(null), expiresAtS: fc.constant(null) }),
);

test('any sequence of bans by address says what a search through all of them would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.array(address, { minLength: 5 }), (steps, addresses) => {
      const bans = new Bans();
      const model = new Map<number, (typeof steps)[number]>();
      for (const each of steps) {
        if (each.range === null) {
          bans.remove(String(each.id));
          model.delete(each.id);
        } else {
          const target = { kind: 'address', range: formatCidr(each.range) } as const;
          bans.add({ id: String(each.id), target, expiresAtS: each.expiresAtS });
          model.set(each.id, each);
        }
      }
      expect(bans.size).toBe(model.size);
      for (const ip of addresses) {
        for (const nowMs of [0, 10_000, 20_000]) {
          const expected = [...model.values()].some(({ range: banned, expiresAtS }) => {
            if (banned === null || (expiresAtS !== null && expiresAtS * 1000 <= nowMs)) return false;
            // One address of IPv6 is banned as its /64.
            const prefixLength = ip.family === 6 ? Math.min(64, banned.prefixLength) : banned.prefixLength;
            return cidrContains({ ip: networkAddress(banned.ip, prefixLength), prefixLength }, ip);
          });
          expect(bans.isAddressBanned(ip, nowMs)).toBe(expected);
        }
      }
    }),
  );
});

describe('ten thousand bans', () => {
  const bans = new Bans();
  for (let number = 0; number < 10_000; number++) {
    const target: Ban['target'] =
      number % 2 === 0
        ? { kind: 'address', range: formatCidr({ ip: ipv4(0x0a000000 + number), prefixLength: 32 }) }
        : { kind: 'subject', app: 'chat', subject: `subject-${number}` };
    bans.add({ id: String(number), target, expiresAtS: null });
  }

  test('are told apart', () => {
    expect([0, 1, 2, 9998, 10_000].map((number) => bans.isAddressBanned(ipv4(0x0a000000 + number), 0))).toEqual([
      ...[true, false, true, true, false],
    ]);
    expect(bans.isHolderBanned(subjectKey('chat', 'subject-9999'), 0)).toBe(true);
    expect(bans.isHolderBanned(userKey('subject-9999'), 0)).toBe(false);
  });

  test('cost a look-up what one does', () => {
    const startedAtMs = performance.now();
    for (let number = 0; number < 10_000; number++) bans.isAddressBanned(ipv4(number * 7919), 0);
    // A search through all of them would take a hundred million steps.
    expect(performance.now() - startedAtMs).toBeLessThan(100);
  });
});

test('a range that is none is a bug of the caller', () => {
  expect(() => new Bans().add({ id: 'x', target: { kind: 'address', range: '10.0.0.1' }, expiresAtS: null })).toThrow(
    '10.0.0.1 is no range',
  );
});
