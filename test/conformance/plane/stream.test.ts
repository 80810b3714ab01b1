import { describe, expect, test } from 'vitest';
import { drops, loopback, PlaneFixture } from './fixture.ts';
import { bindingRequest, channelData, payload, payloadOf, readDataIndication, sendIndication } from './messages.ts';
import { planes } from './planes.ts';

/** The same message of method Data. */
function otherMethod(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(0x00, 0x17), bytes.subarray(2)]);
}

describe.each(planes)('$name plane: clients on streams', (planeUnderTest) => {
  describe.each([
    { family: 'IPv4', address: loopback.ipv4 },
    { family: 'IPv6', address: loopback.ipv6 },
  ])('with an $family relay', ({ address }) => {
    test.each([0, 1, 2, 3, 4, 1200])(
      'RFC 8656 12.5: ChannelData of %i bytes passes both ways, padded towards the stream',
      (length) =>
        PlaneFixture.use(planeUnderTest, async (fixture) => {
          const peer = await fixture.end(address);
          const { relay, relayed, client } = await fixture.session(fixture.streamClient(), address);
          fixture.bind(relay, 0x4000, peer.address);
          fixture.plane.forwardFromStream(client, channelData(0x4000, payloadOf(length)));
          expect(await peer.next()).toEqual({ bytes: payloadOf(length), from: relayed });

          await peer.send(payloadOf(length), relayed);
          await fixture.until(() => fixture.deliveries.length > 0);
          const paddingBytes = [0, 3, 2, 1][length % 4];
          expect(fixture.deliveries).toEqual([{ client, bytes: channelData(0x4000, payloadOf(length)), paddingBytes }]);
        }),
    );

    test.each([0, 1, 2, 3, 4, 1200])('RFC 8656 11: Send and Data indications of %i bytes pass', (length) =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        const peer = await fixture.end(address);
        const { relay, relayed, client } = await fixture.session(fixture.streamClient(), address);
        fixture.plane.permitPeer(relay, address, 'any');
        fixture.plane.forwardFromStream(client, sendIndication(peer.address, payloadOf(length)));
        expect(await peer.next()).toEqual({ bytes: payloadOf(length), from: relayed });

        await peer.send(payloadOf(length), relayed);
        await fixture.until(() => fixture.deliveries.length > 0);
        const { bytes, paddingBytes } = fixture.deliveries[0]!;
        const indication = readDataIndication(Buffer.concat([bytes, Buffer.alloc(paddingBytes)]));
        expect(indication.peer).toEqual(peer.address);
        expect(indication.data).toEqual(payloadOf(length));
      }),
    );
  });

  test.each([
    ['no channel of that number', channelData(0x4001, payload('lost')), 'unknownChannel'],
    ['a length beyond the frame', channelData(0x4000, payload('cut'), 9), 'malformed'],
    ['a STUN message that is no Send', bindingRequest(), 'malformed'],
    [
      'a Data indication, which is otherwise like a Send',
      otherMethod(sendIndication({ ip: loopback.ipv4, port: 7 }, payload('x'))),
      'malformed',
    ],
    ['a first byte of neither', Buffer.of(0x80, 0, 0, 0), 'malformed'],
    ['an empty frame', Buffer.alloc(0), 'malformed'],
    ['more data than a datagram holds', channelData(0x4000, Buffer.alloc(65508)), 'notSent'],
    ['a Send without a permission', sendIndication({ ip: loopback.ipv6, port: 7 }, payload('x')), 'notPermitted'],
  ] as const)('%s: dropped', (_, frame, cause) =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const peer = await fixture.end(loopback.ipv4);
      const { relay, client } = await fixture.session(fixture.streamClient(), loopback.ipv4);
      fixture.bind(relay, 0x4000, peer.address);
      fixture.plane.forwardFromStream(client, frame);
      expect(fixture.plane.drainCounters().drops).toEqual(drops({ [cause]: 1 }));
      expect([fixture.punts, peer.pending]).toEqual([[], 0]);
    }),
  );

  test('a stream without an allocation forwards nothing, nor does one whose relay was closed', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const peer = await fixture.end(loopback.ipv4);
      const { relay, client } = await fixture.session(fixture.streamClient(), loopback.ipv4);
      fixture.bind(relay, 0x4000, peer.address);
      fixture.plane.forwardFromStream(fixture.streamClient(), channelData(0x4000, payload('stranger')));
      fixture.plane.closeRelay(relay);
      fixture.plane.forwardFromStream(client, channelData(0x4000, payload('late')));
      expect(fixture.plane.drainCounters().drops).toEqual(drops({ unknownChannel: 2 }));
      expect(peer.pending).toBe(0);
    }));

  test('a view into the middle of a larger chunk is forwarded exactly', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const peer = await fixture.end(loopback.ipv4);
      const { relay, client } = await fixture.session(fixture.streamClient(), loopback.ipv4);
      fixture.bind(relay, 0x4000, peer.address);
      const chunk = Buffer.concat([payload('before'), channelData(0x4000, payload('middle')), payload('after')]);
      fixture.plane.forwardFromStream(client, new Uint8Array(chunk).subarray(6, 16));
      expect((await peer.next()).bytes.toString()).toBe('middle');
    }));
});
