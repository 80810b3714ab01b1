import { describe, expect, test } from 'vitest';
import { AttributeType, Method } from '../../../server/stun/registry.ts';
import { writeAdditionalAddressFamily } from '../../../server/stun/turn-attributes.ts';
import { at } from '../../turn/addresses.ts';
import { TestClient } from '../../turn/test-client.ts';
import { TestMachine } from '../../turn/test-machine.ts';
import { testRows } from './protocol-row.ts';

function allocated(machine: TestMachine): TestClient {
  const client = new TestClient(machine);
  expect(client.allocate()?.code).toBe(0);
  return client;
}

function dualAllocated(machine: TestMachine): TestClient {
  const client = new TestClient(machine);
  expect(client.allocate((writer) => void writeAdditionalAddressFamily(writer, 6))?.relayed).toHaveLength(2);
  return client;
}

describe('RFC 8656 section 5: methods on an allocation', () => {
  const methods = [
    ['Refresh', Method.refresh],
    ['CreatePermission', Method.createPermission],
    ['ChannelBind', Method.channelBind],
  ] as const;

  test.each(methods)('%s without an allocation: 437', (_, method) => {
    expect(new TestClient(new TestMachine()).request(method)?.code).toBe(437);
  });

  test.each(methods)('%s with the credentials of another user: 441', (_, method) => {
    const machine = new TestMachine();
    const { remote } = allocated(machine).client;
    const bob = new TestClient(machine, { address: remote, username: 'bob', password: 'builder' });
    expect(bob.request(method)?.code).toBe(441);
  });

  test.each(methods)('%s with a wrong password: 401', (_, method) => {
    const machine = new TestMachine();
    expect(allocated(machine).request(method, undefined, { password: 'looking-glass' })?.code).toBe(401);
  });
});

describe('RFC 8656 section 8.2: receiving a Refresh request', () => {
  testRows([
    ['it succeeds', (machine) => allocated(machine).refresh(), 0],
    ['a lifetime of zero deletes, and succeeds', (machine) => allocated(machine).refresh(0), 0],
    [
      'after that there is no allocation: 437',
      (machine) => {
        const client = allocated(machine);
        client.refresh(0);
        return client.refresh(0);
      },
      437,
    ],
    [
      'and the 5-tuple is free',
      (machine) => {
        const client = allocated(machine);
        client.refresh(0);
        return client.allocate();
      },
      0,
    ],
    [
      'an allocation that is not refreshed ends after 600 seconds: 437',
      (machine) => {
        const client = allocated(machine);
        machine.advance(600);
        return client.refresh();
      },
      437,
    ],
    [
      'one that is refreshed lives on',
      (machine) => {
        const client = allocated(machine);
        machine.advance(500);
        client.refresh();
        machine.advance(500);
        return client.refresh();
      },
      0,
    ],
    ['a family that was not allocated: 443', (machine) => allocated(machine).refresh(600, 6), 443],
    [
      'an unknown family: 443',
      (machine) =>
        allocated(machine).request(
          Method.refresh,
          (writer) => void writer.uint32(AttributeType.requestedAddressFamily, 0x03000000),
        ),
      443,
    ],
    [
      'section 18.6: a malformed family: 400',
      (machine) =>
        allocated(machine).request(
          Method.refresh,
          (writer) => void writer.attribute(AttributeType.requestedAddressFamily, Uint8Array.of(1)),
        ),
      400,
    ],
    [
      'section 18.2: a malformed LIFETIME: 400',
      (machine) => allocated(machine).request(Method.refresh, (writer) => void writer.flag(AttributeType.lifetime)),
      400,
    ],
    [
      'RFC 8489 6.3: ADDITIONAL-ADDRESS-FAMILY is not expected here, and ignored',
      (machine) => allocated(machine).request(Method.refresh, (writer) => void writeAdditionalAddressFamily(writer, 6)),
      0,
    ],
    [
      'section 8.1: a family that was deleted: 443',
      (machine) => {
        const client = dualAllocated(machine);
        client.refresh(0, 6);
        return client.refresh(600, 6);
      },
      443,
    ],
  ]);

  test.each([
    [undefined, 600],
    [1, 600],
    [1200, 1200],
    [7200, 3600],
  ])('a LIFETIME of %s s is granted as %i s', (asked, granted) => {
    const machine = new TestMachine();
    const client = allocated(machine);
    expect(client.refresh(asked)?.lifetimeS).toBe(granted);
    machine.advance(granted - 1);
    expect(machine.server.allocationCount).toBe(1);
    machine.advance(1);
    expect(machine.server.allocationCount).toBe(0);
  });

  test('a lifetime of zero is reported as zero, after the relay is closed', () => {
    const machine = new TestMachine();
    const client = allocated(machine);
    const before = machine.actions.length;
    expect(client.refresh(0)?.lifetimeS).toBe(0);
    expect(machine.actions.slice(before).map(({ kind }) => kind)).toEqual(['close-relay', 'session-event', 'send']);
    machine.assertEmpty();
  });

  test('section 8.1: deleting one family leaves the other with its permissions and channels', () => {
    const machine = new TestMachine();
    const client = dualAllocated(machine);
    client.channelBind(0x4000, at('8.8.8.8', 9));
    client.channelBind(0x4001, at('2606:4700::1111', 9));
    expect(client.refresh(0, 6)?.lifetimeS).toBe(0);
    expect(machine.server.allocationCount).toBe(1);
    const relays = [...machine.plane.relays.values()];
    expect(relays.map(({ address }) => address.ip.family)).toEqual([4]);
    expect([...(relays[0]?.channels.keys() ?? [])]).toEqual([0x4000]);
    expect(client.channelBind(0x4001, at('8.8.4.4', 9))?.code).toBe(0);
    expect(client.createPermission(at('2606:4700::1111', 9))?.code).toBe(443);
  });

  test('section 8.1: each family has its own time to expiry; the allocation ends with the last', () => {
    const machine = new TestMachine();
    const client = dualAllocated(machine);
    client.refresh(1200, 6);
    machine.advance(600);
    expect([...machine.plane.relays.values()].map(({ address }) => address.ip.family)).toEqual([6]);
    expect(machine.server.allocationCount).toBe(1);
    machine.advance(600);
    machine.assertEmpty();
  });
});
