import { describe, expect, test } from 'vitest';
import { ip } from '../../support/addresses.ts';
import { drops, loopback, PlaneFixture } from './fixture.ts';
import { channelData, payload, readDataIndication, sendIndication } from './messages.ts';
import { planes } from './planes.ts';

// On loopback a local address may be any of 127.0.0.0/8; of IPv6 there is only ::1, so its public form is one of nobody's.
const rows = [
  { family: 'IPv4', local: ip('127.0.0.2'), publicIp: ip('127.0.0.3') },
  { family: 'IPv6', local: loopback.ipv6, publicIp: ip('2001:db8::3') },
] as const;

describe.each(planes)('$name plane: 1:1 NAT', (planeUnderTest) => {
  describe.each(rows)('over $family', ({ local, publicIp }) => {
    test('two relays of this host reach each other by their public address, by Send and Data', () =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        fixture.translate({ local, public: publicIp });
        const ends = [await fixture.end(loopback.ipv4), await fixture.end(loopback.ipv4)] as const;
        const first = await fixture.session(fixture.udpClient(ends[0]), local);
        const second = await fixture.session(fixture.udpClient(ends[1]), local);
        expect(first.relayed.ip, 'the bound address is reported').toEqual(local);
        for (const { relay } of [first, second]) fixture.plane.permitPeer(relay, publicIp, 'own-relays');

        await ends[0].send(
          sendIndication({ ip: publicIp, port: second.relayed.port }, payload('hairpin')),
          first.client.local,
        );
        const indication = readDataIndication((await ends[1].next()).bytes);
        expect(indication.data.toString()).toBe('hairpin');
        expect(indication.peer).toEqual({ ip: publicIp, port: first.relayed.port });
      }));

    test('the same by channels, both ways', () =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        fixture.translate({ local, public: publicIp });
        const ends = [await fixture.end(loopback.ipv4), await fixture.end(loopback.ipv4)] as const;
        const first = await fixture.session(fixture.udpClient(ends[0]), local);
        const second = await fixture.session(fixture.udpClient(ends[1]), local);
        fixture.bind(first.relay, 0x4000, { ip: publicIp, port: second.relayed.port }, 'own-relays');
        fixture.bind(second.relay, 0x4fff, { ip: publicIp, port: first.relayed.port }, 'own-relays');
        await ends[0].send(channelData(0x4000, payload('ping')), first.client.local);
        expect((await ends[1].next()).bytes).toEqual(channelData(0x4fff, payload('ping')));
        await ends[1].send(channelData(0x4fff, payload('pong')), first.client.local);
        expect((await ends[0].next()).bytes).toEqual(channelData(0x4000, payload('pong')));
      }));

    test('SECURITY.md 1: behind the public address, too, a local service gets nothing', () =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        fixture.translate({ local, public: publicIp });
        const client = await fixture.end(loopback.ipv4);
        const canary = await fixture.end(local);
        const session = await fixture.session(fixture.udpClient(client), local);
        fixture.plane.permitPeer(session.relay, publicIp, 'own-relays');
        await client.send(
          sendIndication({ ip: publicIp, port: canary.address.port }, payload('secret')),
          session.client.local,
        );
        expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));
        expect(canary.pending).toBe(0);
      }));

    test('a permission for the public address is none for the local one', () =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        fixture.translate({ local, public: publicIp });
        const client = await fixture.end(loopback.ipv4);
        const canary = await fixture.end(local);
        const session = await fixture.session(fixture.udpClient(client), local);
        fixture.plane.permitPeer(session.relay, publicIp, 'any');
        await client.send(sendIndication(canary.address, payload('local')), session.client.local);
        await client.send(
          sendIndication({ ip: publicIp, port: canary.address.port }, payload('public')),
          session.client.local,
        );
        expect((await canary.next()).bytes.toString()).toBe('public');
        expect(fixture.plane.drainCounters().drops).toEqual(drops({ notPermitted: 1 }));
      }));

    test('a permission for the local address lets nothing in: its packets come from the public one', () =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        fixture.translate({ local, public: publicIp });
        const client = await fixture.end(loopback.ipv4);
        const peer = await fixture.end(local);
        const session = await fixture.session(fixture.udpClient(client), local);
        fixture.plane.permitPeer(session.relay, local, 'any');
        await peer.send(payload('in'), session.relayed);
        expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));
      }));

    test('a new address plan moves the permissions and channels that are there', () =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        const client = await fixture.end(loopback.ipv4);
        const peer = await fixture.end(local);
        const session = await fixture.session(fixture.udpClient(client), local);
        fixture.bind(session.relay, 0x4000, { ip: publicIp, port: peer.address.port });
        await peer.send(payload('early'), session.relayed);
        expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));

        fixture.translate({ local, public: publicIp });
        await peer.send(payload('in'), session.relayed);
        expect((await client.next()).bytes).toEqual(channelData(0x4000, payload('in')));
        await client.send(channelData(0x4000, payload('out')), session.client.local);
        expect((await peer.next()).bytes.toString()).toBe('out');

        fixture.translate();
        await peer.send(payload('late'), session.relayed);
        expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));
      }));
  });
});
