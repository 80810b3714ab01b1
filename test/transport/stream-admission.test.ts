import { describe, expect, test } from 'vitest';
import { ipv4, ipv6 } from '../../server/stun/transport-address.ts';
import { StreamAdmission } from '../../server/transport/stream-admission.ts';

const limits = { maxStreams: 5, maxUnauthenticatedPerAddress: 2 };
const office = ipv4(0xc6336401);

describe('SECURITY.md 10: admission of streams', () => {
  test('counts streams without an allocation by address', () => {
    const admission = new StreamAdmission(limits);
    expect(Array.from({ length: 3 }, () => admission.admit(office))).toEqual(['admitted', 'admitted', 'address-full']);
    expect(admission.admit(ipv4(0xc6336402))).toBe('admitted');
  });

  test('counts an IPv6 address as its /64', () => {
    const admission = new StreamAdmission(limits);
    expect(admission.admit(ipv6(0x20010db8, 1, 0, 1))).toBe('admitted');
    expect(admission.admit(ipv6(0x20010db8, 1, 7, 2))).toBe('admitted');
    expect(admission.admit(ipv6(0x20010db8, 1, 0xffffffff, 3))).toBe('address-full');
    expect(admission.admit(ipv6(0x20010db8, 2, 0, 1))).toBe('admitted');
  });

  test('an allocation makes room for its address, but not in all', () => {
    const admission = new StreamAdmission(limits);
    for (let n = 0; n < 5; n += 1) {
      expect(admission.admit(office)).toBe('admitted');
      admission.removeUnauthenticated(office);
    }
    expect(admission.admit(office)).toBe('full');
    admission.remove();
    expect(admission.admit(office)).toBe('admitted');
  });

  test('keeps no address that has no stream without an allocation', () => {
    const admission = new StreamAdmission({ maxStreams: 1e6, maxUnauthenticatedPerAddress: 2 });
    for (let n = 0; n < 1000; n += 1) {
      admission.admit(ipv4(n));
      admission.addUnauthenticated(ipv4(n));
      admission.removeUnauthenticated(ipv4(n));
      admission.removeUnauthenticated(ipv4(n));
      admission.remove();
    }
    expect(admission.addresses).toBe(0);
    expect(admission.streams).toBe(0);
  });

  test('a stream that was never let in cannot go', () => {
    const admission = new StreamAdmission(limits);
    expect(() => admission.remove()).toThrow('was let in');
    expect(() => admission.removeUnauthenticated(office)).toThrow('was counted');
  });
});
