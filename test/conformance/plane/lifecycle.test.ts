import { describe, expect, test } from 'vitest';
import type { ListenerId } from '../../../server/seam/client.ts';
import type { RelayId } from '../../../server/seam/relay.ts';
import { ip } from '../../support/addresses.ts';
import { loopback, PlaneFixture } from './fixture.ts';
import { channelData, payload } from './messages.ts';
import { planes } from './planes.ts';

/** An address of documentation (RFC 5737), which no interface of this host has. */
const notOurs = ip('203.0.113.77');

describe.each(planes)('$name plane: sockets', (planeUnderTest) => {
  describe.each([
    { family: 'IPv4', address: loopback.ipv4 },
    { family: 'IPv6', address: loopback.ipv6 },
  ])('over $family', ({ address }) => {
    test('a relay opens on the port that was asked for', () =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        const probe = await fixture.openRelay(fixture.newRelayId(), address);
        if (typeof probe === 'string') throw new Error(probe);
        const port = probe.port;
        fixture.plane.closeRelay((fixture.newRelayId() - 1) as RelayId);
        expect(await fixture.openRelay(fixture.newRelayId(), address, port)).toEqual({ ip: address, port });
      }));

    test('a port that is taken: port-taken', () =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        const squatter = await fixture.end(address);
        expect(await fixture.openRelay(fixture.newRelayId(), address, squatter.address.port)).toBe('port-taken');
      }));

    test('RFC 8656 7.2: a pair is ports N and N + 1', () =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        const port = await freePair(fixture, address);
        const [lower, upper] = [fixture.newRelayId(), fixture.newRelayId()];
        expect(await fixture.openRelayPair(lower, upper, address, port)).toEqual({ ip: address, port });
        for (const taken of [port, port + 1]) {
          expect(await fixture.openRelay(fixture.newRelayId(), address, taken)).toBe('port-taken');
        }
        fixture.plane.closeRelay(lower);
        expect(await fixture.openRelay(fixture.newRelayId(), address, port), 'the two close apart').toMatchObject({
          port,
        });
        fixture.plane.closeRelay(upper);
      }));

    test.each([
      { taken: 'lower', offset: 0 },
      { taken: 'upper', offset: 1 },
    ])('RFC 8656 7.2: of a pair whose $taken port is taken neither opens', ({ offset }) =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        const port = await freePair(fixture, address);
        await fixture.end(address, port + offset);
        expect(await fixture.openRelayPair(fixture.newRelayId(), fixture.newRelayId(), address, port)).toBe(
          'port-taken',
        );
        const other = port + 1 - offset;
        expect(await fixture.openRelay(fixture.newRelayId(), address, other)).toMatchObject({ port: other });
      }),
    );

    test("listen rejects with the system's error", () =>
      PlaneFixture.use(planeUnderTest, async (fixture) => {
        const squatter = await fixture.end(address);
        await expect(fixture.plane.listen(9 as ListenerId, squatter.address)).rejects.toMatchObject({
          code: 'EADDRINUSE',
        });
        await expect(fixture.plane.listen(9 as ListenerId, { ip: address, port: 0 })).resolves.toMatchObject({
          ip: address,
        });
      }));
  });

  test('an address that is not ours: address-unavailable, and listen rejects', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      expect(await fixture.openRelay(fixture.newRelayId(), notOurs)).toBe('address-unavailable');
      expect(await fixture.openRelayPair(fixture.newRelayId(), fixture.newRelayId(), notOurs, 50_000)).toBe(
        'address-unavailable',
      );
      await expect(fixture.plane.listen(9 as ListenerId, { ip: notOurs, port: 0 })).rejects.toMatchObject({
        code: 'EADDRNOTAVAIL',
      });
    }));

  test('a relay that was closed leaves its port, its client and its peers behind', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(loopback.ipv4);
      const peer = await fixture.end(loopback.ipv4);
      const handle = fixture.udpClient(client);
      const first = await fixture.session(handle, loopback.ipv4);
      fixture.bind(first.relay, 0x4000, peer.address);
      fixture.plane.closeRelay(first.relay);

      const second = fixture.newRelayId();
      expect(await fixture.openRelay(second, loopback.ipv4, first.relayed.port)).toEqual(first.relayed);
      fixture.plane.attachRelay(second, handle, []);
      await client.send(channelData(0x4000, payload('old channel')), handle.local);
      await peer.send(payload('old permission'), first.relayed);
      expect((await fixture.countersWithDrops(2)).drops).toMatchObject({ unknownChannel: 1, notPermitted: 1 });
      expect([client.pending, peer.pending]).toEqual([0, 0]);
    }));

  test('close gives every port back', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const { relayed } = await fixture.session(fixture.streamClient(), loopback.ipv4);
      await fixture.plane.close();
      for (const { port } of [relayed, fixture.listeners.ipv4]) {
        expect((await fixture.end(loopback.ipv4, port)).address.port).toBe(port);
      }
    }));

  test('ids that are unknown or taken are a bug of the caller', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const { plane } = fixture;
      const unknown = fixture.newRelayId();
      const handle = fixture.streamClient();
      const { relay } = await fixture.session(handle, loopback.ipv4);
      const peer = { ip: loopback.ipv4, port: 7 };
      fixture.bind(relay, 0x4000, peer);
      const bugs: readonly (() => void)[] = [
        () => plane.closeRelay(unknown),
        () => plane.attachRelay(unknown, handle, []),
        () => plane.permitPeer(unknown, peer.ip, 'any'),
        () => plane.revokePeer(unknown, peer.ip),
        () => plane.bindChannel(unknown, 0x4000, peer),
        () => plane.unbindChannel(unknown, 0x4000),
        () => plane.unlisten(99 as ListenerId),
        () => plane.openRelay(relay, loopback.ipv4, 0),
        () => plane.revokePeer(relay, ip('127.0.0.9')),
        () => plane.unbindChannel(relay, 0x4001),
        () => plane.bindChannel(relay, 0x4000, { ...peer, port: 8 }),
        () => plane.bindChannel(relay, 0x4001, peer),
      ];
      for (const bug of bugs) expect(bug, bug.toString()).toThrow();
      expect(() => plane.bindChannel(relay, 0x4000, peer), 'the same binding again is none').not.toThrow();
    }));
});

/** An even port whose neighbour is free as well, found by asking the system. */
async function freePair(fixture: PlaneFixture, address: typeof notOurs): Promise<number> {
  for (;;) {
    const lower = fixture.newRelayId();
    const first = await fixture.openRelay(lower, address);
    if (typeof first === 'string') throw new Error(first);
    fixture.plane.closeRelay(lower);
    if (first.port % 2 !== 0) continue;
    const upper = fixture.newRelayId();
    const second = await fixture.openRelay(upper, address, first.port + 1);
    if (typeof second === 'string') continue;
    fixture.plane.closeRelay(upper);
    return first.port;
  }
}
