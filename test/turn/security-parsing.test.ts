import { array, assert as check, constantFrom, property, tuple, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AttributeType, Method } from '../../server/stun/registry.ts';
import { writeLifetime } from '../../server/stun/turn-attributes.ts';
import { at } from './addresses.ts';
import { TestClient } from './test-client.ts';
import { TestMachine } from './test-machine.ts';

/** The message with one more attribute at its end, the length in its header made right. */
function withTrailer(bytes: Uint8Array, type: number, value: Uint8Array): Uint8Array {
  const longer = new Uint8Array(bytes.length + 4 + value.length);
  longer.set(bytes);
  longer.set([type >> 8, type & 0xff, value.length >> 8, value.length & 0xff], bytes.length);
  longer.set(value, bytes.length + 4);
  longer.set([(longer.length - 20) >> 8, (longer.length - 20) & 0xff], 2);
  return longer;
}

function allocated(): TestClient {
  const client = new TestClient(new TestMachine());
  expect(client.allocate()?.code).toBe(0);
  return client;
}

describe('SECURITY.md 6: nothing after integrity counts', () => {
  test('a LIFETIME of zero behind MESSAGE-INTEGRITY deletes nothing', () => {
    const client = allocated();
    const reply = client.request(Method.refresh, undefined, {
      writeAfterIntegrity: (bytes) => withTrailer(bytes, AttributeType.lifetime, new Uint8Array(4)),
    });
    expect(reply?.lifetimeS).toBe(600);
    expect(client.machine.server.allocationCount).toBe(1);
  });

  test('an XOR-PEER-ADDRESS behind MESSAGE-INTEGRITY is permitted nothing', () => {
    const client = allocated();
    const reply = client.request(Method.createPermission, undefined, {
      writeAfterIntegrity: (bytes) =>
        withTrailer(bytes, AttributeType.xorPeerAddress, Uint8Array.of(0, 1, 0, 0, 41, 26, 172, 74)),
    });
    expect(reply?.code).toBe(400);
  });

  test('an unknown comprehension-required attribute behind MESSAGE-INTEGRITY is not even unknown', () => {
    const reply = allocated().request(Method.refresh, undefined, {
      writeAfterIntegrity: (bytes) => withTrailer(bytes, 0x7ff0, new Uint8Array(4)),
    });
    expect(reply?.code).toBe(0);
  });

  test('a USERNAME in front of a forged integrity does not count as authenticated', () => {
    const client = allocated();
    const reply = client.request(Method.refresh, (writer) => void writeLifetime(writer, 0), {
      writeAfterIntegrity: (bytes) => {
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
        return bytes;
      },
    });
    expect(reply?.code).toBe(401);
    expect(client.machine.server.allocationCount).toBe(1);
  });
});

describe('SECURITY.md 6: the first duplicate wins', () => {
  test('of two LIFETIMEs', () => {
    const client = allocated();
    const reply = client.request(Method.refresh, (writer) => {
      writeLifetime(writer, 1200);
      writeLifetime(writer, 0);
    });
    expect(reply?.lifetimeS).toBe(1200);
  });

  test('of two peers in ChannelBind', () => {
    const client = allocated();
    const reply = client.request(Method.channelBind, (writer) => {
      writer.uint32(AttributeType.channelNumber, 0x4000 << 16);
      writer.xorAddress(AttributeType.xorPeerAddress, at('8.8.8.8', 9));
      writer.xorAddress(AttributeType.xorPeerAddress, at('10.0.0.1', 9));
    });
    expect(reply?.code).toBe(0);
    expect([...client.machine.plane.relays.values()][0]?.permitted.size).toBe(1);
  });

  test('of two USERNAMEs', () => {
    const client = new TestClient(new TestMachine(), { username: 'bob', password: 'builder' });
    const reply = client.allocate((writer) => void writer.text(AttributeType.username, 'alice'), {
      username: 'bob',
      password: 'wonderland',
    });
    expect(reply?.code).toBe(401);
  });

  test('but of XOR-PEER-ADDRESS in CreatePermission all count: the second is judged like the first', () => {
    const client = allocated();
    expect(client.createPermission(at('8.8.8.8', 0), at('10.0.0.1', 0))?.code).toBe(403);
    expect(client.createPermission(at('8.8.8.8', 0), at('8.8.4.4', 0))?.code).toBe(0);
    expect([...client.machine.plane.relays.values()][0]?.permitted.size).toBe(2);
  });
});

describe('SECURITY.md 6: refused or dropped, never thrown', () => {
  /** A Binding request whose header gives this length to what follows it, and which has so many bytes of it. */
  function bindingOf(length: number, bytesThatFollow: number): Uint8Array {
    const client = new TestClient(new TestMachine());
    const bytes = new Uint8Array(20 + bytesThatFollow);
    bytes.set(client.build(Method.binding, () => undefined, { integrity: 'none' }));
    bytes.set([length >> 8, length & 0xff], 2);
    return bytes;
  }

  test.each([
    ...[1, 2, 3, 5, 6, 7, 9].map((length) => [length, length] as const),
    ...([[0, 4], [4, 0], [0x8000, 0], [1, 0]] as const), // prettier-ignore
  ])('a length of %i over %i bytes, which is no multiple of 4 or not the packet, is dropped', (length, bytes) => {
    const machine = new TestMachine();
    expect(new TestClient(machine).send(bindingOf(length, bytes))).toBeUndefined();
    expect(machine.server.stats.malformed).toBe(1);
    expect(new TestClient(machine).send(bindingOf(0, 0))?.code).toBe(0);
  });

  test('an unknown comprehension-required attribute before integrity is answered 420', () => {
    expect(allocated().request(Method.refresh, (writer) => void writer.flag(0x7ff0))?.code).toBe(420);
  });

  const anyMethod = constantFrom(...Object.values(Method), 0x00a, 0xfff);
  const seals: readonly number[] = [
    AttributeType.messageIntegrity,
    AttributeType.messageIntegritySha256,
    AttributeType.fingerprint,
  ];
  const anyType = constantFrom(...Object.values(AttributeType).filter((type) => !seals.includes(type)), 0x0003, 0x7ff0);

  test('any bytes, from a stranger and from a client with an allocation', () => {
    const client = allocated();
    const stranger = new TestClient(client.machine);
    check(
      property(uint8Array({ maxLength: 120 }), (bytes) => {
        client.send(bytes);
        stranger.send(bytes);
      }),
      { numRuns: 2000 },
    );
    expect(client.machine.server.allocationCount).toBe(1);
  });

  test('any attributes of any method in an authenticated request', () => {
    const client = allocated();
    const attributes = array(tuple(anyType, uint8Array({ maxLength: 24 })), { maxLength: 6 });
    check(
      property(anyMethod, attributes, (method, chosen) => {
        const reply = client.request(method, (writer) => {
          for (const [type, value] of chosen) writer.attribute(type, value);
        });
        if (client.machine.server.allocationCount === 0) client.allocate();
        if (reply !== undefined) expect(reply.code).not.toBe(500);
      }),
      { numRuns: 2000 },
    );
  });
});
