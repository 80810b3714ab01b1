import { describe, expect, test } from 'vitest';
import { NonceIssuer } from '../../server/turn/nonce.ts';
import { at } from './addresses.ts';
import { startMs, TestMachine } from './test-machine.ts';
import { TestClient } from './test-client.ts';

const key = new Uint8Array(32).fill(1);
const client = at('203.0.113.9', 4711);

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

describe('SECURITY.md 4: nonces', () => {
  const issuer = new NonceIssuer(key);
  const nonce = new TextDecoder().decode(issuer.issue(client, startMs));

  test.each([
    ['at once', 'valid', client, 0],
    ['after an hour', 'valid', client, 3_600_000],
    ['after more than an hour', 'stale', client, 3_600_001],
    ['before it was issued', 'stale', client, -1000],
    ['from another port', 'foreign', at('203.0.113.9', 4712), 0],
    ['from another address', 'foreign', at('203.0.113.10', 4711), 0],
    ['from an IPv6 address with the same bits', 'foreign', at('cb00:7109::', 4711), 0],
  ] as const)('%s: %s', (_, verdict, from, elapsedMs) => {
    expect(issuer.check(bytes(nonce), from, startMs + elapsedMs)).toBe(verdict);
  });

  test('every changed character makes it foreign', () => {
    for (let index = 0; index < nonce.length; index++) {
      const other = nonce[index] === 'a' ? 'b' : 'a';
      const changed = nonce.slice(0, index) + other + nonce.slice(index + 1);
      expect(issuer.check(bytes(changed), client, startMs)).toBe('foreign');
    }
  });

  test.each(['', 'a', nonce.slice(0, -1), `${nonce}a`, nonce.toUpperCase(), 'x'.repeat(763)])(
    '%j is foreign',
    (text) => {
      expect(issuer.check(bytes(text), client, startMs)).toBe('foreign');
    },
  );

  test('it survives a restart with the same key, and no other', () => {
    expect(new NonceIssuer(key).check(bytes(nonce), client, startMs)).toBe('valid');
    expect(new NonceIssuer(new Uint8Array(32)).check(bytes(nonce), client, startMs)).toBe('foreign');
  });

  test('a stale nonce costs a live session one 438, whose nonce is good', () => {
    const machine = new TestMachine();
    const session = new TestClient(machine);
    session.allocate();
    session.refresh(3600);
    machine.advance(1800);
    session.refresh(3600);
    machine.advance(1801);
    const stale = session.refresh();
    expect(stale?.code).toBe(438);
    session.forgetNonce();
    expect(session.refresh()?.code).toBe(0);
  });
});
