import { describe, expect, test } from 'vitest';
import { AttributeType, Method } from '../../../server/stun/registry.ts';
import { writeAdditionalAddressFamily, writeChannelNumber } from '../../../server/stun/turn-attributes.ts';
import { at } from '../../turn/addresses.ts';
import { TestClient } from '../../turn/test-client.ts';
import { TestMachine } from '../../turn/test-machine.ts';
import { testRows } from './protocol-row.ts';

const peer = at('8.8.8.8', 53);
const otherPeer = at('8.8.4.4', 53);

function allocated(machine: TestMachine): TestClient {
  const client = new TestClient(machine);
  expect(client.allocate()?.code).toBe(0);
  return client;
}

function bound(machine: TestMachine): number[] {
  return [...machine.plane.relays.values()].flatMap((relay) => [...relay.channels.keys()]);
}

const wideRange = { options: { channelRange: 'rfc5766' } } as const;

describe('RFC 8656 section 12.2: receiving a ChannelBind request', () => {
  testRows([
    ['a free number and a free peer', (machine) => allocated(machine).channelBind(0x4000, peer), 0],
    [
      'no CHANNEL-NUMBER: 400',
      (machine) =>
        allocated(machine).request(Method.channelBind, (writer) => {
          writer.xorAddress(AttributeType.xorPeerAddress, peer);
        }),
      400,
    ],
    [
      'no XOR-PEER-ADDRESS: 400',
      (machine) => allocated(machine).request(Method.channelBind, (writer) => void writeChannelNumber(writer, 0x4000)),
      400,
    ],
    [
      'a malformed CHANNEL-NUMBER: 400',
      (machine) =>
        allocated(machine).request(Method.channelBind, (writer) => {
          writer.attribute(AttributeType.channelNumber, new Uint8Array(2));
          writer.xorAddress(AttributeType.xorPeerAddress, peer);
        }),
      400,
    ],
    [
      'a malformed XOR-PEER-ADDRESS: 400',
      (machine) =>
        allocated(machine).request(Method.channelBind, (writer) => {
          writeChannelNumber(writer, 0x4000);
          writer.attribute(AttributeType.xorPeerAddress, new Uint8Array(8));
        }),
      400,
    ],
    ['0x3FFF is below the range: 400', (machine) => allocated(machine).channelBind(0x3fff, peer), 400],
    ['0x4FFF is the last', (machine) => allocated(machine).channelBind(0x4fff, peer), 0],
    ['0x5000 is reserved: 400', (machine) => allocated(machine).channelBind(0x5000, peer), 400],
    ['RFC 5766 11: 0x7FFE is the last for old clients', (m) => allocated(m).channelBind(0x7ffe, peer), 0, wideRange],
    ['RFC 5766 11: 0x7FFF is not for them either: 400', (m) => allocated(m).channelBind(0x7fff, peer), 400, wideRange],
    [
      'the number is bound to another peer: 400',
      (machine) => {
        const client = allocated(machine);
        client.channelBind(0x4000, peer);
        return client.channelBind(0x4000, otherPeer);
      },
      400,
    ],
    [
      'the number is bound to another port of the peer: 400',
      (machine) => {
        const client = allocated(machine);
        client.channelBind(0x4000, peer);
        return client.channelBind(0x4000, at('8.8.8.8', 54));
      },
      400,
    ],
    [
      'the peer is bound to another number: 400',
      (machine) => {
        const client = allocated(machine);
        client.channelBind(0x4000, peer);
        return client.channelBind(0x4001, peer);
      },
      400,
    ],
    [
      'two ports of one peer are two peers',
      (machine) => {
        const client = allocated(machine);
        client.channelBind(0x4000, peer);
        return client.channelBind(0x4001, at('8.8.8.8', 54));
      },
      0,
    ],
    [
      'the same binding again is a refresh',
      (machine) => {
        const client = allocated(machine);
        client.channelBind(0x4000, peer);
        return client.channelBind(0x4000, peer);
      },
      0,
    ],
    ['nothing can be sent to port 0: 400', (m) => allocated(m).channelBind(0x4000, { ip: peer.ip, port: 0 }), 400],
    ['a peer of another family: 443', (m) => allocated(m).channelBind(0x4000, at('2606:4700::1111', 53)), 443],
    ['a peer that is not allowed: 403', (m) => allocated(m).channelBind(0x4000, at('10.0.0.1', 53)), 403],
    [
      'more channels than there may be: 508',
      (machine) => {
        const client = allocated(machine);
        client.channelBind(0x4000, peer);
        return client.channelBind(0x4001, otherPeer);
      },
      508,
      { limits: { channelsPerAllocation: 1 } },
    ],
    [
      'a permission more than there may be: 508',
      (machine) => {
        const client = allocated(machine);
        client.createPermission(peer);
        return client.channelBind(0x4000, otherPeer);
      },
      508,
      { limits: { permissionsPerAllocation: 1 } },
    ],
    [
      'a refresh of channel and permission never counts',
      (machine) => {
        const client = allocated(machine);
        client.channelBind(0x4000, peer);
        return client.channelBind(0x4000, peer);
      },
      0,
      { limits: { channelsPerAllocation: 1, permissionsPerAllocation: 1 } },
    ],
    [
      'a dual allocation has one range of numbers for both families: 400',
      (machine) => {
        const client = new TestClient(machine);
        client.allocate((writer) => void writeAdditionalAddressFamily(writer, 6));
        client.channelBind(0x4000, peer);
        return client.channelBind(0x4000, at('2606:4700::1111', 53));
      },
      400,
    ],
  ]);

  test('the answer comes after permission and channel are installed', () => {
    const machine = new TestMachine();
    const client = allocated(machine);
    const before = machine.actions.length;
    client.channelBind(0x4000, peer);
    expect(machine.actions.slice(before).map(({ kind }) => kind)).toEqual(['permit-peer', 'bind-channel', 'send']);
  });

  test('a refusal installs nothing', () => {
    const machine = new TestMachine({ limits: { channelsPerAllocation: 1 } });
    const client = allocated(machine);
    client.channelBind(0x4000, peer);
    const before = machine.actions.length;
    client.channelBind(0x4001, otherPeer);
    expect(machine.actions.slice(before).map(({ kind }) => kind)).toEqual(['send']);
  });
});

describe('RFC 8656 section 12: channels', () => {
  test('they last 600 seconds, longer than their permission', () => {
    const machine = new TestMachine();
    const client = allocated(machine);
    client.refresh(3600);
    client.channelBind(0x4000, peer);
    machine.advance(300);
    expect(bound(machine)).toEqual([0x4000]);
    expect([...machine.plane.relays.values()][0]?.permitted.size).toBe(0);
    machine.advance(299);
    expect(bound(machine)).toEqual([0x4000]);
    machine.advance(1);
    expect(bound(machine)).toEqual([]);
  });

  test('a refresh starts both times again', () => {
    const machine = new TestMachine();
    const client = allocated(machine);
    client.refresh(3600);
    client.channelBind(0x4000, peer);
    machine.advance(400);
    expect(client.channelBind(0x4000, peer)?.code).toBe(0);
    machine.advance(299);
    expect([...machine.plane.relays.values()][0]?.permitted.size).toBe(1);
    machine.advance(300);
    expect(bound(machine)).toEqual([0x4000]);
    machine.advance(1);
    expect(bound(machine)).toEqual([]);
  });

  test('CreatePermission refreshes the permission and not the channel', () => {
    const machine = new TestMachine();
    const client = allocated(machine);
    client.refresh(3600);
    client.channelBind(0x4000, peer);
    machine.advance(500);
    client.createPermission(peer);
    machine.advance(100);
    expect(bound(machine)).toEqual([]);
    expect([...machine.plane.relays.values()][0]?.permitted.size).toBe(1);
  });

  test('after they expire, number and peer are free; the five minutes are for clients to wait', () => {
    const machine = new TestMachine();
    const client = allocated(machine);
    client.refresh(3600);
    client.channelBind(0x4000, peer);
    machine.advance(600);
    expect(client.channelBind(0x4000, otherPeer)?.code).toBe(0);
    expect(client.channelBind(0x4001, peer)?.code).toBe(0);
  });
});
