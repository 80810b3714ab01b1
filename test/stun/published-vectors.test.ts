import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readXorAddress } from '../../server/stun/addresses.ts';
import { readPasswordAlgorithm, readText } from '../../server/stun/credentials-attributes.ts';
import { verifyIntegrity } from '../../server/stun/integrity.ts';
import { formatTransportAddress, parseIp } from '../../server/stun/ip-text.ts';
import { attribute, decodeMessage, MessageWriter, type Message } from '../../server/stun/message.ts';
import { decodeNonceCookie } from '../../server/stun/nonce-cookie.ts';
import { AttributeType, Method, PasswordAlgorithm } from '../../server/stun/registry.ts';
import { bytesOf, hexOf } from '../vectors/hex.ts';
import vectors from '../vectors/published-messages.json' with { type: 'json' };
import { decoded, valueOf } from './decoded.ts';

const shortTermKey = new TextEncoder().encode('VOkJxbRl1RmTxUk/WvJxBt');
const username = 'マトリックス';
const md5Key = createHash('md5').update(`${username}:example.org:TheMatrIX`).digest();
const sha256Key = createHash('sha256').update(`${username}:example.org:TheMatrIX`).digest();

function vector(name: keyof typeof vectors): Uint8Array {
  return bytesOf(vectors[name].hex.join(''));
}

function text(message: Message, type: number): string | null {
  return readText(valueOf(message, type));
}

function mappedAddress(message: Message): string {
  const address = readXorAddress(valueOf(message, AttributeType.xorMappedAddress), message.transactionId);
  return address === null ? 'none' : formatTransportAddress(address);
}

describe('RFC 5769: test vectors for STUN', () => {
  test('2.1: sample request', () => {
    const message = decoded(vector('RFC 5769 2.1'));
    expect(message.method).toBe(Method.binding);
    expect(message.messageClass).toBe('request');
    expect(hexOf(message.transactionId)).toBe('b7e7a701bc34d686fa87dfae');
    expect(text(message, AttributeType.software)).toBe('STUN test client');
    expect(text(message, AttributeType.username)).toBe('evtj:h6vY');
    expect(hexOf(valueOf(message, 0x0024))).toBe('6e0001ff');
    expect(verifyIntegrity(message, shortTermKey, 'sha1')).toBe(true);
    expect(attribute(message, AttributeType.fingerprint)).toBeDefined();
  });

  test.each([
    ['2.2: sample IPv4 response', 'RFC 5769 2.2', '192.0.2.1:32853'],
    ['2.3: sample IPv6 response', 'RFC 5769 2.3', '[2001:db8:1234:5678:11:2233:4455:6677]:32853'],
  ] as const)('%s', (_, name, address) => {
    const message = decoded(vector(name));
    expect(message.method).toBe(Method.binding);
    expect(message.messageClass).toBe('success');
    expect(text(message, AttributeType.software)).toBe('test vector');
    expect(mappedAddress(message)).toBe(address);
    expect(verifyIntegrity(message, shortTermKey, 'sha1')).toBe(true);
    expect(attribute(message, AttributeType.fingerprint)).toBeDefined();
  });

  test('2.4: sample request with long-term authentication', () => {
    const message = decoded(vector('RFC 5769 2.4'));
    expect(text(message, AttributeType.username)).toBe(username);
    expect(text(message, AttributeType.nonce)).toBe('f//499k954d6OL34oL9FSTvy64sA');
    expect(text(message, AttributeType.realm)).toBe('example.org');
    expect(verifyIntegrity(message, md5Key, 'sha1')).toBe(true);
    expect(verifyIntegrity(message, sha256Key, 'sha1')).toBe(false);
  });

  test('2.4: the writer makes the same bytes', () => {
    const bytes = new MessageWriter(Method.binding, 'request', bytesOf('78ad3433c6ad72c029da412e'))
      .text(AttributeType.username, username)
      .text(AttributeType.nonce, 'f//499k954d6OL34oL9FSTvy64sA')
      .text(AttributeType.realm, 'example.org')
      .integritySha1(md5Key)
      .finish();
    expect(hexOf(bytes)).toBe(hexOf(vector('RFC 5769 2.4')));
  });

  test.each([
    ['2.2', 'RFC 5769 2.2', '192.0.2.1'],
    ['2.3', 'RFC 5769 2.3', '2001:db8:1234:5678:11:2233:4455:6677'],
  ] as const)('%s: the writer makes the same XOR-MAPPED-ADDRESS', (_, name, ipText) => {
    const ip = parseIp(ipText);
    if (ip === null) throw new Error(`no address: ${ipText}`);
    const published = decoded(vector(name));
    const bytes = new MessageWriter(Method.binding, 'success', published.transactionId)
      .xorAddress(AttributeType.xorMappedAddress, { ip, port: 32853 })
      .finish();
    expect(attribute(decoded(bytes), AttributeType.xorMappedAddress)).toEqual(
      attribute(published, AttributeType.xorMappedAddress),
    );
  });

  test.each([
    ['RFC 5769 2.1', 8],
    ['RFC 5769 2.2', 8],
    ['RFC 5769 2.3', 8],
    ['RFC 5769 2.4', 0],
  ] as const)('%s: one bit changed anywhere before the end of MESSAGE-INTEGRITY is noticed', (name, bytesAfter) => {
    const original = vector(name);
    const key = name === 'RFC 5769 2.4' ? md5Key : shortTermKey;
    for (let at = 0; at < original.length - bytesAfter; at++) {
      const changed = original.slice();
      changed[at]! ^= 0x01;
      const message = decodeMessage(changed);
      const accepted = typeof message !== 'string' && verifyIntegrity(message, key, 'sha1');
      expect(accepted, `byte ${at}`).toBe(false);
    }
  });
});

describe('RFC 8489 appendix B.1: MESSAGE-INTEGRITY-SHA256 and USERHASH', () => {
  test('erratum 6268: the corrected vector verifies', () => {
    const message = decoded(vector('RFC 8489 B.1'));
    const nonce = text(message, AttributeType.nonce) ?? '';
    const algorithm = valueOf(message, AttributeType.passwordAlgorithm);
    expect(message.method).toBe(Method.binding);
    expect(nonce).toBe('obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA');
    expect(text(message, AttributeType.realm)).toBe('example.org');
    expect(readPasswordAlgorithm(algorithm)?.algorithm).toBe(PasswordAlgorithm.sha256);
    expect(hexOf(valueOf(message, AttributeType.userhash))).toBe(
      createHash('sha256').update(`${username}:example.org`).digest('hex'),
    );
    expect(verifyIntegrity(message, sha256Key, 'sha256')).toBe(true);
    expect(verifyIntegrity(message, md5Key, 'sha256')).toBe(false);
  });

  test('erratum 6268: the writer makes the corrected vector', () => {
    const published = decoded(vector('RFC 8489 B.1'));
    const bytes = new MessageWriter(Method.binding, 'request', published.transactionId)
      .attribute(AttributeType.userhash, createHash('sha256').update(`${username}:example.org`).digest())
      .text(AttributeType.nonce, 'obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA')
      .text(AttributeType.realm, 'example.org')
      .uint32(AttributeType.passwordAlgorithm, 0x00020000)
      .integritySha256(sha256Key)
      .finish();
    expect(hexOf(bytes)).toBe(hexOf(published.bytes));
  });

  test('erratum 6268: the printed vector counts its header into its length, and is no message', () => {
    const printed = vector('RFC 8489 B.1 as printed');
    expect(printed.length).toBe(0x9c);
    expect(decodeMessage(printed)).toBe('bad-length');
  });

  test('erratum 6268: with its length mended the printed vector has a wrong HMAC', () => {
    const printed = vector('RFC 8489 B.1 as printed');
    printed[3] = 0x9c - 20;
    expect(verifyIntegrity(decoded(printed), sha256Key, 'sha256')).toBe(false);
  });

  test('erratum 6290: the nonce announces username anonymity, bit 1 from the right', () => {
    const nonce = text(decoded(vector('RFC 8489 B.1')), AttributeType.nonce) ?? '';
    expect(decodeNonceCookie(nonce)).toEqual({ passwordAlgorithms: false, usernameAnonymity: true });
  });
});
