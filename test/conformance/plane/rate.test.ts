import { describe, expect, test } from 'vitest';
import type { UdpClient } from '../../../server/seam/client.ts';
import type { BucketId } from '../../../server/seam/relay.ts';
import { drops, loopback, PlaneFixture, type Session } from './fixture.ts';
import { channelData, payloadOf } from './messages.ts';
import { planes } from './planes.ts';
import type { UdpEnd } from './udp-end.ts';

/** A client and a peer with channel 0x4000 between them, charged to buckets. */
interface Charged {
  readonly session: Session<UdpClient>;
  readonly client: UdpEnd;
  readonly peer: UdpEnd;
}

async function charged(fixture: PlaneFixture, buckets: readonly BucketId[]): Promise<Charged> {
  const client = await fixture.end(loopback.ipv4);
  const peer = await fixture.end(loopback.ipv4);
  const session = await fixture.session(fixture.udpClient(client), loopback.ipv4, buckets);
  fixture.bind(session.relay, 0x4000, peer.address);
  return { session, client, peer };
}

/** Sends packets of 100 bytes to the peer, and answers how many of them passed. */
async function passed(fixture: PlaneFixture, { session, client }: Charged, packets: number): Promise<number> {
  for (let index = 0; index < packets; index++) {
    await client.send(channelData(0x4000, payloadOf(100)), session.client.local);
  }
  let counted = 0;
  let sent = 0;
  await fixture.until(() => {
    for (const { clientToPeer } of fixture.plane.drainCounters().relays) {
      counted += clientToPeer.packets + clientToPeer.drops;
      sent += clientToPeer.packets;
    }
    return counted >= packets;
  });
  return sent;
}

describe.each(planes)('$name plane: rates', (planeUnderTest) => {
  test('a bucket holds one second of its rate, in payload bytes, and fills with time', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const bucket = fixture.newBucketId();
      fixture.plane.setRate(bucket, 8_000);
      const flow = await charged(fixture, [bucket]);
      expect(await passed(fixture, flow, 20), '1000 bytes at first').toBe(10);
      expect(await passed(fixture, flow, 5), 'and no more').toBe(0);
      fixture.nowMs += 500;
      expect(await passed(fixture, flow, 20), 'half a second later 500 bytes').toBe(5);
      fixture.nowMs += 60_000;
      expect(await passed(fixture, flow, 20), 'never more than a second').toBe(10);
    }));

  test('both directions are charged, and what is dropped is counted', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const bucket = fixture.newBucketId();
      fixture.plane.setRate(bucket, 8_000);
      const flow = await charged(fixture, [bucket]);
      expect(await passed(fixture, flow, 6)).toBe(6);
      for (let index = 0; index < 10; index++) await flow.peer.send(payloadOf(100), flow.session.relayed);
      expect(await fixture.countersWithDrops(6)).toEqual({
        relays: [
          {
            relay: flow.session.relay,
            clientToPeer: { packets: 0, bytes: 0, drops: 0 },
            peerToClient: { packets: 4, bytes: 400, drops: 6 },
          },
        ],
        drops: drops({ rateLimited: 6 }),
      });
    }));

  test('a bucket is shared by the relays that are charged to it; the smaller of two decides', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const own = [fixture.newBucketId(), fixture.newBucketId()] as const;
      const shared = fixture.newBucketId();
      for (const bucket of own) fixture.plane.setRate(bucket, 6_400);
      fixture.plane.setRate(shared, 8_000);
      const first = await charged(fixture, [own[0], shared]);
      const second = await charged(fixture, [own[1], shared]);
      expect(await passed(fixture, first, 20), 'its own holds 800 bytes').toBe(8);
      expect(await passed(fixture, second, 20), 'the shared one still 200').toBe(2);
    }));

  test('a rate can be changed, lifted and set again; without one nothing is limited', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const bucket = fixture.newBucketId();
      const flow = await charged(fixture, [bucket]);
      expect(await passed(fixture, flow, 20), 'no rate yet').toBe(20);
      fixture.plane.setRate(bucket, 8_000);
      expect(await passed(fixture, flow, 20)).toBe(10);
      fixture.plane.setRate(bucket, 0);
      expect(await passed(fixture, flow, 20), 'lifted').toBe(20);
      fixture.plane.setRate(bucket, 4_000);
      expect(await passed(fixture, flow, 20), 'set again').toBe(5);
    }));

  test('a packet larger than the bucket passes in its turn, and the rate holds in the long run', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const bucket = fixture.newBucketId();
      fixture.plane.setRate(bucket, 400);
      const flow = await charged(fixture, [bucket]);
      expect(await passed(fixture, flow, 3)).toBe(1);
      fixture.nowMs += 1_000;
      expect(await passed(fixture, flow, 3), 'the debt is paid').toBe(0);
      fixture.nowMs += 1_000;
      expect(await passed(fixture, flow, 3)).toBe(1);
    }));
});
