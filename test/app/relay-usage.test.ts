import { describe, expect, test } from 'vitest';
import { packUsage, unpackUsage } from '../../server/app/relay-usage-report.ts';
import { RelayUsage } from '../../server/app/relay-usage.ts';
import type { PlaneCounters } from '../../server/seam/plane.ts';
import type { RelayId } from '../../server/seam/relay.ts';
import type { SessionEvent, SessionId } from '../../server/seam/session-event.ts';

const common = { client: {} as never, username: 'alice', principal: { kind: 'static', name: 'alice' } } as const;

function started(session: number, ...relays: number[]): SessionEvent {
  const opened = relays.map((relay) => ({ relay: relay as RelayId, relayedTransportAddress: {} as never }));
  return { type: 'session-started', session: session as SessionId, ...common, relays: opened };
}

function ended(session: number): SessionEvent {
  return { type: 'session-ended', session: session as SessionId, ...common, cause: 'released' };
}

/** What the plane counted of relays: so many packets of 100 bytes each way. */
function counted(...relays: (readonly [relay: number, packets: number])[]): PlaneCounters {
  const direction = (packets: number) => ({ packets, bytes: packets * 100, drops: 1 });
  return {
    relays: relays.map(([relay, packets]) => ({
      relay: relay as RelayId,
      clientToPeer: direction(packets),
      peerToClient: direction(2 * packets),
    })),
    drops: { malformed: 0, unknownChannel: 0, notPermitted: 0, rateLimited: 0, notSent: 0 },
  };
}

function packetsOf(usage: RelayUsage): [number, number][] {
  return usage.take().map(({ session, clientToPeer }) => [session, clientToPeer.packets]);
}

describe('what each session relayed', () => {
  test('is what its relays did, of those that did anything, since the last time', () => {
    const usage = new RelayUsage();
    for (const event of [started(1, 10, 11), started(2, 20), started(3, 30)]) usage.note(event);
    usage.add(counted([10, 1], [11, 2], [20, 5]));
    usage.add(counted([10, 4]));
    expect(usage.take()).toEqual([
      {
        session: 1,
        clientToPeer: { packets: 7, bytes: 700, drops: 3 },
        peerToClient: { packets: 14, bytes: 1400, drops: 3 },
      },
      {
        session: 2,
        clientToPeer: { packets: 5, bytes: 500, drops: 1 },
        peerToClient: { packets: 10, bytes: 1000, drops: 1 },
      },
    ]);
    expect(usage.take()).toEqual([]);
    usage.add(counted([11, 1]));
    expect(packetsOf(usage)).toEqual([[1, 1]]);
  });

  test('is told once more after its end, and its relays are forgotten then', () => {
    const usage = new RelayUsage();
    usage.note(started(1, 10));
    usage.note(ended(1));
    usage.add(counted([10, 3]));
    expect(packetsOf(usage)).toEqual([[1, 3]]);
    usage.add(counted([10, 9]));
    expect(packetsOf(usage)).toEqual([]);
  });

  test('a session that ends in the drain in which another one begins loses nothing to it', () => {
    const usage = new RelayUsage();
    usage.note(started(1, 10));
    usage.note(ended(1));
    usage.note(started(2, 20));
    usage.add(counted([10, 1], [20, 2]));
    expect(packetsOf(usage)).toEqual([[1, 1], [2, 2]]); // prettier-ignore
  });

  test('what is sent to a reserved port is nobody’s until it is redeemed', () => {
    const usage = new RelayUsage();
    usage.add(counted([10, 5]));
    usage.note(started(1, 10));
    usage.add(counted([10, 2]));
    expect(packetsOf(usage)).toEqual([[1, 2]]);
  });
});

test('a report survives its packing', () => {
  const usage = new RelayUsage();
  usage.note(started(1, 10));
  usage.note(started(2 ** 40, 20));
  usage.add(counted([10, 3], [20, 2 ** 40]));
  const failures = [{ cause: 'banned', app: null, subject: null, transport: 'udp', count: 4 } as const];
  const report = { intervalMs: 1000.5, sessions: usage.take(), failures };
  expect(unpackUsage(structuredClone(packUsage(report)))).toEqual(report);
});
