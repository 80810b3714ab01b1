import { describe, expect, test } from 'vitest';
import { writeAdditionalAddressFamily } from '../../server/stun/turn-attributes.ts';
import { TestClient } from './test-client.ts';
import { TestMachine } from './test-machine.ts';

const limits = { bitsPerSecondPerAllocation: 1000, bitsPerSecondPerUser: 5000 };

describe('DESIGN.md section 3: rate buckets', () => {
  test('an allocation has its own bucket and shares the one of its subject, made before they are used', () => {
    const machine = new TestMachine({ limits });
    const clients = [1, 2].map(() => TestClient.withRestCredential(machine, 'carol', 600));
    for (const client of clients) client.allocate();
    expect([...machine.plane.rates.values()].sort()).toEqual([1000, 1000, 5000]);
    const [first = [], second = []] = [...machine.plane.relays.values()].map(({ buckets }) => buckets);
    expect(first.filter((bucket) => second.includes(bucket))).toHaveLength(1);
    expect(new Set([...first, ...second]).size).toBe(3);
  });

  test('the bucket of the subject goes with its last allocation', () => {
    const machine = new TestMachine({ limits });
    const clients = [1, 2].map(() => TestClient.withRestCredential(machine, 'carol', 600));
    for (const client of clients) client.allocate();
    clients[0]?.refresh(0);
    expect([...machine.plane.rates.values()].sort()).toEqual([1000, 5000]);
    clients[1]?.refresh(0);
    machine.assertEmpty();
  });

  test('other subjects have buckets of their own; static users have one without a rate', () => {
    const machine = new TestMachine({ limits: { bitsPerSecondPerUser: 5000 } });
    TestClient.withRestCredential(machine, 'carol', 600).allocate();
    TestClient.withRestCredential(machine, 'dave', 600).allocate();
    new TestClient(machine).allocate();
    expect(new Set([...machine.plane.relays.values()].flatMap(({ buckets }) => buckets)).size).toBe(3);
    expect(machine.plane.rates.size).toBe(2);
  });

  test('both relays of an allocation are charged to one bucket', () => {
    const machine = new TestMachine({ limits: { bitsPerSecondPerAllocation: 1000 } });
    const client = new TestClient(machine);
    client.allocate((writer) => void writeAdditionalAddressFamily(writer, 6));
    const buckets = [...machine.plane.relays.values()].flatMap((relay) => relay.buckets);
    expect(new Set(buckets.filter((bucket) => machine.plane.rates.has(bucket))).size).toBe(1);
    expect(machine.plane.relays.size).toBe(2);
    client.refresh(0, 4);
    expect(machine.plane.rates.size).toBe(1);
    client.refresh(0, 6);
    machine.assertEmpty();
  });

  test('without limits no bucket has a rate', () => {
    const machine = new TestMachine();
    new TestClient(machine).allocate();
    expect(machine.actions.some(({ kind }) => kind === 'set-rate')).toBe(false);
  });
});
