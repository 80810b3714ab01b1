import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { longTermKey, userhash } from '../../server/credentials/long-term-key.ts';

const username = '\u30de\u30c8\u30ea\u30c3\u30af\u30b9';
const realm = 'example.org';
const password = 'TheMatrIX';

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.replace(/\s+/g, '').match(/../g) ?? [], (octet) => Number.parseInt(octet, 16));
}

describe('RFC 5769 section 2.4: request with long-term authentication', () => {
  const beforeIntegrity = bytes(`
    00010060 2112a442 78ad3433 c6ad72c0 29da412e 00060012 e3839ee3 8388e383 aae38383 e382afe3 82b90000
    0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341 0014000b 6578616d 706c652e 6f726700`);

  test('its MESSAGE-INTEGRITY is made with our MD5 key', () => {
    const key = longTermKey('md5', username, realm, password);
    expect(key.length).toBe(16);
    const hmac = createHmac('sha1', key).update(beforeIntegrity).digest('hex');
    expect(hmac).toBe('f67024656dd64a3e02b8e0712e85c9a28ca89666');
  });
});

describe('RFC 8489 appendix B.1 with erratum 6268: request with USERHASH and SHA-256', () => {
  const hash = '4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704';
  const beforeIntegrity = bytes(`
    00010090 2112a442 78ad3433 c6ad72c0 29da412e 001e0020 ${hash}
    00150029 6f624d61 744a6f73 32414141 43662f2f 3439396b 39353464 364f4c33 346f4c39 46535476 79363473 41000000
    0014000b 6578616d 706c652e 6f726700 001d0004 00020000`);

  test('its USERHASH is ours', () => {
    expect(Buffer.from(userhash(username, realm)).toString('hex')).toBe(hash);
  });

  test('its MESSAGE-INTEGRITY-SHA256 is made with our SHA-256 key', () => {
    const key = longTermKey('sha256', username, realm, password);
    expect(key.length).toBe(32);
    const hmac = createHmac('sha256', key).update(beforeIntegrity).digest('hex');
    expect(hmac).toBe('b5c7bf005b6c52a21c51c5e892f81924136296cb927c43149309278cc6518e65');
  });
});

test.each([
  ['RFC 8489 section 18.5.1.1', 'md5', '8493fbc53ba582fb4c044c456bdc40eb'],
  ['RFC 8489 section 18.5.1.2', 'sha256', '07e934117abd40836e7c6329b54731b2b2d2a5f9a71f544922d75e0730d8251b'],
] as const)('%s: the key of user:realm:pass', (_, algorithm, hex) => {
  expect(Buffer.from(longTermKey(algorithm, 'user', 'realm', 'pass')).toString('hex')).toBe(hex);
});
