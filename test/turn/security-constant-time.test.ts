import type * as Crypto from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Method } from '../../server/stun/registry.ts';
import { NonceIssuer } from '../../server/turn/nonce.ts';
import { at } from './addresses.ts';
import { TestClient } from './test-client.ts';
import { startMs, TestMachine } from './test-machine.ts';

/** How many bytes each comparison in constant time looked at: the real ones, noted. */
const compared = vi.hoisted(() => ({ lengths: [] as number[] }));

vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof Crypto>();
  return {
    ...crypto,
    timingSafeEqual: (left: Uint8Array, right: Uint8Array) => {
      compared.lengths.push(right.length);
      return crypto.timingSafeEqual(left, right);
    },
  };
});

beforeEach(() => {
  compared.lengths.length = 0;
});

describe('SECURITY.md 4: nonces are compared in constant time', () => {
  const issuer = new NonceIssuer(new Uint8Array(32).fill(1));
  const client = at('203.0.113.9', 4711);
  const nonce = issuer.issue(client, startMs);

  test.each([0, 15, 20, nonce.length - 1])('all of it, be it the byte %i that differs', (index) => {
    const changed = nonce.slice();
    changed[index] = changed[index] === 0x61 ? 0x62 : 0x61;
    expect(issuer.check(changed, client, startMs)).toBe('foreign');
    expect(compared.lengths).toEqual([nonce.length]);
  });
});

describe('SECURITY.md 5: integrity is compared in constant time', () => {
  test.each([
    ['rfc5389', 0, 20],
    ['rfc5389', 19, 20],
    ['rfc8489', 0, 32],
    ['rfc8489', 31, 32],
  ] as const)('all of it (%s), be it the byte %i that differs', (speaks, index, length) => {
    const machine = new TestMachine();
    const client = new TestClient(machine, { speaks });
    client.nonce();
    compared.lengths.length = 0;
    const reply = client.request(Method.refresh, undefined, {
      writeAfterIntegrity: (bytes) => {
        bytes[bytes.length - length + index]! ^= 1;
        return bytes;
      },
    });
    expect(reply?.code).toBe(401);
    // The nonce, then the integrity.
    expect(compared.lengths.slice(1)).toEqual([length]);
  });
});
