import { strict as assert } from 'node:assert';
import type { Client } from '../../server/seam/client.ts';
import { MessageWriter } from '../../server/stun/message.ts';
import { Method } from '../../server/stun/registry.ts';
import {
  transportAddressKey,
  type TransportAddress,
  type TransportAddressKey,
} from '../../server/stun/transport-address.ts';
import { Draw } from '../fuzz/engine/draw.ts';
import { at } from '../turn/addresses.ts';
import { requestedTransportUdp } from '../turn/test-client.ts';
import { startMs, TestMachine } from '../turn/test-machine.ts';
import { SimulatedClient, type LifePlan } from './simulated-client.ts';
import { SimulatedServer } from './simulated-server.ts';
import { VirtualNetwork, type NetworkFaults } from './virtual-network.ts';
import { Witness } from './witness.ts';

const serverAddress = at('198.19.0.1', 3478);
const peers = [at('8.8.8.8', 7), at('8.8.4.4', 7), at('1.1.1.1', 7)];
/** Nobody is permitted to hear from here. */
const strangePeer = at('9.9.9.9', 7);
const limits = { perUser: 2, total: 5 };
/** More than a life can take, with all its patience. */
const longestRunMs = 1000 * 3_600_000;

/** What came of one run. */
export interface RunSummary {
  readonly packets: number;
  readonly sessions: number;
  readonly simulatedS: number;
}

/** A server, its clients, their peers and some strangers, all of whose lives follow from one seed. */
export class World {
  readonly #draw: Draw;
  readonly #network: VirtualNetwork;
  readonly #machine: TestMachine;
  readonly #server: SimulatedServer;
  readonly #witness = new Witness(limits);
  readonly #clients: SimulatedClient[];
  /** The client that the server sees at an address. */
  readonly #seen = new Map<TransportAddressKey, Client>();
  #lastPort = 1024;
  #packets = 0;

  constructor(seed: number) {
    const draw = new Draw(seed);
    this.#draw = draw;
    const faults: NetworkFaults = {
      lossPercent: draw.below(31),
      duplicatePercent: draw.below(20),
      longestDelayMs: draw.pick([5, 50, 400, 2500]),
    };
    this.#network = new VirtualNetwork(draw, faults, startMs);
    this.#machine = new TestMachine({
      seed,
      limits: { allocationsPerUser: limits.perUser, allocationsTotal: limits.total },
      options: { relayPorts: { first: 50_000, last: 50_011 } },
    });
    this.#server = new SimulatedServer(this.#machine, this.#network, this.#witness, draw);
    this.#network.attach(serverAddress, (bytes, from) => this.#arrive(bytes, from));
    for (const peer of peers) {
      this.#server.knowPeer(peer);
      this.#network.attach(peer, (bytes, from) => this.#network.sendDatagram(peer, from, bytes));
    }
    const subjects = ['ann', 'ann', 'ann', 'ben', 'ben', 'default/cy'];
    this.#clients = subjects.map((subject) => this.#client(subject));
    this.#disturb();
  }

  /** Lets all lives go by. Throws when something does not hold. */
  run(): RunSummary {
    while (!this.#isOver) this.#step();
    while (this.#network.nextMs !== Infinity) this.#step();
    const machine = this.#machine;
    machine.nowMs = this.#network.nowMs;
    for (let round = 0; round < 10 && machine.server.nextTimeoutMs !== Infinity; round++) machine.advance(3600);
    machine.assertEmpty();
    this.#witness.assertOver();
    const sessions = machine.events.filter(({ type }) => type === 'session-started').length;
    return { packets: this.#packets, sessions, simulatedS: (this.#network.nowMs - startMs) / 1000 };
  }

  get #isOver(): boolean {
    return this.#clients.every(({ isDone }) => isDone);
  }

  #step(): void {
    if (this.#server.nextMs <= this.#network.nextMs) {
      this.#network.nowMs = Math.max(this.#network.nowMs, this.#server.nextMs);
    } else {
      this.#network.step();
    }
    this.#server.tick();
    const isStuck = this.#network.nowMs - startMs > longestRunMs;
    assert(!isStuck, `no end: ${this.#clients.map(({ doing }) => doing).join('; ')}`);
  }

  #client(subject: string): SimulatedClient {
    const draw = this.#draw;
    const plan: LifePlan = {
      subject,
      peers,
      transport: draw.oneIn(4) ? 'tcp' : 'udp',
      speaks: draw.oneIn(2) ? 'rfc5389' : 'rfc8489',
      episodes: 1 + draw.below(3),
      newAddress: () => at('203.0.113.50', ++this.#lastPort),
      onMoved: (client) => void this.#seen.set(transportAddressKey(client.remote), client),
    };
    return new SimulatedClient(this.#server, this.#network, draw, plan);
  }

  #arrive(bytes: Uint8Array, from: TransportAddress): void {
    this.#packets++;
    const key = transportAddressKey(from);
    const client = this.#seen.get(key) ?? this.#machine.udpClient(from);
    this.#seen.set(key, client);
    // What is under way on a stream is lost with it.
    if (client.transport !== 'udp' && !this.#clients.some(({ identity }) => identity.client === client)) return;
    this.#server.receive(bytes, client);
  }

  /** Strangers ask, as if they were somebody else, and strange peers send to whatever relay there is. */
  #disturb(): void {
    if (this.#isOver) return;
    const draw = this.#draw;
    const victim = at('203.0.113.99', 1 + draw.below(3));
    const writer = new MessageWriter(
      draw.pick([Method.binding, Method.allocate, Method.refresh]),
      'request',
      draw.bytes(12),
    );
    requestedTransportUdp(writer);
    const bytes = draw.oneIn(4) ? draw.bytes(draw.below(60)) : writer.finish();
    this.#network.sendDatagram(victim, serverAddress, bytes);
    for (const { address } of this.#machine.plane.relays.values()) {
      this.#network.sendDatagram(draw.oneIn(2) ? strangePeer : draw.pick(peers), address, draw.bytes(20));
    }
    this.#network.after(5000 + draw.below(20_000), () => this.#disturb());
  }
}
