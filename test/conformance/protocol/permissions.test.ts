import { describe, expect, test } from 'vitest';
import { AttributeType, Method } from '../../../server/stun/registry.ts';
import { writeRequestedAddressFamily } from '../../../server/stun/turn-attributes.ts';
import { ipKey } from '../../../server/stun/transport-address.ts';
import { at, ip } from '../../turn/addresses.ts';
import { TestClient } from '../../turn/test-client.ts';
import { TestMachine } from '../../turn/test-machine.ts';
import { testRows } from './protocol-row.ts';

const peer = at('8.8.8.8', 53);
const otherPeer = at('8.8.4.4', 53);
const ipv6Peer = at('2606:4700::1111', 53);
const denied = at('10.0.0.1', 53);

function allocated(machine: TestMachine): TestClient {
  const client = new TestClient(machine);
  expect(client.allocate()?.code).toBe(0);
  return client;
}

function permitted(machine: TestMachine): string[] {
  return [...machine.plane.relays.values()].flatMap((relay) => [...relay.permitted.keys()]);
}

describe('RFC 8656 section 10.2: receiving a CreatePermission request', () => {
  testRows([
    ['one peer', (machine) => allocated(machine).createPermission(peer), 0],
    ['several peers', (machine) => allocated(machine).createPermission(peer, otherPeer), 0],
    ['no peer: 400', (machine) => allocated(machine).createPermission(), 400],
    [
      'a malformed peer, though another is right: 400',
      (machine) =>
        allocated(machine).request(Method.createPermission, (writer) => {
          writer.xorAddress(AttributeType.xorPeerAddress, peer);
          writer.attribute(AttributeType.xorPeerAddress, new Uint8Array(8));
        }),
      400,
    ],
    ['a peer of another family: 443', (machine) => allocated(machine).createPermission(peer, ipv6Peer), 443],
    [
      'a peer of another family, on IPv6: 443',
      (machine) => {
        const client = new TestClient(machine);
        client.allocate((writer) => void writeRequestedAddressFamily(writer, 6));
        return client.createPermission(peer);
      },
      443,
    ],
    ['a peer that is not allowed: 403', (machine) => allocated(machine).createPermission(denied), 403],
    [
      'the port is ignored, whatever it is',
      (machine) => allocated(machine).createPermission({ ip: peer.ip, port: 0 }),
      0,
    ],
    [
      'more than there may be: 508',
      (machine) => allocated(machine).createPermission(peer, otherPeer, at('1.1.1.1', 0)),
      508,
      { limits: { permissionsPerAllocation: 2 } },
    ],
    [
      'a refresh never counts',
      (machine) => {
        const client = allocated(machine);
        client.createPermission(peer, otherPeer);
        return client.createPermission(peer, otherPeer);
      },
      0,
      { limits: { permissionsPerAllocation: 2 } },
    ],
    [
      'the same peer twice counts once',
      (machine) => allocated(machine).createPermission(peer, at('8.8.8.8', 54)),
      0,
      { limits: { permissionsPerAllocation: 1 } },
    ],
  ]);

  test.each([
    ['443', ipv6Peer],
    ['403', denied],
  ])('all or nothing: with one peer that is answered %s none is permitted', (_, bad) => {
    const machine = new TestMachine();
    allocated(machine).createPermission(peer, bad);
    expect(permitted(machine)).toEqual([]);
  });

  test('the answer comes after the permission is installed', () => {
    const machine = new TestMachine();
    const client = allocated(machine);
    const before = machine.actions.length;
    client.createPermission(peer, otherPeer);
    expect(machine.actions.slice(before).map(({ kind }) => kind)).toEqual(['permit-peer', 'permit-peer', 'send']);
  });
});

describe('RFC 8656 section 9: permissions', () => {
  test('they last 300 seconds', () => {
    const machine = new TestMachine();
    allocated(machine).createPermission(peer);
    machine.advance(299);
    expect(permitted(machine)).toEqual([ipKey(peer.ip)]);
    machine.advance(1);
    expect(permitted(machine)).toEqual([]);
  });

  test('a refresh starts the 300 seconds again, and is no news to the plane', () => {
    const machine = new TestMachine();
    const client = allocated(machine);
    client.createPermission(peer);
    machine.advance(200);
    const before = machine.actions.length;
    client.createPermission(peer);
    expect(machine.actions.slice(before).map(({ kind }) => kind)).toEqual(['send']);
    machine.advance(299);
    expect(permitted(machine)).toEqual([ipKey(peer.ip)]);
    machine.advance(1);
    expect(permitted(machine)).toEqual([]);
  });

  test('they are of one allocation', () => {
    const machine = new TestMachine();
    allocated(machine).createPermission(peer);
    const other = allocated(machine);
    other.refresh(0);
    expect(permitted(machine)).toEqual([ipKey(peer.ip)]);
  });

  test('behind 1:1 NAT a peer is known by its public address, whichever the client names', () => {
    const machine = new TestMachine({
      plan: {
        own: [ip('198.19.0.1'), ip('192.0.2.77')],
        relays: [{ listener: ip('198.19.0.1'), ipv4: ip('198.19.0.1'), ipv6: null }],
        translations: [{ local: ip('198.19.0.1'), public: ip('192.0.2.77') }],
      },
    });
    expect(allocated(machine).createPermission(at('198.19.0.1', 0), at('192.0.2.77', 0))?.code).toBe(0);
    expect(permitted(machine)).toEqual([ipKey(ip('192.0.2.77'))]);
  });
});
