import type { Client } from '../seam/client.ts';
import type { RefusalCause, SessionEnd, SessionEvent, SessionId } from '../seam/session-event.ts';
import { formatIp } from '../stun/ip-text.ts';
import type { TransportAddress } from '../stun/transport-address.ts';

/** An address as Node's `net` and `dgram` write it. */
export interface SocketAddress {
  /** Without brackets: `192.0.2.1`, `2001:db8::1`. */
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly port: number;
}

/** A client's allocation. */
export interface Session {
  /** Never used again by the same appliance. */
  readonly id: string;
  /** As the client sent it: `<unix-expiry>:<subject>` for a time-limited credential, or the name of a static user. */
  readonly username: string;
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
  /** The address of the peer that a `peer-denied` is about; null for all other causes. */
  readonly peer: string | null;
}

/** What became of a machine's event, in the words of an embedder. */
export type SessionChange =
  | { readonly type: 'started'; readonly session: Session }
  | { readonly type: 'ended'; readonly ended: SessionEnded }
  | { readonly type: 'refused'; readonly refused: Refused };

/** A live session as the machine names it. */
export interface SessionName {
  readonly session: SessionId;
  readonly client: Client;
}

interface Entry {
  readonly session: Session;
  readonly name: SessionName;
}

/**
 * The sessions that are live, by names that last: the machine's own begin anew whenever its thread does. Here its events turn
 * into plain values.
 */
export class LiveSessions {
  readonly #byId = new Map<string, Entry>();
  readonly #idOf = new Map<SessionId, string>();
  #lastId = 0;

  /** Every live session, the oldest first. */
  get all(): readonly Session[] {
    return [...this.#byId.values()].map(({ session }) => session);
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

  /** Forgets every session, and tells which there were. */
  clear(): readonly Session[] {
    const left = this.all;
    this.#byId.clear();
    this.#idOf.clear();
    return left;
  }

  #add(event: SessionEvent & { type: 'session-started' }, nowMs: number): Session {
    const { session: machineId, client } = event;
    this.#lastId += 1;
    const session: Session = {
      id: String(this.#lastId),
      username: event.username,
      transport: client.transport,
      client: plainAddress(client.remote),
      relayedAddresses: event.relays.map((relay) => plainAddress(relay.relayedTransportAddress)),
      startedAt: new Date(nowMs),
    };
    this.#byId.set(session.id, { session, name: { session: machineId, client } });
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
  const { cause, client, username, peer } = event;
  return {
    cause,
    transport: client.transport,
    client: plainAddress(client.remote),
    username: username ?? null,
    peer: peer === undefined ? null : formatIp(peer),
  };
}
