import { describe, expect, test } from 'vitest';
import type { IpAddress } from '../../../server/stun/transport-address.ts';
import { ip } from '../../support/addresses.ts';
import { drops, loopback, PlaneFixture, type Permitted } from './fixture.ts';
import { channelData, payload, payloadOf, readDataIndication } from './messages.ts';
import { planes } from './planes.ts';

describe.each(planes)('$name plane: what peers send', (planeUnderTest) => {
  const permitted = (address: IpAddress, run: (permitted: Permitted) => Promise<void>): Promise<void> =>
    PlaneFixture.usePermitted(planeUnderTest, address, run);

  describe.each([
    { family: 'IPv4', address: loopback.ipv4 },
    { family: 'IPv6', address: loopback.ipv6 },
  ])('over $family', ({ address }) => {
    test.each([0, 1, 2, 3, 4, 5, 200, 1200])(
      'RFC 8656 11.3: %i bytes become a Data indication with XOR-PEER-ADDRESS and DATA, from the address that the client called',
      (length) =>
        permitted(address, async ({ session, client, peer }) => {
          await peer.send(payloadOf(length), session.relayed);
          const { bytes, from } = await client.next();
          expect(from).toEqual(session.client.local);
          expect(bytes.length % 4, 'RFC 8489 5: the length is a multiple of 4').toBe(0);
          const indication = readDataIndication(bytes);
          expect(indication.peer).toEqual(peer.address);
          expect(indication.data).toEqual(payloadOf(length));
        }),
    );

    test('RFC 8489 5: every indication has a transaction id of its own', () =>
      permitted(address, async ({ session, client, peer }) => {
        const ids = new Set<string>();
        for (let index = 0; index < 100; index++) {
          await peer.send(payload('id'), session.relayed);
          ids.add(readDataIndication((await client.next()).bytes).transactionId.toString('hex'));
        }
        expect(ids.size).toBe(100);
      }));

    test('RFC 8656 12.7: from the peer of a channel ChannelData, from another port of its address a Data indication', () =>
      permitted(address, async ({ fixture, session, client, peer }) => {
        const other = await fixture.end(address);
        fixture.plane.bindChannel(session.relay, 0x4000, peer.address);
        await peer.send(payload('channel'), session.relayed);
        expect((await client.next()).bytes).toEqual(channelData(0x4000, payload('channel')));
        await other.send(payload('other'), session.relayed);
        expect(readDataIndication((await client.next()).bytes)).toMatchObject({ peer: other.address });
      }));

    test('the order of a burst is kept, and no packet borrows the header of another', () =>
      permitted(address, async ({ fixture, session, client, peer }) => {
        const other = await fixture.end(address);
        fixture.plane.bindChannel(session.relay, 0x4000, other.address);
        for (let index = 0; index < 100; index++) {
          await Promise.all([
            peer.send(payloadOf(index), session.relayed),
            other.send(payloadOf(index), session.relayed),
          ]);
        }
        const data: number[] = [];
        const channel: number[] = [];
        for (let index = 0; index < 200; index++) {
          const { bytes } = await client.next();
          if (bytes[0] === 0x40) channel.push(bytes.length - 4);
          else data.push(readDataIndication(bytes).data.length);
        }
        const lengths = Array.from({ length: 100 }, (_, index) => index);
        expect({ data, channel }).toEqual({ data: lengths, channel: lengths });
      }));
  });

  test.each([
    ['RFC 8656 11.3: what a peer without a permission sends', '127.0.0.7', 'stranger'],
    ['SECURITY.md 11: an empty packet of a stranger', '127.0.0.8', ''],
    ['SECURITY.md 11: one byte of a stranger', '127.0.0.8', 'x'],
  ] as const)('%s is dropped', (_, address, text) =>
    permitted(loopback.ipv4, async ({ fixture, session, client, peer }) => {
      const stranger = await fixture.end(ip(address));
      await stranger.send(payload(text), session.relayed);
      expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));
      await peer.send(payload('good'), session.relayed);
      expect(readDataIndication((await client.next()).bytes).data.toString()).toBe('good');
    }),
  );

  test('RFC 8656 9: after the permission has gone the peer is a stranger, at once', () =>
    permitted(loopback.ipv4, async ({ fixture, session, client, peer }) => {
      await peer.send(payload('before'), session.relayed);
      expect(readDataIndication((await client.next()).bytes).data.toString()).toBe('before');
      fixture.plane.revokePeer(session.relay, loopback.ipv4);
      await peer.send(payload('after'), session.relayed);
      expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));
      expect(client.pending).toBe(0);
    }));

  test('peers of many addresses are each named rightly, in any order', () =>
    permitted(loopback.ipv4, async ({ fixture, session, client }) => {
      const peers = await Promise.all(
        Array.from({ length: 20 }, (_, index) => fixture.end(ip(`127.0.1.${index + 1}`))),
      );
      for (const peer of peers) fixture.plane.permitPeer(session.relay, peer.address.ip, 'any');
      for (const peer of [...peers, ...peers.toReversed()]) {
        await peer.send(payload('from'), session.relayed);
        expect(readDataIndication((await client.next()).bytes).peer).toEqual(peer.address);
      }
    }));

  test('a reserved relay that nobody is attached to drops what peers send', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const peer = await fixture.end(loopback.ipv4);
      const relay = fixture.newRelayId();
      const relayed = await fixture.openRelay(relay, loopback.ipv4);
      if (typeof relayed === 'string') throw new Error(relayed);
      fixture.plane.permitPeer(relay, peer.address.ip, 'any');
      await peer.send(payload('early'), relayed);
      expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));
    }));

  test.each([
    { name: 'the largest that fits a Data indication', length: 65507 - 48, arrives: true },
    { name: 'one byte more', length: 65507 - 48 + 1, arrives: false },
  ])('a payload that is $name: relayed: $arrives', ({ length, arrives }) =>
    permitted(loopback.ipv4, async ({ fixture, session, client, peer }) => {
      await peer.send(Buffer.alloc(length), session.relayed);
      if (arrives) expect(readDataIndication((await client.next()).bytes).data.length).toBe(length);
      else expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notSent: 1 }));
    }),
  );
});
