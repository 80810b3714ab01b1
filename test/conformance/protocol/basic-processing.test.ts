import { describe, expect, test } from 'vitest';
import { MessageWriter } from '../../../server/stun/message.ts';
import { AttributeType, Method } from '../../../server/stun/registry.ts';
import { at } from '../../turn/addresses.ts';
import { requestedTransportUdp, TestClient } from '../../turn/test-client.ts';
import { TestMachine } from '../../turn/test-machine.ts';
import { testRows } from './protocol-row.ts';

const noCredentials = { integrity: 'none' } as const;

/** A type below 0x8000 that nobody has registered. */
const unknownRequired = 0x7ff0;
const unknownOptional = 0xfff0;

function altered(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[offset] = value;
  return copy;
}

function bindingRequest(client: TestClient): Uint8Array {
  return client.build(Method.binding, () => undefined, noCredentials).slice();
}

describe('RFC 8489 section 6.3: basic processing', () => {
  testRows([
    [
      'RFC 8489 6.3.1: a Binding request needs no credentials',
      (machine) => new TestClient(machine).request(Method.binding, undefined, noCredentials),
      0,
    ],
    [
      'RFC 8489 6.3.1: unknown comprehension-required attributes are answered 420',
      (machine) =>
        new TestClient(machine).request(Method.binding, (writer) => void writer.flag(unknownRequired), noCredentials),
      420,
    ],
    [
      'RFC 8489 6.3: unknown comprehension-optional attributes are ignored',
      (machine) =>
        new TestClient(machine).request(Method.binding, (writer) => void writer.flag(unknownOptional), noCredentials),
      0,
    ],
    [
      'RFC 8489 6.3: known but unexpected attributes are ignored',
      (machine) => new TestClient(machine).request(Method.binding, requestedTransportUdp, noCredentials),
      0,
    ],
    [
      'RFC 8489 6.3: authentication comes before unknown attributes',
      (machine) =>
        new TestClient(machine).allocate((writer) => void writer.flag(unknownRequired), { ...noCredentials }),
      401,
    ],
    [
      'RFC 8489 6.3.1: an authenticated request with an unknown attribute is answered 420',
      (machine) => new TestClient(machine).allocate((writer) => void writer.flag(unknownRequired)),
      420,
    ],
    [
      'RFC 8489 6.3: a request of an unknown method is dropped',
      (machine) => new TestClient(machine).request(0x00a, undefined, noCredentials),
      'silent',
    ],
    [
      'RFC 8656 17: Send has no request',
      (machine) => new TestClient(machine).request(Method.send, undefined, noCredentials),
      'silent',
    ],
    [
      'RFC 8489 12.2: without the magic cookie the client is one of RFC 3489, and dropped',
      (machine) => {
        const client = new TestClient(machine);
        return client.send(altered(bindingRequest(client), 4, 0));
      },
      'silent',
    ],
    [
      'RFC 8489 6.3: a length that is not the packet is dropped',
      (machine) => {
        const client = new TestClient(machine);
        return client.send(altered(bindingRequest(client), 3, 4));
      },
      'silent',
    ],
    [
      'RFC 8489 6.3: a wrong FINGERPRINT is dropped',
      (machine) => {
        const client = new TestClient(machine);
        const bytes = client.build(Method.binding, () => undefined, { ...noCredentials, fingerprint: true });
        return client.send(altered(bytes, bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1));
      },
      'silent',
    ],
    ['RFC 8656 12: one byte is no message', (machine) => new TestClient(machine).send(Uint8Array.of(0)), 'silent'],
    ['RFC 8656 12: no byte is no message', (machine) => new TestClient(machine).send(new Uint8Array()), 'silent'],
    [
      'RFC 8489 6.3.2: a Binding indication is not answered',
      (machine) =>
        new TestClient(machine).send(new MessageWriter(Method.binding, 'indication', new Uint8Array(12)).finish()),
      'silent',
    ],
    [
      'RFC 8489 6.3.3: a response that we did not ask for is dropped',
      (machine) =>
        new TestClient(machine).send(new MessageWriter(Method.binding, 'success', new Uint8Array(12)).finish()),
      'silent',
    ],
    [
      'RFC 8656 5: a Send indication without an allocation is ignored',
      (machine) => {
        const writer = new MessageWriter(Method.send, 'indication', new Uint8Array(12));
        writer
          .xorAddress(AttributeType.xorPeerAddress, at('8.8.8.8', 9))
          .attribute(AttributeType.data, new Uint8Array(4));
        return new TestClient(machine).send(writer.finish());
      },
      'silent',
    ],
  ]);

  test.each([
    ['203.0.113.9', '203.0.113.9:4711'],
    ['2620:fe::9', '[2620:fe::9]:4711'],
  ])('RFC 8489 6.3.1: Binding tells a client at %s its reflexive address', (address, mapped) => {
    const client = new TestClient(new TestMachine(), { address: at(address, 4711) });
    const reply = client.request(Method.binding, undefined, noCredentials);
    expect(reply?.mapped).toBe(mapped);
    expect(reply?.signature(client.key())).toBe('none');
  });

  test('RFC 8489 6.3.1: UNKNOWN-ATTRIBUTES lists each unknown type once', () => {
    const reply = new TestClient(new TestMachine()).request(
      Method.binding,
      (writer) =>
        void writer
          .flag(unknownRequired)
          .flag(unknownRequired + 1)
          .flag(unknownRequired),
      noCredentials,
    );
    expect(reply?.unknownAttributes).toEqual([unknownRequired, unknownRequired + 1]);
  });

  test.each([
    ['a success', false, 0],
    ['an error', true, 420],
  ])('RFC 8489 7: %s bears FINGERPRINT if and only if the request did', (_, isUnknown, code) => {
    const client = new TestClient(new TestMachine());
    for (const fingerprint of [false, true]) {
      const reply = client.request(
        Method.binding,
        (writer) => {
          if (isUnknown) writer.flag(unknownRequired);
        },
        {
          ...noCredentials,
          fingerprint,
        },
      );
      expect(reply?.code).toBe(code);
      expect(reply?.has(AttributeType.fingerprint)).toBe(fingerprint);
    }
  });

  test('what is dropped is counted', () => {
    const machine = new TestMachine();
    const client = new TestClient(machine);
    client.send(Uint8Array.of(0));
    client.request(0x00a, undefined, noCredentials);
    expect(machine.server.stats).toMatchObject({ malformed: 1, ignored: 1 });
  });
});
