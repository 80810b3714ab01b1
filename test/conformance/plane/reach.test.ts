import { describe, expect, test } from 'vitest';
import type { Client } from '../../../server/seam/client.ts';
import type { PeerReach } from '../../../server/seam/relay.ts';
import type { TransportAddress } from '../../../server/stun/transport-address.ts';
import { ip } from '../../support/addresses.ts';
import { drops, loopback, PlaneFixture, type Session } from './fixture.ts';
import { bindingRequest, channelData, payload, sendIndication } from './messages.ts';
import { planes } from './planes.ts';

const channel = 0x4000;

/** Sends data of a client to a peer. */
type Path = (
  fixture: PlaneFixture,
  session: Session<Client>,
  peer: TransportAddress,
  data: Uint8Array,
) => Promise<void>;

/** Every way on which a client names a peer to the plane. */
const paths: readonly { readonly path: string; readonly transport: 'udp' | 'tcp'; readonly send: Path }[] = [
  { path: 'ChannelData on UDP', transport: 'udp', send: (...way) => overUdp(channelFrame(...way), ...way) },
  { path: 'Send on UDP', transport: 'udp', send: (...way) => overUdp(sendFrame(...way), ...way) },
  { path: 'ChannelData on a stream', transport: 'tcp', send: (...way) => overStream(channelFrame(...way), ...way) },
  { path: 'Send on a stream', transport: 'tcp', send: (...way) => overStream(sendFrame(...way), ...way) },
];

/** Binds the channel to the peer, anew for each. */
function channelFrame(...[fixture, { relay }, peer, data]: Parameters<Path>): Uint8Array {
  if (bound.has(fixture)) fixture.plane.unbindChannel(relay, channel);
  bound.add(fixture);
  fixture.plane.bindChannel(relay, channel, peer);
  return channelData(channel, data);
}

const bound = new WeakSet<PlaneFixture>();

function sendFrame(...[, , peer, data]: Parameters<Path>): Uint8Array {
  return sendIndication(peer, data);
}

async function overUdp(frame: Uint8Array, ...[fixture, { client }]: Parameters<Path>): Promise<void> {
  await fixture.endAt(client.remote).send(frame, client.local);
  // The plane has the frame once it has what came after it.
  const fence = await fixture.end(client.local.ip);
  const seen = fixture.punts.length;
  await fence.send(bindingRequest(), client.local);
  await fixture.until(() => fixture.punts.length > seen);
  fixture.punts.splice(seen, 1);
}

async function overStream(frame: Uint8Array, ...[fixture, { client }]: Parameters<Path>): Promise<void> {
  if (client.transport === 'tcp') fixture.plane.forwardFromStream(client, frame);
}

describe.each(planes)('$name plane: SECURITY.md 1, our own addresses as peers', (planeUnderTest) => {
  describe.each([
    { family: 'IPv4', address: loopback.ipv4 },
    { family: 'IPv6', address: loopback.ipv6 },
  ])('over $family', ({ address }) => {
    describe.each(paths)('by $path', ({ transport, send }) => {
      /** A client whose relay may reach our own address so far. */
      function reaching(
        reach: PeerReach,
        run: (
          fixture: PlaneFixture,
          deliver: (peer: TransportAddress, text: string) => Promise<void>,
          session: Session<Client>,
        ) => Promise<void>,
      ): Promise<void> {
        return PlaneFixture.use(planeUnderTest, async (fixture) => {
          const client = transport === 'udp' ? fixture.udpClient(await fixture.end(address)) : fixture.streamClient();
          const session = await fixture.session<Client>(client, address);
          fixture.plane.permitPeer(session.relay, address, reach);
          await run(fixture, (peer, text) => send(fixture, session, peer, payload(text)), session);
        });
      }

      test('own-relays: a local service gets nothing', () =>
        reaching('own-relays', async (fixture, deliver, session) => {
          const canary = await fixture.end(address);
          await deliver(canary.address, 'secret');
          expect(fixture.plane.drainCounters()).toEqual({
            relays: [
              {
                relay: session.relay,
                clientToPeer: { packets: 0, bytes: 0, drops: 1 },
                peerToClient: { packets: 0, bytes: 0, drops: 0 },
              },
            ],
            drops: drops({ notPermitted: 1 }),
          });
          fixture.plane.permitPeer(session.relay, address, 'any');
          await deliver(canary.address, 'opened');
          expect((await canary.next()).bytes.toString()).toBe('opened');
        }));

      test.each(['own-relays', 'own-except-listeners'] as const)('%s: our listeners get nothing', (reach) =>
        reaching(reach, async (fixture, deliver) => {
          const listener = address.family === 4 ? fixture.listeners.ipv4 : fixture.listeners.ipv6;
          await deliver(listener, bindingRequest().toString());
          expect(fixture.plane.drainCounters().drops).toEqual(drops({ notPermitted: 1 }));
        }),
      );

      test.each(['own-relays', 'own-except-listeners'] as const)(
        '%s: a relay that is open is reached, until it closes',
        (reach) =>
          reaching(reach, async (fixture, deliver, session) => {
            const other = await fixture.end(address);
            const theirs = await fixture.session(fixture.udpClient(other), address);
            fixture.plane.permitPeer(theirs.relay, address, 'own-relays');
            fixture.plane.bindChannel(theirs.relay, 0x4abc, session.relayed);
            await deliver(theirs.relayed, 'relay to relay');
            expect((await other.next()).bytes).toEqual(channelData(0x4abc, payload('relay to relay')));

            fixture.plane.closeRelay(theirs.relay);
            fixture.plane.drainCounters();
            const canary = await fixture.end(address, theirs.relayed.port);
            await deliver(theirs.relayed, 'too late');
            if (reach === 'own-relays') {
              expect(fixture.plane.drainCounters().drops).toEqual(drops({ notPermitted: 1 }));
              expect(canary.pending).toBe(0);
            } else {
              expect((await canary.next()).bytes.toString()).toBe('too late');
            }
          }),
      );

      test('own-except-listeners: a local service that the operator allowed is reached', () =>
        reaching('own-except-listeners', async (fixture, deliver) => {
          const canary = await fixture.end(address);
          await deliver(canary.address, 'allowed');
          expect((await canary.next()).bytes.toString()).toBe('allowed');
        }));
    });
  });

  test('own-relays: the port of a relay on another address is no relay on this one', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(loopback.ipv4);
      const session = await fixture.session(fixture.udpClient(client), loopback.ipv4);
      const canary = await fixture.relayAndEnd(ip('127.0.0.2'), loopback.ipv4);
      fixture.plane.permitPeer(session.relay, loopback.ipv4, 'own-relays');
      await client.send(sendIndication(canary.address, payload('secret')), session.client.local);
      expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));
      expect(canary.pending).toBe(0);
    }));

  test('own-except-listeners: the port of a listener is closed on every address of ours, until the listener is', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(loopback.ipv6);
      const session = await fixture.session(fixture.udpClient(client), loopback.ipv4);
      const other = ip('127.0.0.2');
      const canary = await fixture.end(other, fixture.listeners.ipv4.port);
      fixture.plane.permitPeer(session.relay, other, 'own-except-listeners');
      await client.send(sendIndication(canary.address, payload('secret')), session.client.local);
      expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));
      expect(canary.pending).toBe(0);

      fixture.plane.unlisten(fixture.udpClient(canary).listener);
      await client.send(sendIndication(canary.address, payload('free')), session.client.local);
      expect((await canary.next()).bytes.toString()).toBe('free');
    }));

  test('a permission that is given again has its new reach', () =>
    PlaneFixture.use(planeUnderTest, async (fixture) => {
      const client = await fixture.end(loopback.ipv4);
      const canary = await fixture.end(loopback.ipv4);
      const session = await fixture.session(fixture.udpClient(client), loopback.ipv4);
      fixture.bind(session.relay, channel, canary.address, 'any');
      await client.send(channelData(channel, payload('any')), session.client.local);
      expect((await canary.next()).bytes.toString()).toBe('any');
      fixture.plane.permitPeer(session.relay, canary.address.ip, 'own-relays');
      await client.send(channelData(channel, payload('own')), session.client.local);
      expect((await fixture.countersWithDrops(1)).drops).toEqual(drops({ notPermitted: 1 }));
      expect(canary.pending).toBe(0);
    }));
});
