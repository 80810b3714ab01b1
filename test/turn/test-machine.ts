import { strict as assert } from 'node:assert';
import { staticUser, type CredentialChange } from '../../server/credentials/credential-set.ts';
import type { Action } from '../../server/seam/action.ts';
import type { Client, ListenerId, StreamId } from '../../server/seam/client.ts';
import type { AddressPlan, RelayFailure, RelayId } from '../../server/seam/relay.ts';
import type { SessionEvent } from '../../server/seam/session-event.ts';
import type { TransportAddress } from '../../server/stun/transport-address.ts';
import type { TurnLimits, TurnServerOptions } from '../../server/turn/options.ts';
import { TurnServer } from '../../server/turn/turn-server.ts';
import { at, ip } from './addresses.ts';
import { wholeSet, type TestCredentials } from './credentials.ts';
import { PlaneModel } from './plane-model.ts';
import { seededUint32 } from './seeded-random.ts';

export const realm = 'turnpike.local';
export const restSecret = new TextEncoder().encode('a secret of thirty-two characters');
/** 20 November 2026. */
export const startMs = 1_795_132_800_000;

/** alice and bob, and one secret for time-limited credentials. */
export const defaultCredentials: TestCredentials = {
  realm,
  users: [staticUser('alice', realm, 'wonderland'), staticUser('bob', realm, 'builder')],
  secrets: [{ id: 'first', secret: restSecret, state: 'active', acceptedUntilS: null }],
};

export const noLimits: TurnLimits = {
  allocationsPerUser: 0,
  allocationsPerAddress: 0,
  allocationsTotal: 0,
  permissionsPerAllocation: 0,
  channelsPerAllocation: 0,
  bitsPerSecondPerAllocation: 0,
  bitsPerSecondPerUser: 0,
};

/** A host with one address of each family and no NAT. */
export const dualStackPlan: AddressPlan = {
  own: [ip('198.19.0.1'), ip('2620:fe::1')],
  relays: [
    { listener: ip('198.19.0.1'), ipv4: ip('198.19.0.1'), ipv6: ip('2620:fe::1') },
    { listener: ip('2620:fe::1'), ipv4: ip('198.19.0.1'), ipv6: ip('2620:fe::1') },
  ],
  translations: [],
};

/** How the plane answers a request to open a relay: `later` is the test's to answer. */
export type PlaneAnswer = 'open' | RelayFailure | 'later';

export interface TestMachineSettings {
  readonly options?: Partial<Omit<TurnServerOptions, 'limits'>>;
  readonly limits?: Partial<TurnLimits>;
  readonly credentials?: TestCredentials;
  readonly plan?: AddressPlan;
  readonly seed?: number;
}

/** Something that a client was sent. */
export interface SentMessage {
  readonly client: Client;
  readonly bytes: Uint8Array;
}

/** The machine with a clock, credentials, an address plan and a model of a plane, which checks every action. */
export class TestMachine {
  readonly server: TurnServer;
  readonly plane = new PlaneModel();
  readonly actions: Action[] = [];
  readonly limits: TurnLimits;
  nowMs = startMs;
  /** Answers requests to open relays; the test may replace it. */
  answerOpen: (address: TransportAddress) => PlaneAnswer = () => 'open';
  /** Sees every action right after the plane has applied it. */
  observe: (action: Action) => void = () => undefined;
  readonly #uppers = new Map<RelayId, RelayId>();
  readonly #randomUint32: () => number;
  #lastStream = 0;
  #lastSequence = 0;

  constructor(settings: TestMachineSettings = {}) {
    const random = seededUint32(settings.seed ?? 1);
    this.#randomUint32 = random;
    this.limits = { ...noLimits, ...settings.limits };
    this.server = new TurnServer({
      realm,
      nonceKey: new Uint8Array(32).fill(7),
      capabilities: { dontFragment: false, icmp: false },
      relayPorts: { first: 49152, last: 65535 },
      relaysTotal: 0,
      channelRange: 'rfc8656',
      defaultAddressFamily: 'ipv4',
      strictExpiry: false,
      alternateServers: [],
      peers: { allow: [], deny: [] },
      backoff: null,
      randomUint32: random,
      randomBytes: (length) => Uint8Array.from({ length }, () => random() & 0xff),
      ...settings.options,
      limits: this.limits,
    });
    this.setCredentials(settings.credentials ?? defaultCredentials);
    this.setPlan(settings.plan ?? dualStackPlan);
  }

  /** Whole seconds of the machine's clock. */
  get nowS(): number {
    return Math.floor(this.nowMs / 1000);
  }

  /** The relay that the plane has been opening longest. */
  get waitingRelay(): RelayId {
    const [relay] = this.plane.opening.keys();
    assert(relay !== undefined, 'no relay is being opened');
    return relay;
  }

  get events(): SessionEvent[] {
    return this.actions.flatMap((action) => (action.kind === 'session-event' ? [action.event] : []));
  }

  get sent(): SentMessage[] {
    return this.actions.flatMap((action) => (action.kind === 'send' ? [action] : []));
  }

  /** The causes of all refusals, in order. */
  get refusals(): string[] {
    return this.events.flatMap((event) => (event.type === 'refused' ? [event.cause] : []));
  }

  /** Random bytes from the machine's seed, for transaction ids. */
  randomBytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#randomUint32() & 0xff);
  }

  udpClient(remote: TransportAddress, listener = 1): Client {
    const local = remote.ip.family === 4 ? at('198.19.0.1', 3478) : at('2620:fe::1', 3478);
    return { transport: 'udp', listener: listener as ListenerId, local, remote };
  }

  streamClient(remote: TransportAddress): Client {
    const local = remote.ip.family === 4 ? at('198.19.0.1', 3478) : at('2620:fe::1', 3478);
    return { transport: 'tcp', stream: ++this.#lastStream as StreamId, local, remote };
  }

  /** Gives the machine a packet and answers what it did. The packet's bytes are then overwritten, as a plane would. */
  receive(bytes: Uint8Array, client: Client): Action[] {
    const lent = bytes.slice();
    this.server.handleClientMessage(lent, client, this.nowMs);
    lent.fill(0xee);
    return this.drain();
  }

  /** Lets the plane answer an opening that was left for later. */
  answer(relay: RelayId, answer: Exclude<PlaneAnswer, 'later'>): Action[] {
    this.#answer(relay, answer);
    return this.drain();
  }

  /** Puts a whole set in the place of the one before it. */
  setCredentials(set: TestCredentials): Action[] {
    return this.change(...wholeSet(set));
  }

  /** Applies changes of the credentials, each with the number that is due. */
  change(...changes: readonly CredentialChange[]): Action[] {
    const done: Action[] = [];
    for (const change of changes) {
      const applied = this.server.handleCredentials({ sequence: ++this.#lastSequence, change }, this.nowMs);
      assert.equal(applied, 'applied', 'no change is missing');
      done.push(...this.drain());
    }
    return done;
  }

  setPlan(plan: AddressPlan): Action[] {
    this.server.handleAddressPlan(plan, this.nowMs);
    return this.drain();
  }

  clientGone(client: Client): Action[] {
    this.server.handleClientGone(client, this.nowMs);
    return this.drain();
  }

  /** Lets time pass, stopping wherever the machine wants to be called. */
  advance(seconds: number): Action[] {
    const endMs = this.nowMs + seconds * 1000;
    const done: Action[] = [];
    while (this.server.nextTimeoutMs <= endMs) {
      const dueMs = this.server.nextTimeoutMs;
      this.nowMs = Math.max(this.nowMs, dueMs);
      this.server.handleTimeout(this.nowMs);
      assert(this.server.nextTimeoutMs > dueMs, 'a timeout that is handled is not due again');
      done.push(...this.drain());
    }
    this.nowMs = endMs;
    return done;
  }

  /** Applies all actions to the plane's model and answers them. */
  drain(): Action[] {
    const done: Action[] = [];
    for (let action = this.server.nextAction(); action !== undefined; action = this.server.nextAction()) {
      done.push(action);
      this.actions.push(action);
      this.plane.apply(action);
      this.observe(action);
      if (action.kind !== 'open-relay' && action.kind !== 'open-relay-pair') continue;
      if (action.kind === 'open-relay-pair') this.#uppers.set(action.relay, action.upperRelay);
      const answer = this.answerOpen({ ip: action.localAddress, port: action.port });
      if (answer !== 'later') this.#answer(action.relay, answer);
    }
    return done;
  }

  /** Throws unless nothing is left: no allocation, port, claim, bucket, deadline or relay (SECURITY.md 8). */
  assertEmpty(): void {
    const { allocations, reservations, attempts, portsTaken, claims, buckets, deadlines } = this.server.stats;
    const { relays, rates, opening } = this.plane;
    assert.deepEqual(
      {
        ...{ allocations, reservations, attempts, portsTaken, claims, buckets, deadlines },
        ...{ relays: relays.size, rates: rates.size, opening: opening.size },
      },
      {
        ...{ allocations: 0, reservations: 0, attempts: 0, portsTaken: 0, claims: 0, buckets: 0, deadlines: 0 },
        ...{ relays: 0, rates: 0, opening: 0 },
      },
    );
  }

  #answer(relay: RelayId, answer: Exclude<PlaneAnswer, 'later'>): void {
    if (answer === 'open') {
      const address = this.plane.finishOpening(relay, this.#uppers.get(relay));
      this.server.handleRelayOpened(relay, address, this.nowMs);
    } else {
      this.plane.failOpening(relay);
      this.server.handleRelayFailed(relay, answer, this.nowMs);
    }
  }
}
