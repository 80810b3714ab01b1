import { describe, expect, test } from 'vitest';
import { RelayPorts } from '../../server/turn/relay-ports.ts';
import { ip } from './addresses.ts';
import { seededUint32 } from './seeded-random.ts';

const local = ip('198.19.0.1');

function ports(first = 50000, last = 50003): RelayPorts {
  return new RelayPorts({ first, last }, seededUint32(1), 0);
}

describe('port leases', () => {
  test('each address has all ports of the range', () => {
    const all = ports(50000, 50000);
    expect(all.lease(local, 'any')?.port).toBe(50000);
    expect(all.lease(local, 'any')).toBeNull();
    expect(all.lease(ip('2620:fe::1'), 'any')?.port).toBe(50000);
    expect(all.takenCount).toBe(2);
  });

  test('a pair is given back whole, or each half by itself', () => {
    const all = ports();
    all.lease(local, 'even-pair')?.release();
    expect(all.takenCount).toBe(0);
    const lower = all.lease(local, 'even-pair');
    const upper = lower?.splitUpper();
    expect(upper?.port).toBe((lower?.port ?? 0) + 1);
    lower?.release();
    expect(all.takenCount).toBe(1);
    upper?.release();
    expect(all.takenCount).toBe(0);
  });

  test('what is released twice, or split twice, is a bug', () => {
    const lease = ports().lease(local, 'any');
    lease?.release();
    expect(() => lease?.release()).toThrow('released twice');
    expect(() => lease?.splitUpper()).toThrow('only a pair');
  });

  test('the pool of an address that is gone is forgotten once nothing is leased from it', () => {
    const all = ports();
    const lease = all.lease(local, 'any');
    all.prune(() => false);
    expect(all.takenCount).toBe(1);
    lease?.release();
    all.prune(() => false);
    expect(all.lease(local, 'any')).not.toBeNull();
  });
});

test('DESIGN.md section 5: what the descriptors admit caps the relays of all addresses, reserved ones included', () => {
  const ports = new RelayPorts({ first: 50_000, last: 50_009 }, seededUint32(1), 3);
  const lease = ports.lease(ip('198.19.0.1'), 'any');
  expect(ports.lease(ip('2620:fe::1'), 'any')).not.toBeNull();
  expect(ports.lease(ip('198.19.0.1'), 'even-pair')).toBeNull();
  expect(ports.lease(ip('198.19.0.1'), 'any')).not.toBeNull();
  expect(ports.lease(ip('2620:fe::1'), 'any')).toBeNull();
  lease?.release();
  expect(ports.lease(ip('2620:fe::1'), 'any')).not.toBeNull();
});
