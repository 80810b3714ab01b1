import type * as Crypto from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Method } from '../../server/stun/registry.ts';
import { chat, chatMachine } from './chat-app.ts';
import { requestedTransportUdp, TestClient, type RequestDetails } from './test-client.ts';
import { TestMachine } from './test-machine.ts';

/** Every hash operation that the code under test begins: the real ones, counted. */
const hashed = vi.hoisted(() => ({ operations: [] as string[] }));

vi.mock('node:crypto', async (importOriginal) => {
  const crypto = await importOriginal<typeof Crypto>();
  return {
    ...crypto,
    createHash: (algorithm: string) => {
      hashed.operations.push(algorithm);
      return crypto.createHash(algorithm);
    },
    createHmac: (algorithm: string, key: Uint8Array) => {
      hashed.operations.push(`hmac-${algorithm}`);
      return crypto.createHmac(algorithm, key);
    },
  };
});

beforeEach(() => {
  hashed.operations.length = 0;
});

/** The answer to an Allocate with a valid nonce, and the hash operations that it took. */
function attempt(speaks: 'rfc5389' | 'rfc8489', details: RequestDetails, machine = new TestMachine()) {
  const client = new TestClient(machine, { speaks });
  const request = client.build(Method.allocate, requestedTransportUdp, { nonce: client.nonce(), ...details });
  hashed.operations.length = 0;
  const reply = client.send(request);
  return { operations: [...hashed.operations], size: reply?.size, code: reply?.code };
}

describe('SECURITY.md 5: the same answer in the same time', () => {
  test.each(['rfc5389', 'rfc8489'] as const)(
    'an unknown user (%s) takes the same hash operations as a wrong password',
    (speaks) => {
      const wrongPassword = attempt(speaks, { username: 'alice', password: 'looking-glass' });
      expect(wrongPassword.code).toBe(401);
      // A nonce to check, an integrity to verify, a nonce to issue.
      expect(wrongPassword.operations).toHaveLength(3);
      expect(attempt(speaks, { username: 'mallory' })).toEqual(wrongPassword);
    },
  );

  test.each(['rfc5389', 'rfc8489'] as const)(
    'a time-limited name (%s) takes the same whether its prefix names an app or not',
    (speaks) => {
      const retiring = {
        ...chat().secrets[0]!,
        id: 'older',
        state: 'retiring',
        acceptedUntilS: 9_999_999_999,
      } as const;
      const secrets = [...chat().secrets, retiring];
      const [first, ...others] = ['alice', 'chat/alice', 'chat.abcdefgh/alice', 'chat.zzzzzzzz/alice', 'default/alice', 'nobodys/alice']
        .map((rest) => attempt(speaks, { username: `9999999999:${rest}` }, chatMachine({ secrets }))); // prettier-ignore
      expect(first?.code).toBe(401);
      // The nonces; for each of three keys its password, its derivation and the integrity.
      expect(first?.operations).toHaveLength(2 + 3 * 3);
      for (const other of others) {
        expect({ ...other, operations: other.operations.toSorted() }).toEqual({
          ...first,
          operations: first?.operations.toSorted(),
        });
      }
    },
  );
});

describe('SECURITY.md 7: names are data', () => {
  test('a name longer than any name is costs no derivation of keys, however it looks', () => {
    const { code, operations } = attempt('rfc5389', { username: `9999999999:${'x'.repeat(60_000)}` });
    expect(code).toBe(401);
    expect(operations).toHaveLength(3);
    expect(attempt('rfc5389', { username: '9999999999:x' }).operations.length).toBeGreaterThan(3);
  });
});
