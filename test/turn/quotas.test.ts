import { describe, expect, test } from 'vitest';
import { subjectKey } from '../../server/credentials/credential.ts';
import { QuotaClaim, Quotas } from '../../server/turn/quotas.ts';
import { ip } from './addresses.ts';

const none = { allocationsPerUser: 0, allocationsPerAddress: 0, allocationsTotal: 0 };
const [carol, dave] = [subjectKey('default', 'carol'), subjectKey('default', 'dave')];

function claimed(claim: QuotaClaim | string): QuotaClaim {
  if (!(claim instanceof QuotaClaim)) throw new Error(`refused: ${claim}`);
  return claim;
}

describe('quotas', () => {
  test.each([
    ['no limit', none, 0, carol, '203.0.113.1', undefined],
    ['the total', { ...none, allocationsTotal: 1 }, 0, dave, '203.0.113.2', 'quota-total'],
    ['the address', { ...none, allocationsPerAddress: 1 }, 0, dave, '203.0.113.1', 'quota-address'],
    ['another address', { ...none, allocationsPerAddress: 1 }, 0, carol, '203.0.113.2', undefined],
    ['the subject', none, 1, carol, '203.0.113.2', 'quota-user'],
    ['another subject', none, 1, dave, '203.0.113.1', undefined],
    ['the subject of the same name of another app', none, 1, subjectKey('chat', 'carol'), '203.0.113.1', undefined],
  ])('a second claim against %s', (_, limits, ofHolder, holder, address, refusal) => {
    const quotas = new Quotas(limits);
    claimed(quotas.claim(carol, ofHolder, ip('203.0.113.1')));
    const second = quotas.claim(holder, ofHolder, ip(address));
    expect(typeof second === 'string' ? second : undefined).toBe(refusal);
    expect(quotas.total).toBe(refusal === undefined ? 2 : 1);
  });

  test('a host cannot escape its limit within its /64', () => {
    const quotas = new Quotas({ ...none, allocationsPerAddress: 1 });
    claimed(quotas.claim(carol, 0, ip('2620:fe::1')));
    expect(quotas.claim(carol, 0, ip('2620:fe::2:3:4:5'))).toBe('quota-address');
    claimed(quotas.claim(carol, 0, ip('2620:fe:0:1::1')));
  });

  test('what is paid back can be claimed again, and nothing is remembered', () => {
    const quotas = new Quotas({ ...none, allocationsPerAddress: 1, allocationsTotal: 1 });
    for (let round = 0; round < 3; round++) claimed(quotas.claim(carol, 1, ip('203.0.113.1'))).release();
    expect([quotas.total, quotas.trackedCount]).toEqual([0, 0]);
  });

  test('a claim that is paid back twice, or moved afterwards, is a bug', () => {
    const claim = claimed(new Quotas(none).claim(carol, 1, ip('203.0.113.1')));
    claim.release();
    expect(() => claim.release()).toThrow('twice');
    expect(() => claim.moveTo(ip('203.0.113.2'))).toThrow('released');
  });

  test('a claim that moves is counted where it went', () => {
    const quotas = new Quotas({ ...none, allocationsPerAddress: 1 });
    const claim = claimed(quotas.claim(carol, 1, ip('203.0.113.1')));
    expect(claim.moveTo(ip('203.0.113.1'))).toBe(true);
    expect(claim.moveTo(ip('203.0.113.2'))).toBe(true);
    expect(quotas.heldByAddress(ip('203.0.113.1'))).toBe(0);
    const other = claimed(quotas.claim(dave, 1, ip('203.0.113.1')));
    expect(other.moveTo(ip('203.0.113.2'))).toBe(false);
    claim.release();
    other.release();
    expect([quotas.total, quotas.trackedCount]).toEqual([0, 0]);
  });
});
