import { describe, expect, test } from 'vitest';
import type { UdpClient } from '../../../server/seam/client.ts';
import { ip } from '../../support/addresses.ts';
import { drops, loopback, PlaneFixture, type Session } from './fixture.ts';
import { channelData, payload, payloadOf, readDataIndication } from './messages.ts';
import { planes } from './planes.ts';
import type { UdpEnd } from './udp-end.ts';

const channel = 0x4001;

/** A client and a peer with channel 0x4001 between them. */
interface Bound {
  readonly fixture: PlaneFixture;
  readonly session: Session<UdpClient>;
  readonly client: UdpEnd;
  readonly peer: UdpEnd;
  /** Sends a frame from the client, then a good one, and answers what the peer got first. */
  readonly peerGetsAfter: (frame: Uint8Array) => Promise<string>;
}

const families = [
  { family: 'IPv4', address: loopback.ipv4 },
  { family: 'IPv6', address: loopback.ipv6 },
] as const;

describe.each(planes)('$name plane: ChannelData', (planeUnderTest) => {
  describe.each(families)('over $family', ({ address }) => {
    function bound(run: (bound: Bound) => Promise<void>): Promise<void> {
      return PlaneFixture.use(planeUnderTest, async (fixture) => {
        const client = await fixture.end(address);
        const peer = await fixture.end(address);
        const session = await fixture.session(fixture.udpClient(client), address);
        fixture.bind(session.relay, channel, peer.address);
        const peerGetsAfter = async (frame: Uint8Array): Promise<string> => {
          await client.send(frame, session.client.local);
          await client.send(channelData(channel, payload('good')), session.client.local);
          return (await peer.next()).bytes.toString();
        };
        await run({ fixture, session, client, peer, peerGetsAfter });
      });
    }

    test.each([0, 1, 2, 3, 4, 5, 200, 1200, 9000])(
      'RFC 8656 12.6 and 12.7: %i bytes pass both ways, from and to the relayed transport address, unpadded on UDP',
      (length) =>
        bound(async ({ session, client, peer }) => {
          const data = payloadOf(length);
          await client.send(channelData(channel, data), session.client.local);
          expect(await peer.next()).toEqual({ bytes: data, from: session.relayed });

          await peer.send(data, session.relayed);
          expect(await client.next()).toEqual({ bytes: channelData(channel, data), from: session.client.local });
        }),
    );

    test('RFC 8656 12.5: padding behind the data is allowed on UDP, and not forwarded', () =>
      bound(async ({ peerGetsAfter }) => {
        const padded = Buffer.concat([channelData(channel, payload('odd')), Buffer.alloc(1)]);
        expect(await peerGetsAfter(padded)).toBe('odd');
      }));

    test.each([
      ['RFC 8656 12.6: a length field beyond the datagram', channelData(channel, payload('cut'), 4), 'malformed'],
      ['RFC 8656 12.4: a header that is cut short', Buffer.of(0x40, 0x01, 0x00), 'malformed'],
      ['RFC 8656 12.6: a channel that is not bound', channelData(channel + 1, payload('lost')), 'unknownChannel'],
    ] as const)('%s: dropped, counted as %s', (_, frame, cause) =>
      bound(async ({ fixture, peerGetsAfter }) => {
        expect(await peerGetsAfter(frame)).toBe('good');
        expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ [cause]: 1 }));
      }),
    );

    test('RFC 8656 9: a channel outlives its permission, and forwards nothing to the peer', () =>
      bound(async ({ fixture, session, client, peer }) => {
        fixture.plane.revokePeer(session.relay, peer.address.ip);
        await client.send(channelData(channel, payload('refused')), session.client.local);
        expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));

        fixture.plane.permitPeer(session.relay, peer.address.ip, 'any');
        await client.send(channelData(channel, payload('again')), session.client.local);
        expect((await peer.next()).bytes.toString()).toBe('again');
      }));

    test('RFC 8656 9: a channel outlives its permission, and forwards nothing from the peer', () =>
      bound(async ({ fixture, session, client, peer }) => {
        await peer.send(payload('before'), session.relayed);
        expect((await client.next()).bytes).toEqual(channelData(channel, payload('before')));

        fixture.plane.revokePeer(session.relay, peer.address.ip);
        await peer.send(payload('refused'), session.relayed);
        expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));

        fixture.plane.permitPeer(session.relay, peer.address.ip, 'any');
        await peer.send(payload('again'), session.relayed);
        expect((await client.next()).bytes).toEqual(channelData(channel, payload('again')));
      }));

    test('RFC 8656 12: an unbound channel forwards nothing to the peer, and what the peer sends is a Data indication', () =>
      bound(async ({ fixture, session, client, peer }) => {
        await peer.send(payload('before'), session.relayed);
        expect((await client.next()).bytes).toEqual(channelData(channel, payload('before')));

        fixture.plane.unbindChannel(session.relay, channel);
        await client.send(channelData(channel, payload('lost')), session.client.local);
        expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ unknownChannel: 1 }));
        await peer.send(payload('after'), session.relayed);
        expect(readDataIndication((await client.next()).bytes).data.toString()).toBe('after');
        expect(peer.pending).toBe(0);
      }));

    test('RFC 8656 12: the number of an unbound channel can be bound to another peer', () =>
      bound(async ({ fixture, session, client, peer }) => {
        const other = await fixture.end(address);
        fixture.plane.unbindChannel(session.relay, channel);
        fixture.plane.bindChannel(session.relay, channel, other.address);
        await client.send(channelData(channel, payload('moved')), session.client.local);
        expect((await other.next()).bytes.toString()).toBe('moved');
        await other.send(payload('back'), session.relayed);
        expect((await client.next()).bytes).toEqual(channelData(channel, payload('back')));
        expect(peer.pending).toBe(0);
      }));

    test('RFC 8656 12: two ports of one peer address are two peers', () =>
      bound(async ({ fixture, session, client, peer }) => {
        const second = await fixture.end(address);
        fixture.bind(session.relay, channel + 1, second.address);
        await client.send(channelData(channel + 1, payload('second')), session.client.local);
        expect((await second.next()).bytes.toString()).toBe('second');
        for (const [end, number] of [
          [peer, channel],
          [second, channel + 1],
          [peer, channel],
        ] as const) {
          await end.send(payload('from'), session.relayed);
          expect((await client.next()).bytes).toEqual(channelData(number, payload('from')));
        }
      }));

    test('RFC 8656 2: channels belong to the 5-tuple; the same number of another client is another channel, or none', () =>
      bound(async ({ fixture, session, client, peer }) => {
        const stranger = await fixture.end(address);
        await stranger.send(channelData(channel, payload('stranger')), session.client.local);
        expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ unknownChannel: 1 }));

        const neighbour = await fixture.end(address);
        const theirs = await fixture.session(fixture.udpClient(neighbour), address);
        fixture.bind(theirs.relay, channel, peer.address);
        await neighbour.send(channelData(channel, payload('neighbour')), theirs.client.local);
        expect(await peer.next()).toEqual({ bytes: payload('neighbour'), from: theirs.relayed });
        await client.send(channelData(channel, payload('mine')), session.client.local);
        expect(await peer.next()).toEqual({ bytes: payload('mine'), from: session.relayed });
      }));
  });

  test('many channels and many peers of one relay each find their own', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(loopback.ipv4);
      const session = await fixture.session(fixture.udpClient(client), loopback.ipv4);
      const peers: UdpEnd[] = [];
      for (let index = 0; index < 40; index++) {
        const peer = await fixture.end(ip(`127.0.0.${1 + (index % 20)}`));
        fixture.bind(session.relay, 0x4100 + index, peer.address);
        peers.push(peer);
      }
      fixture.plane.unbindChannel(session.relay, 0x4100);
      fixture.plane.bindChannel(session.relay, 0x4100, peers[0]!.address);
      for (const [index, peer] of peers.entries()) {
        await client.send(channelData(0x4100 + index, payload(`to ${index}`)), session.client.local);
        expect((await peer.next()).bytes.toString()).toBe(`to ${index}`);
        await peer.send(payload(`from ${index}`), session.relayed);
        expect((await client.next()).bytes).toEqual(channelData(0x4100 + index, payload(`from ${index}`)));
      }
    }));

  test('RFC 8656 7.2: a client with a relay of each family uses the channels of both', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(loopback.ipv4);
      const handle = fixture.udpClient(client);
      const peers = { ipv4: await fixture.end(loopback.ipv4), ipv6: await fixture.end(loopback.ipv6) };
      const ipv4 = await fixture.session(handle, loopback.ipv4);
      const ipv6 = await fixture.session(handle, loopback.ipv6);
      fixture.bind(ipv4.relay, 0x4004, peers.ipv4.address);
      fixture.bind(ipv6.relay, 0x4006, peers.ipv6.address);

      await client.send(channelData(0x4006, payload('six')), handle.local);
      expect(await peers.ipv6.next()).toEqual({ bytes: payload('six'), from: ipv6.relayed });
      await client.send(channelData(0x4004, payload('four')), handle.local);
      expect(await peers.ipv4.next()).toEqual({ bytes: payload('four'), from: ipv4.relayed });
      await peers.ipv6.send(payload('six back'), ipv6.relayed);
      expect((await client.next()).bytes).toEqual(channelData(0x4006, payload('six back')));

      fixture.plane.closeRelay(ipv4.relay);
      await client.send(channelData(0x4006, payload('alone')), handle.local);
      expect((await peers.ipv6.next()).bytes.toString()).toBe('alone');
    }));

  test.each([
    ['rfc8656', 0x4fff, true],
    ['rfc8656', 0x5000, false],
    ['rfc8656', 0x7ffe, false],
    ['rfc5766', 0x5000, true],
    ['rfc5766', 0x7ffe, true],
  ] as const)('range %s: channel %i is ChannelData: %s', (range, number, isServed) =>
    PlaneFixture.use(
      planeUnderTest,
      async (fixture) => {
        const client = await fixture.end(loopback.ipv4);
        const peer = await fixture.end(loopback.ipv4);
        const session = await fixture.session(fixture.udpClient(client), loopback.ipv4);
        fixture.bind(session.relay, number, peer.address);
        await client.send(channelData(number, payload('tried')), session.client.local);
        if (isServed) expect((await peer.next()).bytes.toString()).toBe('tried');
        else expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ malformed: 1 }));
      },
      range,
    ),
  );
});
