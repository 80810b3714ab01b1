import { describe, expect, test } from 'vitest';
import { userhash } from '../../../server/credentials/long-term-key.ts';
import { writePasswordAlgorithm, writePasswordAlgorithms } from '../../../server/stun/credentials-attributes.ts';
import { decodeNonceCookie } from '../../../server/stun/nonce-cookie.ts';
import { AttributeType, Method, PasswordAlgorithm } from '../../../server/stun/registry.ts';
import { attribute } from '../../../server/stun/message.ts';
import { requestedTransportUdp, TestClient, type RequestDetails } from '../../turn/test-client.ts';
import { realm, TestMachine } from '../../turn/test-machine.ts';
import { testRows, type ProtocolRow } from './protocol-row.ts';

const { md5, sha256 } = PasswordAlgorithm;
const foreignNonce = 'a nonce of another server';

/** A row about an Allocate of alice with these details. */
function allocateRow(rule: string, details: RequestDetails, expected: number): ProtocolRow {
  return [rule, (machine) => new TestClient(machine).allocate(undefined, details), expected];
}

/** A row about an Allocate of an RFC 8489 client that sends these algorithms. */
function algorithmsRow(
  rule: string,
  offered: readonly number[] | undefined,
  chosen: number | undefined,
  expected: number,
): ProtocolRow {
  return [
    rule,
    (machine) => {
      const client = new TestClient(machine, { speaks: 'rfc8489' });
      return client.allocate(undefined, {
        keyAlgorithm: chosen === md5 ? 'md5' : 'sha256',
        writeAlgorithms: (writer) => {
          if (offered !== undefined) writePasswordAlgorithms(writer, offered);
          if (chosen !== undefined) writePasswordAlgorithm(writer, chosen);
        },
      });
    },
    expected,
  ];
}

describe('RFC 8489 section 9.2.4: receiving a request', () => {
  testRows([
    allocateRow('9.2.4: neither integrity attribute: 401', { integrity: 'none' }, 401),
    allocateRow('9.2.4: integrity without USERNAME or USERHASH: 400', { username: null }, 400),
    allocateRow('9.2.4: integrity without REALM: 400', { realm: null }, 400),
    allocateRow('9.2.4: integrity without NONCE: 400', { nonce: null }, 400),
    allocateRow('9.2.4: right credentials', {}, 0),
    allocateRow('9.2.4: an unknown user: 401', { username: 'mallory' }, 401),
    allocateRow('9.2.4: a wrong password: 401', { password: 'looking-glass' }, 401),
    allocateRow('9.2.4: a key of another realm: 401', { realm: 'elsewhere.example' }, 401),
    allocateRow('9.2.4: a nonce that is not ours: 438', { nonce: foreignNonce }, 438),
    allocateRow('9.2.4: USERHASH instead of USERNAME', { username: null, userhash: userhash('alice', realm) }, 0),
    allocateRow('9.2.4: USERHASH of nobody: 401', { username: null, userhash: userhash('mallory', realm) }, 401),
    allocateRow('9.2.4: USERHASH of the wrong length: 401', { username: null, userhash: new Uint8Array(31) }, 401),
    allocateRow('9.2.4: MESSAGE-INTEGRITY-SHA256 with an MD5 key', { integrity: 'sha256' }, 0),
    allocateRow('9.2.4: both integrity attributes', { integrity: 'both' }, 0),
    [
      '9.2.4: of both integrity attributes it is MESSAGE-INTEGRITY-SHA256 that is verified: 401',
      (machine) =>
        new TestClient(machine).allocate(undefined, {
          integrity: 'both',
          writeAfterIntegrity: (bytes) => {
            bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
            return bytes;
          },
        }),
      401,
    ],
    [
      '14.6: a truncated MESSAGE-INTEGRITY-SHA256: 401',
      (machine) => {
        const client = new TestClient(machine, { speaks: 'rfc8489' });
        return client.allocate(undefined, {
          writeAfterIntegrity: (bytes) => {
            const short = bytes.slice(0, -16);
            short[short.length - 17] = 16;
            short[2] = (short.length - 20) >> 8;
            short[3] = (short.length - 20) & 0xff;
            return short;
          },
        });
      },
      401,
    ],
    [
      '9.2.4 and RFC 8656 5: a nonce older than an hour: 438',
      (machine) => {
        const client = new TestClient(machine);
        client.nonce();
        machine.advance(3601);
        return client.allocate();
      },
      438,
    ],
    [
      '9.2.5: the nonce of a 438 is good for the retry',
      (machine) => {
        const client = new TestClient(machine);
        const stale = client.allocate(undefined, { nonce: foreignNonce });
        return client.allocate(undefined, { nonce: stale?.nonce ?? '' });
      },
      0,
    ],
    [
      '9.2.4: the nonce of another port of the same address: 438',
      (machine) => new TestClient(machine).allocate(undefined, { nonce: new TestClient(machine).nonce() }),
      438,
    ],
  ]);
});

describe('RFC 8489 section 9.2.4: PASSWORD-ALGORITHMS and bid-down protection', () => {
  testRows([
    algorithmsRow('SHA-256 chosen from what was offered', [sha256, md5], sha256, 0),
    algorithmsRow('MD5 chosen from what was offered', [sha256, md5], md5, 0),
    algorithmsRow('an offer without a choice: 400', [sha256, md5], undefined, 400),
    algorithmsRow('a choice without the offer: 400', undefined, sha256, 400),
    algorithmsRow('an offer without SHA-256 is not ours: 400', [md5], md5, 400),
    algorithmsRow('an offer in another order is not ours: 400', [md5, sha256], sha256, 400),
    algorithmsRow('an offer with more than ours: 400', [sha256, md5, 3], sha256, 400),
    algorithmsRow('a choice that was not offered: 400', [sha256, md5], 3, 400),
    [
      'a choice with parameters was not offered: 400',
      (machine) =>
        new TestClient(machine, { speaks: 'rfc8489' }).allocate(undefined, {
          writeAlgorithms: (writer) => {
            writePasswordAlgorithms(writer, [sha256, md5]);
            writer.attribute(AttributeType.passwordAlgorithm, Uint8Array.of(0, sha256, 0, 4, 1, 2, 3, 4));
          },
        }),
      400,
    ],
    [
      'without the nonce cookie the algorithms are not compared, and the nonce is refused: 438',
      (machine) =>
        new TestClient(machine, { speaks: 'rfc8489' }).allocate(undefined, {
          nonce: foreignNonce,
          writeAlgorithms: (writer) => void writePasswordAlgorithm(writer, sha256),
        }),
      438,
    ],
  ]);
});

describe('RFC 8489 section 9.2.4: what the answers bear', () => {
  const challenges: readonly [string, RequestDetails][] = [
    ['the challenge', { integrity: 'none' }],
    ['a 401 for an unknown user', { username: 'mallory' }],
    ['a 401 for a wrong password', { password: 'looking-glass' }],
    ['a 438', { nonce: foreignNonce }],
  ];

  test.each(challenges)(
    '%s has REALM, NONCE with its cookie and PASSWORD-ALGORITHMS, and no integrity',
    (_, details) => {
      const client = new TestClient(new TestMachine());
      const reply = client.allocate(undefined, details);
      if (reply === undefined) throw new Error('no answer');
      expect(new TextDecoder().decode(attribute(reply.message, AttributeType.realm))).toBe(realm);
      expect(decodeNonceCookie(reply.nonce)).toEqual({ passwordAlgorithms: true, usernameAnonymity: false });
      expect(attribute(reply.message, AttributeType.passwordAlgorithms)).toEqual(Uint8Array.of(0, 2, 0, 0, 0, 1, 0, 0));
      expect(reply.signature(client.key())).toBe('none');
      expect(reply.has(AttributeType.username)).toBe(false);
    },
  );

  test('a 400 before authentication has neither REALM, NONCE nor integrity', () => {
    const client = new TestClient(new TestMachine());
    const reply = client.allocate(undefined, { username: null });
    expect(reply?.code).toBe(400);
    expect(reply?.has(AttributeType.realm)).toBe(false);
    expect(reply?.has(AttributeType.nonce)).toBe(false);
    expect(reply?.signature(client.key())).toBe('none');
  });

  test.each([
    ['neither algorithm attribute: MESSAGE-INTEGRITY', 'rfc5389', {}, 'sha1'],
    ['neither, whatever it is signed with: MESSAGE-INTEGRITY', 'rfc5389', { integrity: 'sha256' }, 'sha1'],
    ['SHA-256 chosen: MESSAGE-INTEGRITY-SHA256', 'rfc8489', {}, 'sha256'],
    ['SHA-256 chosen and MESSAGE-INTEGRITY sent: MESSAGE-INTEGRITY-SHA256', 'rfc8489', { integrity: 'sha1' }, 'sha256'],
  ] as const)('answers to an authenticated request with %s', (_, speaks, details, signature) => {
    const client = new TestClient(new TestMachine(), { speaks });
    const mismatch = client.request(Method.refresh, undefined, details);
    expect(mismatch?.code).toBe(437);
    expect(mismatch?.signature(client.key())).toBe(signature);
    const success = client.allocate(undefined, details);
    expect(success?.code).toBe(0);
    expect(success?.signature(client.key())).toBe(signature);
    for (const type of [AttributeType.realm, AttributeType.nonce, AttributeType.username]) {
      expect(success?.has(type)).toBe(false);
    }
  });

  test('MD5 chosen by name: the key is MD5 and the answer MESSAGE-INTEGRITY-SHA256', () => {
    const client = new TestClient(new TestMachine(), { speaks: 'rfc8489' });
    const details: RequestDetails = {
      keyAlgorithm: 'md5',
      writeAlgorithms: (writer) => {
        writePasswordAlgorithms(writer, [sha256, md5]);
        writePasswordAlgorithm(writer, md5);
      },
    };
    expect(client.allocate(undefined, details)?.signature(client.key(details))).toBe('sha256');
  });

  test('RFC 8489 9.2.4: two 5-tuples get two nonces, one gets the same within a second', () => {
    const machine = new TestMachine();
    const client = new TestClient(machine);
    const first = client.nonce();
    client.forgetNonce();
    expect(client.nonce()).toBe(first);
    expect(new TestClient(machine).nonce()).not.toBe(first);
  });

  test('the challenge comes to every authenticated method', () => {
    for (const method of [Method.allocate, Method.refresh, Method.createPermission, Method.channelBind]) {
      const client = new TestClient(new TestMachine());
      expect(client.request(method, requestedTransportUdp, { integrity: 'none' })?.code).toBe(401);
    }
  });
});
