import { describe, expect, test } from 'vitest';
import type { ListenerId } from '../../../server/seam/client.ts';
import { drops, loopback, PlaneFixture } from './fixture.ts';
import { bindingRequest, channelData, payload } from './messages.ts';
import { planes } from './planes.ts';

describe.each(planes)('$name plane: routing of what clients send', (planeUnderTest) => {
  describe.each([
    { family: 'ipv4', address: loopback.ipv4 },
    { family: 'ipv6', address: loopback.ipv6 },
  ] as const)('over $family', ({ family, address }) => {
    test('a STUN message that is no Send is punted as it is, with the listener and both addresses', () =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        const client = await fixture.end(address);
        await client.send(bindingRequest(), fixture.listeners[family]);
        await fixture.until(() => fixture.punts.length > 0);
        expect(fixture.punts).toEqual([{ bytes: Buffer.from(bindingRequest()), client: fixture.udpClient(client) }]);
      }));

    test('an answer leaves from the listener that was called', () =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        const client = await fixture.end(address);
        const second = 3 as ListenerId;
        const local = await fixture.plane.listen(second, { ip: address, port: 0 });
        fixture.plane.send(fixture.udpClient(client), payload('first'));
        expect(await client.next()).toEqual({ bytes: payload('first'), from: fixture.listeners[family] });
        fixture.plane.send({ ...fixture.udpClient(client), listener: second, local }, payload('second'));
        expect(await client.next()).toEqual({ bytes: payload('second'), from: local });
      }));

    test.each(
      Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte < 5 || byte % 16 === 0 || byte % 16 === 15),
    )('RFC 8656 12, table 3: first byte %i is STUN up to 3, ChannelData from 64 to 79, and dropped otherwise', (byte) =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        const client = await fixture.end(address);
        const bytes = Buffer.alloc(24);
        bytes[0] = byte;
        await client.send(bytes, fixture.listeners[family]);
        if (byte <= 3) {
          await fixture.until(() => fixture.punts.length > 0);
          expect(fixture.punts[0]?.bytes).toEqual(bytes);
          return;
        }
        const cause = byte >= 64 && byte <= 79 ? 'unknownChannel' : 'malformed';
        expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ [cause]: 1 }));
        expect(fixture.punts).toEqual([]);
      }),
    );
  });

  test.each([
    ['no byte', Buffer.alloc(0)],
    ['one byte 0', Buffer.of(0)],
    ['one byte 64', Buffer.of(64)],
    ['a STUN header that is one byte short', Buffer.alloc(19)],
  ])('SECURITY.md 11: %s from a stranger changes nothing', (_, bytes) =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const stranger = await fixture.end(loopback.ipv4);
      await stranger.send(bytes, fixture.listeners.ipv4);
      expect(await fixture.countersWithDrops(1)).toEqual({ relays: [], drops: drops({ malformed: 1 }) });
      expect(fixture.punts).toEqual([]);
      expect(stranger.pending).toBe(0);
    }),
  );

  test('STUN of a client with an allocation is punted as well', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(loopback.ipv4);
      const session = await fixture.session(fixture.udpClient(client), loopback.ipv4);
      await client.send(bindingRequest(), session.client.local);
      await fixture.until(() => fixture.punts.length > 0);
      expect(fixture.punts).toHaveLength(1);
    }));

  test('a packet for port 0, or from a listener that has gone, is counted and harms nobody', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(loopback.ipv4);
      const handle = fixture.udpClient(client);
      fixture.plane.send({ ...handle, remote: { ip: loopback.ipv4, port: 0 } }, payload('nowhere'));
      fixture.plane.send({ ...handle, listener: 77 as ListenerId }, payload('gone'));
      fixture.plane.send(handle, payload('good'));
      expect((await client.next()).bytes.toString()).toBe('good');
      expect(fixture.plane.drainCounters().drops).toEqual(drops({ notSent: 2 }));
    }));

  test("a listener that was closed takes and sends nothing; its clients' relays go on without them", () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(loopback.ipv4);
      const peer = await fixture.end(loopback.ipv4);
      const session = await fixture.session(fixture.udpClient(client), loopback.ipv4);
      fixture.bind(session.relay, 0x4000, peer.address);
      fixture.plane.unlisten(session.client.listener);
      await client.send(channelData(0x4000, payload('late')), session.client.local).catch(() => undefined);
      await peer.send(payload('late'), session.relayed);
      expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notSent: 1 }));
      expect([client.pending, peer.pending]).toEqual([0, 0]);
      fixture.plane.closeRelay(session.relay);
      await fixture.plane.listen(9 as ListenerId, session.client.local);
    }));

  test('a peer that is not there, and a payload that no packet holds, stop nobody else', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(loopback.ipv4);
      const peer = await fixture.end(loopback.ipv4);
      const session = await fixture.session(fixture.udpClient(client), loopback.ipv4);
      const absent = { ip: loopback.ipv4, port: 9 };
      fixture.bind(session.relay, 0x4000, absent);
      fixture.bind(session.relay, 0x4001, peer.address);
      for (let index = 0; index < 10; index++) {
        await client.send(channelData(0x4000, payload('knock')), session.client.local);
      }
      await client.send(channelData(0x4001, payload('good')), session.client.local);
      expect((await peer.next()).bytes.toString()).toBe('good');
    }));
});
