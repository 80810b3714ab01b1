import { describe, expect, test } from 'vitest';
import type { DropCounters } from '../../../server/seam/plane.ts';
import type { MessageWriter } from '../../../server/stun/message.ts';
import { AttributeType } from '../../../server/stun/registry.ts';
import type { IpAddress, TransportAddress } from '../../../server/stun/transport-address.ts';
import { ip } from '../../support/addresses.ts';
import { drops, loopback, PlaneFixture, type Permitted } from './fixture.ts';
import { payload, payloadOf, sendIndication, sendWith } from './messages.ts';
import { planes } from './planes.ts';

type Fill = (writer: MessageWriter, peer: TransportAddress) => unknown;

const peerAttribute: Fill = (writer, peer) => writer.xorAddress(AttributeType.xorPeerAddress, peer);
const dataAttribute: Fill = (writer) => writer.attribute(AttributeType.data, payload('sent'));
const key = new Uint8Array(16);

/** The same Send with bytes changed afterwards. */
function damaged(change: (bytes: Uint8Array) => Uint8Array): (peer: TransportAddress) => Uint8Array {
  return (peer) => change(sendIndication(peer, payload('sent')).slice());
}

function withByte(offset: number, value: number): (peer: TransportAddress) => Uint8Array {
  return damaged((bytes) => {
    bytes[offset] = value;
    return bytes;
  });
}

function made(...fills: readonly Fill[]): (peer: TransportAddress) => Uint8Array {
  return (peer) => sendWith((writer) => fills.forEach((fill) => fill(writer, peer)));
}

const elsewhere: TransportAddress = { ip: ip('127.0.0.9'), port: 9 };

const accepted: readonly (readonly [string, (peer: TransportAddress) => Uint8Array])[] = [
  ['RFC 8656 11.2: XOR-PEER-ADDRESS and DATA', made(peerAttribute, dataAttribute)],
  ['RFC 8489 14: attributes in another order', made(dataAttribute, peerAttribute)],
  [
    'RFC 8489 14: SOFTWARE',
    made((writer) => writer.text(AttributeType.software, 'client'), peerAttribute, dataAttribute),
  ],
  [
    'RFC 8489 14: an unknown comprehension-optional attribute',
    made((writer) => writer.uint32(0xc001, 1), peerAttribute, dataAttribute),
  ],
  [
    'RFC 8489 6.3.2: an attribute that is known and out of place',
    made((writer) => writer.uint32(AttributeType.lifetime, 1), peerAttribute, dataAttribute),
  ],
  ['RFC 8489 14.7: a right FINGERPRINT', made(peerAttribute, dataAttribute, (writer) => writer.fingerprint())],
  [
    'RFC 8489 14: of several attributes of a type the first counts',
    made(
      peerAttribute,
      dataAttribute,
      (writer) => writer.xorAddress(AttributeType.xorPeerAddress, elsewhere),
      (writer) => writer.attribute(AttributeType.data, payload('second')),
    ),
  ],
  [
    'RFC 8489 14.5: what follows MESSAGE-INTEGRITY does not count',
    made(
      peerAttribute,
      dataAttribute,
      (writer) => writer.integritySha1(key),
      (writer) => writer.integritySha256(key),
    ),
  ],
];

const refused: readonly (readonly [string, (peer: TransportAddress) => Uint8Array, keyof DropCounters])[] = [
  ['RFC 8656 11.2: no XOR-PEER-ADDRESS', made(dataAttribute), 'malformed'],
  ['RFC 8656 11.2: no DATA', made(peerAttribute), 'malformed'],
  [
    'RFC 8489 6.3.2: an unknown comprehension-required attribute',
    made((writer) => writer.uint32(0x7fff, 1), peerAttribute, dataAttribute),
    'malformed',
  ],
  [
    'RFC 8489 14.2: XOR-PEER-ADDRESS of a wrong length',
    made((writer) => writer.uint32(AttributeType.xorPeerAddress, 0x00010000), dataAttribute),
    'malformed',
  ],
  [
    'RFC 8489 14.1: XOR-PEER-ADDRESS of an unknown family',
    made(
      (writer) => writer.attribute(AttributeType.xorPeerAddress, Uint8Array.of(0, 3, 0, 0, 0, 0, 0, 0)),
      dataAttribute,
    ),
    'malformed',
  ],
  ['RFC 8489 5: another magic cookie', withByte(4, 0x20), 'malformed'],
  ['RFC 8489 5: a length that is no multiple of 4', withByte(3, 0x19), 'malformed'],
  ['RFC 8489 5: a length beyond the datagram', withByte(2, 0x01), 'malformed'],
  ['RFC 8489 5: bytes behind the message', damaged((bytes) => Buffer.concat([bytes, Buffer.alloc(4)])), 'malformed'],
  [
    'RFC 8489 14: an attribute beyond the message',
    damaged((bytes) => bytes.fill(0xff, bytes.length - 6, bytes.length - 4)),
    'malformed',
  ],
  [
    'RFC 8489 14.7: a wrong FINGERPRINT',
    (peer) => {
      const bytes = made(peerAttribute, dataAttribute, (writer) => writer.fingerprint())(peer).slice();
      bytes[bytes.length - 1]! ^= 1;
      return bytes;
    },
    'malformed',
  ],
  [
    'RFC 8489 14.7: a FINGERPRINT that is not last',
    (peer) => {
      const bytes = Buffer.from(made((writer) => writer.uint32(0xc001, 0), peerAttribute, dataAttribute)(peer));
      bytes.writeUInt16BE(AttributeType.fingerprint, 20);
      return bytes;
    },
    'malformed',
  ],
  [
    'RFC 8489 14.5: attributes behind MESSAGE-INTEGRITY do not count, so DATA is missing',
    (peer) => {
      const bytes = Buffer.from(
        made(peerAttribute, (writer) => writer.attribute(0xc001, new Uint8Array(20)), dataAttribute)(peer),
      );
      bytes.writeUInt16BE(AttributeType.messageIntegrity, bytes.indexOf(Buffer.of(0xc0, 0x01)));
      return bytes;
    },
    'malformed',
  ],
  [
    'RFC 8656 9: no permission for the address',
    () => made(dataAttribute, (writer) => writer.xorAddress(AttributeType.xorPeerAddress, elsewhere))(elsewhere),
    'notPermitted',
  ],
  [
    'RFC 768: port 0, to which nothing can be sent',
    (peer) => sendIndication({ ip: peer.ip, port: 0 }, payload('sent')),
    'notSent',
  ],
];

describe.each(planes)('$name plane: Send indications', (planeUnderTest) => {
  const permitted = (address: IpAddress, run: (permitted: Permitted) => Promise<void>): Promise<void> =>
    PlaneFixture.usePermitted(planeUnderTest, address, run);

  describe.each([
    { family: 'IPv4', address: loopback.ipv4 },
    { family: 'IPv6', address: loopback.ipv6 },
  ])('over $family', ({ address }) => {
    test.each([0, 1, 2, 3, 4, 200, 1200])(
      'RFC 8656 11.2: %i bytes reach the peer from the relayed transport address, and nothing is punted',
      (length) =>
        permitted(address, async ({ fixture, session, client, peer }) => {
          const data = payloadOf(length);
          await client.send(sendIndication(peer.address, data), session.client.local);
          expect(await peer.next()).toEqual({ bytes: data, from: session.relayed });
          expect(fixture.punts).toEqual([]);
        }),
    );

    test('RFC 8656 9: a permission is for the address, whatever the port', () =>
      permitted(address, async ({ fixture, session, client }) => {
        const other = await fixture.end(address);
        await client.send(sendIndication(other.address, payload('port')), session.client.local);
        expect((await other.next()).bytes.toString()).toBe('port');
      }));

    test('RFC 8656 9: after the permission has gone the Send is dropped', () =>
      permitted(address, async ({ fixture, session, client, peer }) => {
        fixture.plane.revokePeer(session.relay, address);
        await client.send(sendIndication(peer.address, payload('refused')), session.client.local);
        expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));
        expect(peer.pending).toBe(0);
      }));

    test.each(accepted)('%s: forwarded', (_, make) =>
      permitted(address, async ({ session, client, peer }) => {
        await client.send(make(peer.address), session.client.local);
        expect(await peer.next()).toEqual({ bytes: payload('sent'), from: session.relayed });
      }),
    );

    test.each(refused)('%s: dropped silently', (_, make, cause) =>
      permitted(address, async ({ fixture, session, client, peer }) => {
        await client.send(make(peer.address), session.client.local);
        await client.send(sendIndication(peer.address, payload('good')), session.client.local);
        expect((await peer.next()).bytes.toString()).toBe('good');
        expect(fixture.plane.drainCounters().drops).toEqual(drops({ [cause]: 1 }));
        expect(fixture.punts).toEqual([]);
        expect(client.pending).toBe(0);
      }),
    );
  });

  test('RFC 8656 11.2: DONT-FRAGMENT is honoured where DF can be set; elsewhere it is an unknown attribute, and the Send is dropped', () =>
    permitted(loopback.ipv4, async ({ fixture, session, client, peer }) => {
      const make = made(peerAttribute, (writer) => writer.flag(AttributeType.dontFragment), dataAttribute);
      await client.send(make(peer.address), session.client.local);
      await client.send(sendIndication(peer.address, payload('good')), session.client.local);
      const { dontFragment } = fixture.plane.capabilities;
      expect((await peer.next()).bytes.toString()).toBe(dontFragment ? 'sent' : 'good');
      expect(fixture.plane.drainCounters().drops).toEqual(drops({ malformed: dontFragment ? 0 : 1 }));
    }));

  test('a Send from a client without an allocation is dropped and not punted', () =>
    permitted(loopback.ipv4, async ({ fixture, session, peer }) => {
      const stranger = await fixture.end(loopback.ipv4);
      await stranger.send(sendIndication(peer.address, payload('stranger')), session.client.local);
      expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ unknownChannel: 1 }));
      expect(peer.pending).toBe(0);
      expect(fixture.punts).toEqual([]);
    }));

  test('RFC 8656 11.2: a peer of a family that the client has no relay of is not permitted', () =>
    permitted(loopback.ipv4, async ({ fixture, session, client }) => {
      const peer = await fixture.end(loopback.ipv6);
      await client.send(sendIndication(peer.address, payload('six')), session.client.local);
      expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));
      expect(peer.pending).toBe(0);
    }));

  test('RFC 8656 12.5: a Send may be used although a channel is bound', () =>
    permitted(loopback.ipv4, async ({ fixture, session, client, peer }) => {
      fixture.plane.bindChannel(session.relay, 0x4000, peer.address);
      await client.send(sendIndication(peer.address, payload('sent')), session.client.local);
      expect((await peer.next()).bytes.toString()).toBe('sent');
    }));
});
