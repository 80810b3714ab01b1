import { describe, expect, test } from 'vitest';
import type { IcmpError, RelayId } from '../../../server/seam/relay.ts';
import { readXorAddress } from '../../../server/stun/addresses.ts';
import { attribute } from '../../../server/stun/message.ts';
import { AttributeType, Method } from '../../../server/stun/registry.ts';
import { readIcmp, writeAdditionalAddressFamily } from '../../../server/stun/turn-attributes.ts';
import type { TransportAddress } from '../../../server/stun/transport-address.ts';
import { at } from '../../turn/addresses.ts';
import { Reply } from '../../turn/reply.ts';
import { TestClient } from '../../turn/test-client.ts';
import { TestMachine } from '../../turn/test-machine.ts';

const peer = at('8.8.8.8', 53);
const ipv6Peer = at('2606:4700::1111', 53);

/** What the client is sent when the plane reports this error for a peer. */
function report(permitted: TransportAddress, named: TransportAddress, icmp: IcmpError): Reply | undefined {
  const machine = new TestMachine({ options: { capabilities: { dontFragment: true, icmp: true } } });
  const client = new TestClient(machine);
  client.allocate((writer) => void writeAdditionalAddressFamily(writer, 6));
  client.createPermission(permitted);
  const family = named.ip.family;
  const relay = [...machine.plane.relays].find(([, { address }]) => address.ip.family === family)?.[0];
  machine.server.handlePeerUnreachable(relay ?? (0 as RelayId), named, icmp, machine.nowMs);
  const sent = machine.drain().find((action) => action.kind === 'send');
  return sent === undefined ? undefined : new Reply(sent.bytes);
}

describe('RFC 8656 section 11.5: receiving an ICMP packet', () => {
  const portUnreachable = { type: 3, code: 3, errorData: 0 };
  const packetTooBig = { type: 2, code: 0, errorData: 1280 };

  test.each([
    ['ICMPv4 destination unreachable', peer, portUnreachable],
    ['ICMPv4 fragmentation needed, with its MTU', peer, { type: 3, code: 4, errorData: 1400 }],
    ['ICMPv4 time exceeded', peer, { type: 11, code: 0, errorData: 0 }],
    ['ICMPv6 destination unreachable', ipv6Peer, { type: 1, code: 4, errorData: 0 }],
    ['ICMPv6 packet too big, with its MTU', ipv6Peer, packetTooBig],
    ['ICMPv6 time exceeded', ipv6Peer, { type: 3, code: 0, errorData: 0 }],
  ])('%s becomes a Data indication with ICMP', (_, address, icmp) => {
    const indication = report(address, address, icmp);
    if (indication === undefined) throw new Error('nothing was sent');
    const { message } = indication;
    expect([message.method, message.messageClass]).toEqual([Method.data, 'indication']);
    const xorPeerAddress = attribute(message, AttributeType.xorPeerAddress) ?? new Uint8Array();
    expect(readXorAddress(xorPeerAddress, message.transactionId)).toEqual(address);
    expect(readIcmp(attribute(message, AttributeType.icmp) ?? new Uint8Array())).toEqual(icmp);
    expect(indication.has(AttributeType.data)).toBe(false);
  });

  test.each([
    ['a peer without a permission', at('8.8.4.4', 53), peer, portUnreachable],
    ['an ICMPv4 type that is not relayed', peer, peer, { type: 5, code: 0, errorData: 0 }],
    ['an ICMPv6 type that is not relayed', ipv6Peer, ipv6Peer, { type: 4, code: 0, errorData: 0 }],
    ['packet too big, which ICMPv4 does not have', peer, peer, packetTooBig],
  ])('nothing is sent for %s', (_, permitted, named, icmp) => {
    expect(report(permitted, named, icmp)).toBeUndefined();
  });

  test('the port is not looked at', () => {
    expect(report(peer, at('8.8.8.8', 54), portUnreachable)).toBeDefined();
  });

  test('nothing is sent for a relay that is closed', () => {
    const machine = new TestMachine();
    machine.server.handlePeerUnreachable(99 as RelayId, peer, portUnreachable, machine.nowMs);
    expect(machine.drain()).toEqual([]);
  });
});
