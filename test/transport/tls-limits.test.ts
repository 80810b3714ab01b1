import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { tlsLimits } from '../../server/transport/tls-limits.ts';

const rsa = (modulusLength: number) => () => generateKeyPairSync('rsa', { modulusLength });
const curve = (namedCurve: string) => () => generateKeyPairSync('ec', { namedCurve });

describe('SECURITY.md 10: what a handshake costs bounds how many there are', () => {
  test.each<[string, () => { readonly privateKey: KeyObject }, string]>([
    ['P-256', curve('P-256'), '200/s 20 512'],
    ['Ed25519', () => generateKeyPairSync('ed25519'), '200/s 20 512'],
    ['Ed448', () => generateKeyPairSync('ed448'), '200/s 20 512'],
    ['RSA-1024', rsa(1024), '200/s 20 512'],
    ['RSA-2048', rsa(2048), '200/s 20 512'],
    ['RSA-PSS-2048', () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 }), '200/s 20 512'],
    ['RSA-2056', rsa(2056), '100/s 10 256'],
    ['RSA-3072', rsa(3072), '100/s 10 256'],
    ['P-384', curve('P-384'), '100/s 10 256'],
    ['RSA-3080', rsa(3080), '40/s 4 100'],
    ['RSA-4096', rsa(4096), '40/s 4 100'],
    ['P-521', curve('P-521'), '40/s 4 100'],
    ['a curve that few have', curve('brainpoolP256r1'), '40/s 4 100'],
    ['RSA-4104', rsa(4104), '5/s 1 12'],
  ])(
    '%s',
    (_what, generate, limits) => {
      const key = generate().privateKey.export({ type: 'pkcs8', format: 'pem' });
      const { handshakesPerSecond, handshakeBurst, maxHandshaking } = tlsLimits(key);
      expect(`${handshakesPerSecond}/s ${handshakeBurst} ${maxHandshaking}`).toBe(limits);
    },
    30_000,
  );

  test('what differs from the default stands, whatever the key', () => {
    const key = curve('P-256')().privateKey.export({ type: 'sec1', format: 'pem' });
    expect(tlsLimits(key, { handshakeBurst: 7, waitTimeoutMs: 8 })).toEqual({
      ...tlsLimits(key),
      handshakeBurst: 7,
      waitTimeoutMs: 8,
    });
  });

  test('what is no key throws', () => {
    expect(() => tlsLimits('none')).toThrow();
  });
});
