import { describe, expect, test } from 'vitest';
import { drops, loopback, PlaneFixture } from './fixture.ts';
import { channelData, payload, payloadOf, sendIndication } from './messages.ts';
import { planes } from './planes.ts';

const nothing = { packets: 0, bytes: 0, drops: 0 };

describe.each(planes)('$name plane: counters', (planeUnderTest) => {
  test('payload bytes and packets of each direction, since the last drain', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(loopback.ipv4);
      const peer = await fixture.end(loopback.ipv4);
      const { relay, relayed, client: handle } = await fixture.session(fixture.udpClient(client), loopback.ipv4);
      fixture.plane.permitPeer(relay, peer.address.ip, 'any');
      await client.send(sendIndication(peer.address, payloadOf(50)), handle.local);
      await peer.next();
      await peer.send(payloadOf(7), relayed);
      await client.next();
      fixture.plane.bindChannel(relay, 0x4000, peer.address);
      await client.send(channelData(0x4000, payloadOf(100)), handle.local);
      await peer.next();
      await client.send(channelData(0x4000, payloadOf(0)), handle.local);
      await peer.next();
      expect(fixture.plane.drainCounters()).toEqual({
        relays: [
          {
            relay,
            clientToPeer: { packets: 3, bytes: 150, drops: 0 },
            peerToClient: { packets: 1, bytes: 7, drops: 0 },
          },
        ],
        drops: drops({}),
      });
      expect(fixture.plane.drainCounters(), 'a relay without traffic is left out').toEqual({
        relays: [],
        drops: drops({}),
      });
    }));

  test('a relay that was closed appears once more, with what it had not told', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(loopback.ipv4);
      const peer = await fixture.end(loopback.ipv4);
      const { relay, client: handle } = await fixture.session(fixture.udpClient(client), loopback.ipv4);
      fixture.bind(relay, 0x4000, peer.address);
      await client.send(channelData(0x4000, payload('last words')), handle.local);
      await peer.next();
      fixture.plane.closeRelay(relay);
      expect(fixture.plane.drainCounters().relays).toEqual([
        { relay, clientToPeer: { packets: 1, bytes: 10, drops: 0 }, peerToClient: nothing },
      ]);
      expect(fixture.plane.drainCounters().relays).toEqual([]);
    }));

  test('what is dropped counts for the relay that it was for', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(loopback.ipv4);
      const peer = await fixture.end(loopback.ipv4);
      const { relay, relayed, client: handle } = await fixture.session(fixture.udpClient(client), loopback.ipv4);
      await client.send(channelData(0x4000, payload('unbound')), handle.local);
      await client.send(sendIndication(peer.address, payload('unpermitted')), handle.local);
      await peer.send(payload('unpermitted'), relayed);
      const { relays, drops: causes } = await fixture.countersWithDrops(3);
      expect(causes).toEqual(drops({ unknownChannel: 1, notPermitted: 2 }));
      expect(relays.map((counters) => counters.relay)).toEqual(relays.map(() => relay));
      expect(relays.reduce((sum, { clientToPeer }) => sum + clientToPeer.drops, 0)).toBe(2);
      expect(relays.reduce((sum, { peerToClient }) => sum + peerToClient.drops, 0)).toBe(1);
    }));
});
