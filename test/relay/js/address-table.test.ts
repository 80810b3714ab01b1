import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AddressEntry, AddressTable } from '../../../server/relay/js/address-table.ts';
import { wordsOf } from '../../../server/relay/js/address-words.ts';
import { ipv4, ipv6, transportAddressKey, type TransportAddress } from '../../../server/stun/transport-address.ts';

class Entry extends AddressEntry {
  readonly address: TransportAddress;

  constructor(address: TransportAddress) {
    super(address.ip, address.port);
    this.address = address;
  }
}

function find(table: AddressTable<Entry>, { ip, port }: TransportAddress): Entry | undefined {
  return table.find(ip.family, wordsOf(ip), port);
}

// Few values in each place, so that addresses differ in one word, in the port or in the family alone.
const word = fc.constantFrom(0, 1, 0x7f000001, 0x80000000, 0xffffffff);
const address: fc.Arbitrary<TransportAddress> = fc.record({
  ip: fc.oneof(
    word.map(ipv4),
    word.map((first) => ipv6(first, 0, 0, 0)),
    fc.tuple(word, word, word, word).map((words) => ipv6(...words)),
  ),
  port: fc.constantFrom(1, 2, 3478, 65535),
});

describe('AddressTable', () => {
  test('holds what a Map by text would hold, after any sequence of additions and removals', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.tuple(fc.boolean(), address), { maxLength: 200 }), (seed, steps) => {
        const table = new AddressTable<Entry>(seed);
        const model = new Map<string, Entry>();
        for (const [isAddition, target] of steps) {
          const key = transportAddressKey(target);
          const held = model.get(key);
          expect(find(table, target)).toBe(held);
          if (isAddition && held === undefined) {
            const entry = new Entry(target);
            table.add(entry);
            model.set(key, entry);
          } else if (!isAddition) {
            table.remove(held ?? new Entry(target));
            model.delete(key);
          }
        }
        expect(new Set(table)).toEqual(new Set(model.values()));
        for (const [, entry] of model) expect(find(table, entry.address)).toBe(entry);
      }),
      { seed: 20260 },
    );
  });

  test.each([1, 2, 0xdeadbeef])('seed %i: neighbouring addresses and ports do not pile up in one chain', (seed) => {
    const table = new AddressTable<Entry>(seed);
    for (let index = 0; index < 20_000; index++) {
      table.add(new Entry({ ip: ipv4(0x0a000000 + (index >>> 3)), port: 40_000 + (index & 7) }));
    }
    let longest = 0;
    for (const entry of table) {
      let length = 0;
      for (let at: Entry | undefined = entry; at !== undefined; at = at.next) length++;
      longest = Math.max(longest, length);
    }
    expect(longest).toBeLessThan(4);
  });
});
