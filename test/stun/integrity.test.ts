import { describe, expect, test } from 'vitest';
import { fingerprintValue } from '../../server/stun/fingerprint.ts';
import { verifyIntegrity } from '../../server/stun/integrity.ts';
import {
  attribute,
  attributes,
  MessageWriter,
  unknownRequiredAttributes,
  type Message,
} from '../../server/stun/message.ts';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { bytesOf, hexOf } from '../vectors/hex.ts';
import { decoded, valueOf } from './decoded.ts';

const key = bytesOf('000102030405060708090a0b0c0d0e0f');
const otherKey = bytesOf('000102030405060708090a0b0c0d0e0e');
const transactionId = bytesOf('000102030405060708090a0b');
const { messageIntegrity, messageIntegritySha256, fingerprint, username, lifetime, xorPeerAddress } = AttributeType;

function request(): MessageWriter {
  return new MessageWriter(Method.refresh, 'request', transactionId).text(username, 'alice');
}

/** A message with raw attributes put behind it, its length field corrected: what a man in the middle can make. */
function withAppended(bytes: Uint8Array, ...appended: readonly string[]): Message {
  const tail = bytesOf(appended.join(''));
  const longer = new Uint8Array(bytes.length + tail.length);
  longer.set(bytes);
  longer.set(tail, bytes.length);
  new DataView(longer.buffer).setUint16(2, longer.length - 20);
  return decoded(longer);
}

/** The message with a correct FINGERPRINT at its end. */
function withFingerprint(bytes: Uint8Array): Message {
  const longer = new Uint8Array(bytes.length + 8);
  longer.set(bytes);
  longer.set(bytesOf('80280004'), bytes.length);
  const view = new DataView(longer.buffer);
  view.setUint16(2, longer.length - 20);
  view.setUint32(bytes.length + 4, fingerprintValue(longer, bytes.length));
  return decoded(longer);
}

const lifetimeZero = '000d0004 00000000';
const unknownRequired = '7f000000';
const secondUsername = '00060004 65766500';
const peer = '00120008 0001000000000000';
const forgedSha1 = `00080014 ${'ab'.repeat(20)}`;
const forgedSha256 = `001c0020 ${'ab'.repeat(32)}`;

describe('SECURITY.md 6: nothing after integrity counts', () => {
  describe.each([
    ['MESSAGE-INTEGRITY', () => request().integritySha1(key).finish()],
    ['MESSAGE-INTEGRITY-SHA256', () => request().integritySha256(key).finish()],
    ['both', () => request().integritySha1(key).integritySha256(key).finish()],
  ])('after %s (RFC 8489 9)', (_, sealed) => {
    test.each([
      ['an attribute', lifetimeZero, lifetime],
      ['an address', peer, xorPeerAddress],
      ['an attribute whose type is unknown', unknownRequired, 0x7f00],
    ])('%s is invisible', (_name, appended, type) => {
      const message = withAppended(sealed(), appended);
      expect(attribute(message, type)).toBeUndefined();
      expect(attributes(message, type)).toEqual([]);
      expect(unknownRequiredAttributes(message, new Set([username, messageIntegrity, messageIntegritySha256]))).toEqual(
        [],
      );
    });

    test('it stays invisible when a correct FINGERPRINT follows', () => {
      const message = withFingerprint(withAppended(sealed(), lifetimeZero, unknownRequired, peer).bytes);
      expect(attribute(message, fingerprint)).toBeDefined();
      expect(message.attributeIndex.length).toBe(decoded(sealed()).attributeIndex.length + 3);
    });

    test('a truncated attribute is refused all the same', () => {
      expect(() => withAppended(sealed(), '000d0004')).toThrow('bad-attribute');
    });
  });

  test('RFC 8489 9: MESSAGE-INTEGRITY-SHA256 after MESSAGE-INTEGRITY counts', () => {
    const message = decoded(request().integritySha1(key).integritySha256(key).fingerprint().finish());
    expect(verifyIntegrity(message, key, 'sha1')).toBe(true);
    expect(verifyIntegrity(message, key, 'sha256')).toBe(true);
    expect(attribute(message, fingerprint)).toBeDefined();
  });

  test('RFC 8489 9: so it does behind an attribute that is ignored', () => {
    const message = withAppended(request().integritySha1(key).finish(), lifetimeZero, forgedSha256);
    expect(attribute(message, lifetime)).toBeUndefined();
    expect(attribute(message, messageIntegritySha256)).toBeDefined();
  });

  test('MESSAGE-INTEGRITY after MESSAGE-INTEGRITY-SHA256 is invisible', () => {
    const message = withAppended(request().integritySha256(key).finish(), forgedSha1);
    expect(attribute(message, messageIntegrity)).toBeUndefined();
    expect(verifyIntegrity(message, key, 'sha1')).toBe(false);
    expect(verifyIntegrity(message, key, 'sha256')).toBe(true);
  });

  test.each([
    ['MESSAGE-INTEGRITY', () => request().integritySha1(key).finish(), forgedSha1, 'sha1'],
    ['MESSAGE-INTEGRITY-SHA256', () => request().integritySha256(key).finish(), forgedSha256, 'sha256'],
  ] as const)('a second %s is invisible', (_, sealed, second, algorithm) => {
    expect(verifyIntegrity(withAppended(sealed(), second), key, algorithm)).toBe(true);
    expect(attributes(withAppended(sealed(), second), messageIntegrity).length).toBeLessThanOrEqual(1);
    expect(attributes(withAppended(sealed(), second), messageIntegritySha256).length).toBeLessThanOrEqual(1);
  });

  test('the first duplicate wins: nobody puts another USERNAME behind', () => {
    const message = withAppended(request().finish(), secondUsername);
    expect(hexOf(valueOf(message, username))).toBe(hexOf(new TextEncoder().encode('alice')));
  });

  test('the first duplicate wins, XOR-PEER-ADDRESS excepted', () => {
    const message = withAppended(request().finish(), peer, peer);
    expect(attributes(message, xorPeerAddress).length).toBe(2);
  });
});

describe('RFC 8489 14.5 and 14.6: verification', () => {
  test.each([
    ['sha1', () => request().integritySha1(key)],
    ['sha256', () => request().integritySha256(key)],
  ] as const)('%s', (algorithm, sealed) => {
    const message = decoded(sealed().finish());
    expect(verifyIntegrity(message, key, algorithm)).toBe(true);
    expect(verifyIntegrity(message, otherKey, algorithm)).toBe(false);
    expect(verifyIntegrity(message, new Uint8Array(0), algorithm)).toBe(false);
    expect(verifyIntegrity(message, key, algorithm === 'sha1' ? 'sha256' : 'sha1')).toBe(false);
    expect(verifyIntegrity(decoded(sealed().fingerprint().finish()), key, algorithm)).toBe(true);
  });

  test('a message without integrity', () => {
    const message = decoded(request().finish());
    expect(verifyIntegrity(message, key, 'sha1')).toBe(false);
    expect(verifyIntegrity(message, key, 'sha256')).toBe(false);
  });

  test('verification leaves the bytes as they were', () => {
    const bytes = request().integritySha1(key).integritySha256(key).fingerprint().finish();
    const before = hexOf(bytes);
    verifyIntegrity(decoded(bytes), key, 'sha1');
    verifyIntegrity(decoded(bytes), key, 'sha256');
    expect(hexOf(bytes)).toBe(before);
  });

  // A truncated HMAC is the genuine one's beginning: only its length is wrong.
  test.each([
    ['RFC 8489 14.5: of 16 bytes', messageIntegrity, 'sha1', 16],
    ['RFC 8489 14.5: of none', messageIntegrity, 'sha1', 0],
    ['RFC 8489 14.5: of 24 bytes', messageIntegrity, 'sha1', 24],
    ['RFC 8489 14.6: of 16 bytes, no usage of TURN', messageIntegritySha256, 'sha256', 16],
    ['RFC 8489 14.6: of 28 bytes, no usage of TURN', messageIntegritySha256, 'sha256', 28],
    ['RFC 8489 14.6: of none', messageIntegritySha256, 'sha256', 0],
    ['RFC 8489 14.6: of 36 bytes', messageIntegritySha256, 'sha256', 36],
  ] as const)('an integrity attribute %s is never valid', (_, type, algorithm, length) => {
    const whole = decoded(request()[algorithm === 'sha1' ? 'integritySha1' : 'integritySha256'](key).finish());
    const value = new Uint8Array(length);
    value.set(valueOf(whole, type).subarray(0, length));
    const message = decoded(request().attribute(type, value).finish());
    expect(valueOf(message, type).length).toBe(length);
    expect(verifyIntegrity(message, key, algorithm)).toBe(false);
  });
});
