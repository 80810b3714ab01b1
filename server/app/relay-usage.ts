import type { DirectionCounters, PlaneCounters } from '../seam/plane.ts';
import type { RelayId } from '../seam/relay.ts';
import type { SessionEvent, SessionId } from '../seam/session-event.ts';
import type { SessionUsage } from './relay-usage-report.ts';

type Tally = { -readonly [field in keyof DirectionCounters]: number };

interface SessionTally {
  readonly session: SessionId;
  readonly relays: readonly RelayId[];
  readonly clientToPeer: Tally;
  readonly peerToClient: Tally;
}

/** Counts by session what the plane counts by relay. */
export class RelayUsage {
  readonly #byRelay = new Map<RelayId, SessionTally>();
  readonly #bySession = new Map<SessionId, SessionTally>();
  readonly #withTraffic = new Set<SessionTally>();
  #ended: SessionTally[] = [];

  /** Takes note of whose relays are whose. */
  note(event: SessionEvent): void {
    if (event.type === 'session-started') {
      const relays = event.relays.map(({ relay }) => relay);
      const tally = { session: event.session, relays, clientToPeer: zero(), peerToClient: zero() };
      this.#bySession.set(event.session, tally);
      for (const relay of relays) this.#byRelay.set(relay, tally);
    } else if (event.type === 'session-ended') {
      const tally = this.#bySession.get(event.session);
      this.#bySession.delete(event.session);
      if (tally !== undefined) this.#ended.push(tally);
    }
  }

  /** Adds one drain of the plane's counters. The first after a session's end holds the last of its relays, which are then forgotten. */
  add({ relays }: PlaneCounters): void {
    for (const { relay, clientToPeer, peerToClient } of relays) {
      // A relay that is reserved has no session yet; what peers send to it is dropped, and nobody's.
      const tally = this.#byRelay.get(relay);
      if (tally === undefined) continue;
      addTo(tally.clientToPeer, clientToPeer);
      addTo(tally.peerToClient, peerToClient);
      this.#withTraffic.add(tally);
    }
    for (const tally of this.#ended) for (const relay of tally.relays) this.#byRelay.delete(relay);
    this.#ended = [];
  }

  /** What the sessions with traffic relayed since the last call. */
  take(): SessionUsage[] {
    const taken = Array.from(this.#withTraffic, (tally) => {
      return { session: tally.session, clientToPeer: taking(tally.clientToPeer), peerToClient: taking(tally.peerToClient) };
    }); // prettier-ignore
    this.#withTraffic.clear();
    return taken;
  }
}

function zero(): Tally {
  return { packets: 0, bytes: 0, drops: 0 };
}

function addTo(tally: Tally, { packets, bytes, drops }: DirectionCounters): void {
  tally.packets += packets;
  tally.bytes += bytes;
  tally.drops += drops;
}

function taking(tally: Tally): DirectionCounters {
  const taken = { ...tally };
  Object.assign(tally, zero());
  return taken;
}
