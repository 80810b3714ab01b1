import { randomBytes } from 'node:crypto';
import type { Client } from '../seam/client.ts';
import type { RefusalCause, SessionEnd, SessionEvent, SessionId, SessionPrincipal } from '../seam/session-event.ts';
import { formatIp } from '../stun/ip-text.ts';
import type { TransportAddress } from '../stun/transport-address.ts';
import type { SessionUsage } from './relay-usage-report.ts';

/** An address as Node's `net` and `dgram` write it. */
export interface SocketAddress {
  /** Without brackets: `192.0.2.1`, `2001:db8::1`. */
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly port: number;
}

/** A client's allocation. */
export interface Session {
  /** Never used again. */
  readonly id: string;
  /** As the client sent it: `<unix-expiry>:<subject>` for a time-limited credential, or the name of a static user. */
  readonly username: string;
  /** Whom its credential was issued to. */
  readonly principal: SessionPrincipal;
  /** What the client speaks to us over; relayed traffic is UDP. */
  readonly transport: 'udp' | 'tcp' | 'tls';
  /** Where the client is seen to come from. */
  readonly client: SocketAddress;
  /** Its relayed transport addresses, as peers know them: one, or one of each family. */
  readonly relayedAddresses: readonly SocketAddress[];
  readonly startedAt: Date;
}

/** Payload of the event `sessionEnded`. */
export interface SessionEnded {
  readonly session: Session;
  readonly cause: SessionEnd;
}

/** Payload of the event `refused`: a well-formed request that was not granted. */
export interface Refused {
  readonly cause: RefusalCause;
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly client: SocketAddress;
  /** Null before a username was read. */
  readonly username: string | null;
  /** Whom the credential was issued to; null where it did not verify. */
  readonly principal: SessionPrincipal | null;
  /** The address of the peer that a `peer-denied` is about; null for all other causes. */
  readonly peer: string | null;
}

/** What became of a machine's event, in the words of an embedder. */
export type SessionChange =
  | { readonly type: 'started'; readonly session: Session }
  | { readonly type: 'ended'; readonly ended: SessionEnded }
  | { readonly type: 'refused'; readonly refused: Refused };

/** What a session has relayed. Bytes are payload bytes; up is from the client to its peers. */
export interface SessionTraffic {
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly packetsUp: number;
  readonly packetsDown: number;
  readonly drops: number;
}

/** A live session as the machine names it. */
export interface SessionName {
  readonly session: SessionId;
  readonly client: Client;
}

interface Entry {
  readonly session: Session;
  readonly name: SessionName;
  readonly traffic: { -readonly [Name in keyof SessionTraffic]: number };
}

/**
 * The sessions that are live, by names that last: the machine's own begin anew whenever its thread does. Here its events turn
 * into plain values.
 */
export class LiveSessions {
  readonly #byId = new Map<string, Entry>();
  readonly #idOf = new Map<SessionId, string>();
  /** No other process, and no other start, names its sessions so. */
  readonly #prefix = randomBytes(4).toString('hex');
  #lastId = 0;

  /** Every live session, the oldest first. */
  get all(): readonly Session[] {
    return [...this.#byId.values()].map(({ session }) => session);
  }

  /** Every live session with what it has relayed, the oldest first. */
  *withTraffic(): IterableIterator<{ readonly session: Session; readonly traffic: SessionTraffic }> {
    yield* this.#byId.values();
  }

  /** Counts what live sessions have relayed since the last time. */
  noteUsage(usage: readonly SessionUsage[]): void {
    for (const { session, clientToPeer: up, peerToClient: down } of usage) {
      const traffic = this.#byId.get(this.#idOf.get(session) ?? '')?.traffic;
      if (traffic === undefined) continue;
      traffic.bytesUp += up.bytes;
      traffic.bytesDown += down.bytes;
      traffic.packetsUp += up.packets;
      traffic.packetsDown += down.packets;
      traffic.drops += up.drops + down.drops;
    }
  }

  /** How the machine names a session; undefined for one that is not live. */
  nameOf(id: string): SessionName | undefined {
    return this.#byId.get(id)?.name;
  }

  /** Takes note of an event; null for the end of a session that nobody knew. */
  note(event: SessionEvent, nowMs: number): SessionChange | null {
    switch (event.type) {
      case 'session-started':
        return { type: 'started', session: this.#add(event, nowMs) };
      case 'session-ended': {
        const session = this.#remove(event.session);
        return session === undefined ? null : { type: 'ended', ended: { session, cause: event.cause } };
      }
      case 'refused':
        return { type: 'refused', refused: refusedOf(event) };
    }
  }

  #add(event: SessionEvent & { type: 'session-started' }, nowMs: number): Session {
    const { session: machineId, client } = event;
    this.#lastId += 1;
    const session: Session = {
      id: `${this.#prefix}-${this.#lastId}`,
      username: event.username,
      principal: event.principal,
      transport: client.transport,
      client: plainAddress(client.remote),
      relayedAddresses: event.relays.map((relay) => plainAddress(relay.relayedTransportAddress)),
      startedAt: new Date(nowMs),
    };
    const traffic = { bytesUp: 0, bytesDown: 0, packetsUp: 0, packetsDown: 0, drops: 0 };
    this.#byId.set(session.id, { session, name: { session: machineId, client }, traffic });
    this.#idOf.set(machineId, session.id);
    return session;
  }

  #remove(machineId: SessionId): Session | undefined {
    const id = this.#idOf.get(machineId) ?? '';
    const session = this.#byId.get(id)?.session;
    this.#byId.delete(id);
    this.#idOf.delete(machineId);
    return session;
  }
}

/** An address in the form that embedders are given. */
export function plainAddress({ ip, port }: TransportAddress): SocketAddress {
  return { address: formatIp(ip), family: ip.family === 4 ? 'IPv4' : 'IPv6', port };
}

function refusedOf(event: SessionEvent & { type: 'refused' }): Refused {
  const { cause, client, username, principal, peer } = event;
  return {
    cause,
    transport: client.transport,
    client: plainAddress(client.remote),
    username: username ?? null,
    principal: principal ?? null,
    peer: peer === undefined ? null : formatIp(peer),
  };
}
